"""Everything that a run did or found as data for the page's own table, where it is searched and
sorted: every change, every rejected row, and every unit that a reconciliation found out of step.

Promises that none is left out, that nothing in a name can end the data or act in the page, and that
a lock code is never in it, nor its hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flows.report_change import fields_of
from flows.report_text import shown, visible
from flows.report_verdict import outcome_of
from flows.summary import RunSummary
from state.archive import Archive
from state.run_details import ChangeLine, RejectionLine
from transforms.standing import FieldStanding, Standing

# A page that is searched needs the beginning of a name, not its ten thousand characters.
_MOST = 500


class Line(NamedTuple):
    """One line of the table, as the page's script takes it apart."""

    row: int | None
    scope: str
    name: str
    key: str
    entity: str
    group: str
    action: str
    outcome: str
    told: str
    words: str

    def json(self) -> str:
        """`<` would end the block, or begin a comment in it."""
        row, *texts = self
        cut = [visible(text)[:_MOST] for text in texts]
        return json.dumps([row, *cut], ensure_ascii=False).replace("<", "\\u003c")


def every_line(summary: RunSummary, store: Archive) -> Iterator[str]:
    """A JSON list of lines, in pieces."""
    between = "["
    for line in _lines(summary, store):
        yield between + line.json()
        between = ",\n"
    yield "[]" if between == "[" else "]"


def _lines(summary: RunSummary, store: Archive) -> Iterator[Line]:
    for pipeline in summary.pipelines:
        with store.every_change(summary.run_id, pipeline.pipeline) as changes:
            yield from map(_changed, changes)
        yield from map(_stands, store.standings(summary.run_id, pipeline.pipeline))
        with store.every_rejection(summary.run_id, pipeline.pipeline) as rejections:
            yield from map(_rejected, rejections)


def _changed(line: ChangeLine) -> Line:
    """`standard_rate 50 → 55 · floor 2`."""
    fields, more = fields_of(line)
    told = [
        f"{one.name} {shown(one.before)} → {shown(one.after)}"
        if one.had_before
        else f"{one.name} {shown(one.after)}"
        for one in fields
    ]
    return Line(
        line.row,
        line.scope,
        line.name,
        line.key,
        line.entity,
        line.group or "",
        line.action,
        outcome_of(line.outcome),
        " · ".join(told) + (f" · {more} more" if more else ""),
        line.words,
    )


def _stands(one: Standing) -> Line:
    return Line(
        one.row,
        one.scope,
        one.name or one.key or "",
        one.key or "",
        one.entity,
        "",
        "",
        one.standing,
        _sides(one.fields),
        one.words if one.key else f"{one.words} (id {one.remote_id})".strip(),
    )


def _sides(fields: Mapping[str, FieldStanding]) -> str:
    """`standard_rate source 50, known 50, live 77`."""
    return " · ".join(
        f"{name} source {shown(one.source)}, known {shown(one.known)}, live {shown(one.live)}"
        for name, one in fields.items()
    )


def _rejected(line: RejectionLine) -> Line:
    key = line.key or ""
    value = f"{line.field or line.rule} {shown(line.value)}"
    return Line(
        line.row, line.scope or "", key, key, "row", "", "reject", "rejected", value, line.message
    )
