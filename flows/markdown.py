"""A run in Markdown, for Prefect's pages.

Promises that what comes from outside (names, words, paths) is text there and nothing else: no link,
no picture, no emphasis, on one line and cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from flows.needs import Need, plain
from flows.report_text import SENTENCE_CHARACTERS
from flows.show import field_changes
from flows.summary import COUNTS, RunSummary
from flows.sync import Night
from flows.tallies import tallied

# A dot, a colon and an ampersand, too: without them nothing becomes a link, or another character.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()#+!|~&:.])")
# As many as a person reads there; the table has all of them.
_NEEDS = 20
_CHANGES = 500


def escaped(text: str, most: int = SENTENCE_CHARACTERS) -> str:
    """The text as Markdown that says just that."""
    return _ACTIVE.sub(r"\\\1", plain(text, most))


def markdown(summary: RunSummary, needs: Sequence[Need]) -> str:
    """The balance of a run, and what needs a person after it."""
    return "\n".join(_lines(summary, needs))


def needs_table(needs: Sequence[Need]) -> list[dict[str, str | int]]:
    """What needs a person, as the rows of a table whose cells are Markdown."""
    return [
        {
            "condition": need.condition,
            "pipeline": escaped(need.pipeline),
            "count": need.count,
            "what": escaped(need.what),
            "next": escaped(need.command),
        }
        for need in needs
    ]


def changes_table(nights: Sequence[Night]) -> list[dict[str, str]]:
    """The changes of plans, as many as a page still shows, as the rows of such a table."""
    changes = (
        (night.job.name, change)
        for night in nights
        for planned in night.scopes
        for change in planned.plan.changes
    )
    return [
        {
            "pipeline": escaped(pipeline),
            "scope": escaped(change.scope),
            "change": f"{change.action} {change.entity}",
            "name": escaped(change.name),
            "fields": escaped(", ".join(field_changes(change))),
            "held": escaped(change.held or ""),
        }
        for pipeline, change in islice(changes, _CHANGES)
    ]


def _lines(summary: RunSummary, needs: Sequence[Need]) -> Iterator[str]:
    run = f"run `{summary.run_id}`" if summary.run_id else "a forecast: nothing was sent"
    yield f"**{summary.status}** · {run}"
    yield ""
    yield "| pipeline | status | " + " | ".join(COUNTS) + " |"
    yield "|---|---|" + "---:|" * len(COUNTS)
    for pipeline in summary.pipelines:
        numbers = " | ".join(str(pipeline.counts[name]) for name in COUNTS)
        yield f"| {escaped(pipeline.pipeline)} | {pipeline.status} | {numbers} |"
    yield ""
    for pipeline in summary.pipelines:
        name = escaped(pipeline.pipeline)
        found = (
            tallied({standing: count}) for standing, count in (pipeline.standings or {}).items()
        )
        yield from (f"- {name}: {one}" for one in found)
        yield from (f"- {name}: {escaped(notice)}" for notice in pipeline.notices)
    for told in (*summary.deaths, *summary.notices):
        yield f"- {escaped(told)}"
    yield from _needs(needs)
    if summary.report:
        yield ""
        yield f"Report: {escaped(summary.report)}"


def _needs(needs: Sequence[Need]) -> Iterator[str]:
    if needs:
        yield ""
        yield "**What needs a person:**"
        yield ""
    for need in needs[:_NEEDS]:
        of = f"{escaped(need.pipeline)}: " if need.pipeline else ""
        yield f"- {of}{escaped(need.what)} → {escaped(need.command)}"
    if len(needs) > _NEEDS:
        yield f"- and {len(needs) - _NEEDS} more"
