"""A small table of what texts mean, in a file of its own: names of unit types, and their ids.

It is a CSV or any other file that a source can be, of two columns: the text as the source has it,
and the value that the API wants. It is read anew for every run, and stands where `values` would.
"""

from __future__ import annotations

from pathlib import Path

from connectors.errors import SourceUnreadable
from connectors.sources.extract import read_whole
from connectors.sources.file import FileSource, extract
from transforms.mapping import FieldSpec, Mapping


class LookupUnreadable(SourceUnreadable):
    """The table of a lookup cannot be used; `setting` is the one of the mapping that names it."""

    def __init__(self, message: str, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


def looked_up(mapping: Mapping, base: Path) -> Mapping:
    """The mapping with `values` for every `lookup`; raises LookupUnreadable."""
    fields = {
        name: _with_values(spec, f"fields.{name}", base) for name, spec in mapping.fields.items()
    }
    scope = _with_values(mapping.scope, "scope", base)
    return mapping.model_copy(update={"fields": fields, "scope": scope})


def _with_values(spec: FieldSpec, setting: str, base: Path) -> FieldSpec:
    if spec.lookup is None:
        return spec
    try:
        values = _table(spec.lookup, base)
    except SourceUnreadable as error:
        raise LookupUnreadable(str(error), f"{setting}.lookup") from error
    return spec.model_copy(update={"values": values, "lookup": None})


def _table(path: str, base: Path) -> dict[str, str]:
    chunks = extract(FileSource(kind="file", path=path), base)
    whole = read_whole(chunks)
    for bad in whole.malformed:
        raise SourceUnreadable(f"{chunks.origin}, row {bad.row}: {bad.message}.")
    rows = whole.rows.fillna("")
    if len(rows.columns) != 2:
        raise SourceUnreadable(
            f"{chunks.origin} has {len(rows.columns)} columns; a lookup has two: the text in the "
            "source, and what it means."
        )
    texts, values = (rows.iloc[:, place].str.strip() for place in (0, 1))
    again, empty = texts[texts.duplicated()], values[values == ""]
    if len(again):
        raise SourceUnreadable(
            f"{chunks.origin} has “{again.iloc[0]}” twice, the second time in row {again.index[0]}."
        )
    if len(empty):
        raise SourceUnreadable(f"{chunks.origin} has no value in row {empty.index[0]}.")
    return dict(zip(texts.tolist(), values.tolist(), strict=True))
