"""The source kind `python`: whatever a function gives, and whatever goes wrong in it."""

from __future__ import annotations

import textwrap
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.errors import SourceUnreadable
from connectors.sources import python
from connectors.sources.python import PythonSource, extract
from tests.connectors.sources.whole import Whole, whole

Function = Callable[[str], str]


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """Writes a module beside the configuration; gives what to write as `call`."""

    def written(body: str) -> str:
        name = f"units_{uuid.uuid4().hex}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(body))
        return f"{name}:units"

    return written


def read(base: Path, call: str, **arguments: object) -> Whole:
    settings = {"kind": "python", "call": call, "arguments": arguments}
    return whole(extract(PythonSource.model_validate(settings), base))


def message(base: Path, call: str, **arguments: object) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        read(base, call, **arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_function_is_called_with_its_arguments(function: Function, tmp_path: Path) -> None:
    call = function(
        """
        def units(site, floors):
            return [{"site": site, "floor": floor, "id": n} for n, floor in enumerate(floors)]
        """
    )

    found = read(tmp_path, call, site="F1", floors=[1, 2])

    assert found.rows.to_dict("list") == {
        "site": ["F1", "F1"],
        "floor": ["1", "2"],
        "id": ["0", "1"],
    }
    assert "missing 1 required positional argument: 'floors'" in message(tmp_path, call, site="F1")


def test_values_become_the_text_of_a_file(function: Function, tmp_path: Path) -> None:
    call = function(
        """
        from datetime import date, datetime
        from decimal import Decimal

        units = [{
            "day": date(2026, 1, 2), "moment": datetime(2026, 1, 2, 3), "rate": Decimal("1.50"),
            "yes": True, "none": None, "nan": float("nan"), "list": [1, Decimal("2.5")],
            "address": {"city": "Ulm", "line": {"1": "Gasse"}},
        }]
        """
    )

    row = read(tmp_path, call).rows.iloc[0].dropna().to_dict()

    assert row == {
        "day": "2026-01-02",
        "moment": "2026-01-02T03:00:00",
        "rate": "1.50",
        "yes": "true",
        "list": '[1, "2.5"]',
        "address.city": "Ulm",
        "address.line.1": "Gasse",
    }


def test_a_frame_with_gaps_keeps_whole_numbers_whole(function: Function, tmp_path: Path) -> None:
    call = function(
        """
        import pandas as pd

        def units():
            moments = pd.to_datetime(["2026-01-02", None])
            return pd.DataFrame({"floor": [7, None], "since": moments, 5: ["a", "b"]})
        """
    )

    cells = read(tmp_path, call).rows.fillna("-").to_dict("list")

    assert cells == {"floor": ["7", "-"], "since": ["2026-01-02", "-"], "5": ["a", "b"]}


def test_an_iterable_of_frames_tables_and_records_is_one_source(
    function: Function, tmp_path: Path
) -> None:
    """As the pages of a dlt resource are."""
    call = function(
        """
        import pandas as pd
        import pyarrow as pa

        def units():
            yield {"id": 1}
            yield pa.table({"id": [2, 3]})
            yield [{"id": 4}, {"id": 5, "rate": "1.00"}]
            yield pd.DataFrame({"id": [6]})
            yield pa.record_batch({"id": [7]})
            yield {"id": 8}
        """
    )

    found = read(tmp_path, call)

    assert found.rows["id"].tolist() == list("12345678")
    assert found.rows.index.tolist() == list(range(1, 9))


def test_a_generator_is_read_in_chunks(
    function: Function, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has room for this one."""
    monkeypatch.setattr(python, "CHUNK_ROWS", 2)
    call = function(
        """
        import itertools

        def units():
            for number in itertools.count(1):
                yield {"id": number}
        """
    )

    each = extract(PythonSource(kind="python", call=call), tmp_path).each

    assert next(each).rows["id"].tolist() == ["1", "2"]
    assert next(each).rows["id"].tolist() == ["3", "4"]


def test_an_exception_is_one_sentence_with_its_place(function: Function, tmp_path: Path) -> None:
    call = function(
        """
        import json

        def units():
            return document("{")

        def document(text):
            return json.loads(text)
        """
    )
    module = call.partition(":")[0]

    said = message(tmp_path, call)

    assert said.startswith(f"{call} failed with JSONDecodeError: Expecting property name")
    assert said.endswith(f"({module}.py, line 8, in document)")


@pytest.mark.parametrize("end", ["raise KeyError('rate')", "raise SystemExit(3)", "1 / 0"])
def test_a_generator_that_breaks_off_is_no_shorter_extract(
    end: str, function: Function, tmp_path: Path
) -> None:
    call = function(
        f"""
        def units():
            yield {{"id": 1}}
            {end}
        """
    )

    assert "line 4, in units" in message(tmp_path, call)


def test_what_it_prints_does_not_get_into_the_output(
    function: Function, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = function(
        """
        print("imported")

        def units():
            print("called")
            yield {"id": 1}
            print("read on")
        """
    )
    read(tmp_path, call)

    assert capsys.readouterr() == ("", "imported\ncalled\nread on\n")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("None", "gave nothing where a data frame"),
        ("7", "gave a int where"),
        ("'units.csv'", "gave a str where"),
        ("['a']", "gave a str where"),
        ("[]", "gave no rows"),
        ("iter(())", "gave no rows"),
        ("__import__('pandas').DataFrame()", "gave no rows"),
    ],
)
def test_what_is_no_inventory_is_said(
    given: str, complaint: str, function: Function, tmp_path: Path
) -> None:
    assert complaint in message(tmp_path, function(f"def units():\n    return {given}"))


def test_a_module_that_is_not_there_names_a_near_one(function: Function, tmp_path: Path) -> None:
    call = function("units = []")
    (tmp_path / "my_inventory.py").write_text("")
    (tmp_path / "broken_inventory.py").write_text("import nothing_like_this")
    (tmp_path / "wrong_inventory.py").write_text("def units(:")

    assert "Did you mean “my_inventory”?" in message(tmp_path, "my_inventry:units")
    assert "has no “unit”. Did you mean “units”?" in message(tmp_path, call[:-1])
    assert "needs the module nothing_like_this" in message(tmp_path, "broken_inventory:units")
    assert "SyntaxError" in message(tmp_path, "wrong_inventory:units")
    assert "line 1)" in message(tmp_path, "wrong_inventory:units")
    assert "has no “units”" in message(tmp_path, "json:units")


@pytest.mark.parametrize("call", ["units", "units.py:read", ":read", "units:", "a b:c", "a:b()"])
def test_a_call_is_a_module_and_a_function(call: str) -> None:
    with pytest.raises(ValidationError, match="call"):
        PythonSource(kind="python", call=call)
