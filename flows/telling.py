"""Telling people of a run: what it was, in a message that makes sense on a phone.

Promises that a run ends as it ended, whether its message was taken or not; that a run which an
error ended is told as well; and that a run about which nobody wants to hear sends nothing.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from connectors.notify import CONDITIONS, Condition, Message, Tone, send
from flows.console import is_expected, warn
from flows.needs import Need, needs_of, plain
from flows.own_commands import completed
from flows.report_text import counted, listed
from flows.report_verdict import verdict
from flows.settings import Settings
from flows.summary import RunSummary
from flows.tallies import tallied
from state.archive import Archive
from state.errors import StateError
from state.run_details import Limits
from state.runs import RunRecord
from state.store import Store

# A message that is read on a phone; Discord takes 2,000 characters and no more.
_CHARACTERS = 1_800
# As many reasons as one reads there; the page has them all.
_NEEDS = 8
_NEED_CHARACTERS = 220
_NO_LINES = Limits(per_scope=0, changes=0, per_reason=0, reasons=0)
# A pipeline that did not run for so many runs of others recovers without a word.
_LOOKED_BACK = 50


@dataclass(frozen=True)
class Telling:
    """Around a run of these settings: hand it the summary, or let the error pass."""

    settings: Settings
    kind: str

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and "failed" in self.settings.notify.on:
            warn(self._send(message_of_error(self.kind, error)))

    def of(self, summary: RunSummary) -> RunSummary:
        """Tells of the run; the same summary, with what went wrong in that."""
        if not self.settings.notify.urls:
            return summary
        try:
            with Store.open_for_reading(self.settings.state) as store:
                message = message_of(summary, store, self.settings.notify.on)
        except StateError as error:
            return replace(summary, notices=(f"nobody was notified: {error}",))
        return replace(summary, notices=self._send(message)) if message else summary

    def _send(self, message: Message) -> tuple[str, ...]:
        """Sends it to every address; a sentence for each that did not take it."""
        return tuple(
            f"notify.urls[{number}] did not take the notification of this run; see whether the "
            "address is still right, and whether the service can be reached from here"
            for number, address in enumerate(self.settings.notify.urls)
            if not send(address, message)
        )


def message_of(summary: RunSummary, archive: Archive, on: Collection[Condition]) -> Message | None:
    """What is told of a run, if any of its conditions is one to tell of."""
    needs = needs_of(summary, archive)
    conditions = _conditions(summary, needs, archive)
    if not set(conditions) & set(on):
        return None
    said = listed(conditions) if needs or not summary.deaths else "done, but a run before it died"
    tone: Tone = "failure" if "failed" in conditions else "warning"
    return Message(
        f"unitsync {summary.kind}: {said}",
        _fitting([*_balance(summary, archive), *_needs(needs)], _where(summary)),
        "success" if "recovered" in conditions else tone,
    )


def message_of_error(kind: str, error: Exception) -> Message:
    """What is told of a run that an error ended. Of a bug, only its name: nobody knows what else
    its words hold."""
    said = str(error) if is_expected(error) else f"a bug in unitsync ({type(error).__name__})"
    body = f"The {kind} on {platform.node()} was ended by an error.\n{plain(said, _CHARACTERS)}"
    return Message(f"unitsync {kind}: failed", body, "failure")


def _conditions(
    summary: RunSummary, needs: Sequence[Need], archive: Archive
) -> tuple[Condition, ...]:
    met: set[Condition] = {need.condition for need in needs}
    if summary.deaths:
        met.add("failed")
    if not met and _was_unwell(summary, archive):
        met.add("recovered")
    return tuple(condition for condition in CONDITIONS if condition in met)


def _was_unwell(summary: RunSummary, archive: Archive) -> bool:
    """Whether a pipeline of the run was not well in the run of this kind that had it before."""
    earlier = [
        record
        for record in archive.runs(_LOOKED_BACK)
        if record["kind"] == summary.kind and record["run_id"] != summary.run_id
    ]
    return any(_status(each.pipeline, earlier) != "ok" for each in summary.pipelines)


def _status(pipeline: str, newest_first: Sequence[RunRecord]) -> str:
    for record in newest_first:
        if pipeline in record["pipelines"]:
            ended = (record["summary"] or {}).get("pipelines", [])
            return next((e["status"] for e in ended if e["pipeline"] == pipeline), record["status"])
    return "ok"


def _balance(summary: RunSummary, archive: Archive) -> Iterator[str]:
    """The verdict, then pipeline by pipeline what was done, then who died before."""
    details = [
        archive.run_details(summary.run_id, each.pipeline, _NO_LINES) for each in summary.pipelines
    ]
    told = verdict(summary, [tally for one in details for tally in one.tallies])
    yield f"{told.headline}. {told.detail}".rstrip()
    for each in summary.pipelines:
        counts = each.counts if each.standings is None else each.standings
        yield f"{each.pipeline}: {tallied(counts) or 'nothing'}"
    yield from (plain(f"{death[:1].upper()}{death[1:]}.") for death in summary.deaths)


def _needs(needs: Sequence[Need]) -> Iterator[str]:
    if needs:
        yield "What needs a person:"
    for need in needs[:_NEEDS]:
        of = f"{need.pipeline}: " if need.pipeline else ""
        yield f"- {of}{plain(need.what, _NEED_CHARACTERS)}\n  {completed(need.command)}"
    if len(needs) > _NEEDS:
        yield f"and {counted(len(needs) - _NEEDS, 'more reason')}: see the report"


def _where(summary: RunSummary) -> str:
    if summary.report is None:
        return f"No report could be written on {platform.node()}."
    return f"Report: {Path(summary.report).absolute()} on {platform.node()}"


def _fitting(lines: Sequence[str], last: str) -> str:
    """As many of the lines as fit in a message, and the last one."""
    left = _CHARACTERS - len(last)
    kept = []
    for line in lines:
        left -= len(line) + 1
        if left < len("…\n"):
            kept.append("…")
            break
        kept.append(line)
    return "\n".join([*kept, last])
