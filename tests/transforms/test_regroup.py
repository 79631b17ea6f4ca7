"""A group whose key changes under its name stays the group that it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transforms.inventory import facility, unit
from transforms.plan import KnownGroup
from transforms.regroup import called_anew


def known(**names: str) -> list[KnownGroup]:
    return [KnownGroup(key, f"id of {key}", name, {"name": name}) for key, name in names.items()]


def row(number: int, group: str, name: str):
    return unit(f"A{number}", _group=group, _group_name=name)


@pytest.mark.parametrize("name", ["Large", "LARGE", " large "])
def test_a_new_key_under_the_known_name_is_the_known_group(name) -> None:
    scope = facility([row(1, "new", name), row(2, "other", "Small")])

    assert called_anew(scope, known(old="Large", other="Small")) == {"old": "new"}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(1, "new", "Larger")], id="another name is another group"),
        pytest.param([row(1, "old", "Large")], id="the same key"),
        pytest.param(
            [row(1, "new", "Large"), row(2, "old", "Small")], id="the old key is still in use"
        ),
        pytest.param([row(1, "third", "Large")], id="the new key is known already"),
    ],
)
def test_any_other_group_stays_what_it_is(rows) -> None:
    assert called_anew(facility(rows), known(old="Large", third="Third")) == {}


def test_nothing_is_learnt_from_a_selected_part() -> None:
    scope = replace(facility([row(1, "new", "Large")]), part=True)

    assert called_anew(scope, known(old="Large")) == {}
