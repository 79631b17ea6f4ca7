"""`unitsync state`: backup, restore, verify."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.clock import SystemClock
from flows.console import answering, err, out
from flows.settings import load_shared
from state.backup import backup as back_up
from state.backup import restore as put_back
from state.lock import RunLock
from state.verify import verify as findings_of


def backup(config: Path) -> int:
    """Takes a backup, checks it, and says where it is."""

    def work() -> int:
        state = load_shared(config).state
        with RunLock(state, "unitsync state backup", now=_now()):
            out.print(str(back_up(state, now=_now())), markup=False, soft_wrap=True)
        return 0

    return answering("backup", False, work)


def restore(config: Path, source: Path) -> int:
    """Puts a backup in the place of the state, which is kept beside it."""

    def work() -> int:
        state = load_shared(config).state
        with RunLock(state, "unitsync state restore", now=_now()):
            replaced = put_back(source, state, now=_now())
        kept = f"; what was there is kept as {replaced}" if replaced else ""
        out.print(f"{state} is {source} again{kept}.", markup=False, soft_wrap=True)
        out.print("The next run reads every scope before it plans.")
        return 0

    return answering("restore", False, work)


def verify(config: Path) -> int:
    """Checks the file and every row of it; exits with 1 when something is wrong."""

    def work() -> int:
        state = load_shared(config).state
        findings = findings_of(state)
        for finding in findings:
            err.print(f"{finding.check}: {finding.message}", markup=False, soft_wrap=True)
        if findings:
            err.print("`unitsync state restore FILE` puts a backup back; the last are in backups/.")
        else:
            out.print(f"{state}: every row is as it was written.", markup=False, soft_wrap=True)
        return 1 if findings else 0

    return answering("verify", False, work)


def _now() -> datetime:
    return SystemClock().now().astimezone(UTC)
