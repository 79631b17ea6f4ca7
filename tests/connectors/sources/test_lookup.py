"""A table of texts and their meanings, in a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import SourceUnreadable
from connectors.sources.lookup import LookupUnreadable, looked_up
from transforms.mapping import Mapping


def mapping(lookup: str | None = "types.csv") -> Mapping:
    kind = {"column": "type"} if lookup is None else {"column": "type", "lookup": lookup}
    fields = {"unit_type": kind, "name": "name"}
    return Mapping.model_validate({"scope": "site", "key": "id", "fields": fields})


def test_a_table_stands_where_values_would(tmp_path: Path) -> None:
    (tmp_path / "types.csv").write_text("name,id\nDrive-Up, f768 \nIndoor,0012\n")

    found = looked_up(mapping(), tmp_path)

    assert found.fields["unit_type"].values == {"Drive-Up": "f768", "Indoor": "0012"}
    assert found.fields["name"] == mapping().fields["name"]
    assert looked_up(mapping(None), tmp_path) == mapping(None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name,id\nA,1\nA,2\n", "has “A” twice, the second time in row 3"),
        ("name,id\nA,1\nB,\n", "has no value in row 3"),
        ("name,id,more\nA,1,2\n", "has 3 columns; a lookup has two"),
        ("name,id\nA,1\nB\n", "row 3: the record has 1 cells"),
        ("name,id\n", "has no records"),
        ("", "is empty"),
    ],
)
def test_a_table_that_is_not_clear_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "types.csv").write_text(text)

    with pytest.raises(SourceUnreadable, match=complaint):
        looked_up(mapping(), tmp_path)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "types.csv").write_text("name,id\nA,1\n")

    with pytest.raises(LookupUnreadable, match=r"Did you mean “types\.csv”") as refusal:
        looked_up(mapping("type.csv"), tmp_path)

    assert refusal.value.setting == "fields.unit_type.lookup"
