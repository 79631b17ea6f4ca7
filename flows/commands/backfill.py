"""`unitsync backfill`: selected units, as a Prefect flow run or directly."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.backfill import KIND, Backfill, preview_backfill
from flows.commands.plan import show_nights
from flows.console import UsageError, answering, err, print_json
from flows.engine import backfill_engine, rehearse_backfill
from flows.forecast import summary_of_preview
from flows.report_text import counted
from flows.selection import Selection
from flows.settings import Settings, load
from flows.show import forecast_of, show_summary
from flows.summary import RunSummary
from flows.unit_file import names_in
from flows.watching import watching
from flows.world import World

# A facility has some 500 units: what changes more than that is no touch-up any more.
LARGE = 500


@dataclass(frozen=True)
class Asked:
    """The options that say who, as they were typed."""

    scopes: Sequence[str] = ()
    groups: Sequence[str] = ()
    units: Sequence[str] = ()
    unit_file: Path | None = None
    since: str | None = None
    until: str | None = None
    failed: bool = False
    rejected: bool = False
    from_run: str | None = None

    def selection(self) -> Selection:
        """What they mean; raises UsageError."""
        since, until = _day("--changed-since", self.since), _day("--changed-until", self.until)
        listed = names_in(self.unit_file) if self.unit_file else []
        return Selection(
            scopes=tuple(self.scopes),
            groups=tuple(self.groups),
            units=(*self.units, *listed),
            since=since,
            until=until,
            failed=self.failed,
            rejected=self.rejected,
            from_run=self.from_run,
        )


def run(
    config: Path,
    pipelines: Sequence[str],
    asked: Asked,
    *,
    resend: bool,
    as_sent: str | None,
    requests_per_second: float | None,
    dry_run: bool,
    yes: bool,
    direct: bool,
    as_json: bool,
) -> int:
    """Brings the selected units in step, or shows what that would be."""

    def work() -> int:
        wish = Backfill(asked.selection(), resend, _pace(requests_per_second), as_sent)
        if not pipelines and wish.selection == Selection() and as_sent is None:
            raise UsageError(
                "say who: pipelines, or --scope, --group, --unit, --unit-file, --changed-since, "
                "--changed-until, --only-failed, --only-rejected, --from-run, --as-sent. For all "
                "that changed there is `unitsync sync`"
            )
        if dry_run:
            return _rehearse(config, pipelines, wish, as_json)
        if not yes:
            _ask(load(config, pipelines), wish)
        engine = backfill_engine if direct else _flow
        summary = engine(config, pipelines, wish)
        if as_json:
            print_json(summary.document())
        show_summary(summary)
        return summary.exit_code

    return answering(KIND, as_json, work)


def _flow(config: Path, pipelines: Sequence[str], wish: Backfill) -> RunSummary:
    from flows.nightly import run_backfill_flow

    return run_backfill_flow(config, pipelines, wish)


def _rehearse(config: Path, pipelines: Sequence[str], wish: Backfill, as_json: bool) -> int:
    nights = rehearse_backfill(config, pipelines, wish)
    summary = summary_of_preview(nights)
    if as_json:
        print_json(summary.document())
    else:
        show_nights(nights, details=True)
    return summary.exit_code


def _ask(settings: Settings, wish: Backfill) -> None:
    """Says what it will cost, and asks before a large push; raises UsageError without a yes."""
    with watching() as watcher:
        previewed = preview_backfill(settings, World(), wish, watcher=watcher)
    nights = [night for night in previewed if night.failure is None]
    for night in nights:
        for notice in (*night.notices, forecast_of(night)):
            err.print(f"{night.job.name}: {notice}", markup=False, soft_wrap=True, style="dim")
    changes = sum(len(planned.plan.changes) for night in nights for planned in night.scopes)
    if changes <= LARGE:
        return
    large = f"{counted(changes, 'change')} are more than {LARGE}"
    if not on_terminal():
        raise UsageError(f"{large}, so nothing was sent; if they are meant, add --yes")
    if not _agreed(f"{large}. Send them? [y/N] "):
        raise UsageError("nothing was sent")


def _agreed(question: str) -> bool:
    """Only a yes is one."""
    try:
        return err.input(question, markup=False).strip().casefold() in ("y", "yes")
    except EOFError:
        return False


def on_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _day(option: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise UsageError(f"{option} {text}: write a day as 2026-01-31") from None


def _pace(requests_per_second: float | None) -> float | None:
    if requests_per_second is None or 0 < requests_per_second < math.inf:
        return requests_per_second
    raise UsageError(f"--requests-per-second {requests_per_second:g}: write a number above 0")
