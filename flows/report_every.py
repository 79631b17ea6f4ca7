"""Every change of a run as data for the page's own table, where it is searched and sorted.

Promises that none is left out, that nothing in a name can end the data or act in the page, and that
a lock code is never in it, nor its hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from flows.report_change import fields_of
from flows.report_text import shown, visible
from flows.report_verdict import outcome_of
from flows.summary import RunSummary
from state.archive import Archive
from state.run_details import ChangeLine

# A page that is searched needs the beginning of a name, not its ten thousand characters.
_MOST = 500


def every_change(summary: RunSummary, store: Archive) -> Iterator[str]:
    """A JSON list of lists, in pieces: row, scope, name, key, entity, group, action, outcome, what
    changed, and the API's words."""
    between = "["
    for pipeline in summary.pipelines:
        with store.every_change(summary.run_id, pipeline.pipeline) as lines:
            for line in lines:
                yield between + _json(line)
                between = ",\n"
    yield "[]" if between == "[" else "]"


def _json(line: ChangeLine) -> str:
    texts = (line.scope, line.name, line.key, line.entity, line.group or "", line.action)
    cut = [visible(text)[:_MOST] for text in texts]
    told = [outcome_of(line.outcome), _told(line)[:_MOST], visible(line.words)[:_MOST]]
    # `<` would end the block, or begin a comment in it.
    return json.dumps([line.row, *cut, *told], ensure_ascii=False).replace("<", "\\u003c")


def _told(line: ChangeLine) -> str:
    """`standard_rate 50 → 55 · floor 2`."""
    fields, more = fields_of(line)
    told = [
        f"{one.name} {shown(one.before)} → {shown(one.after)}"
        if one.had_before
        else f"{one.name} {shown(one.after)}"
        for one in fields
    ]
    return " · ".join(told) + (f" · {more} more" if more else "")
