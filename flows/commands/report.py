"""`unitsync report`: the report of a run again, or all of it as tables, from the state alone."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from flows.console import ReportUnwritable, UsageError, answering, err, out
from flows.exports import EXPORTS
from flows.naming import RunUnknown, run_named
from flows.report import render, report_name
from flows.settings import load_shared
from flows.summary import RunSummary
from state.disk import LOCAL_DISK
from state.store import Store

FORMATS = ("html", *EXPORTS)


def run(config: Path, named: str, *, kind: str, to: Path | None, show: bool) -> int:
    """Writes the report of the run in the format, and says where."""

    def work() -> int:
        if kind not in FORMATS:
            raise UsageError(f"--format {kind}: write one of {', '.join(FORMATS)}")
        settings = load_shared(config)
        with Store.open_for_reading(settings.state) as store:
            summary = _summary(store, named)
            path = to or settings.reports / report_name(summary, _suffix(kind))
            _write_private(summary, store, kind, path)
        out.print(str(path), markup=False, soft_wrap=True)
        if show and not webbrowser.open(path.absolute().as_uri()):
            err.print("no browser could be opened", style="yellow")
        return 0

    return answering("report", as_json=False, work=work)


def _summary(store: Store, named: str) -> RunSummary:
    run_id = run_named(store, named)
    record = store.run(run_id)
    summary = None if record is None else RunSummary.of(record)
    if summary is None:
        raise RunUnknown(
            f"run {run_id} never came to its end, so it has no report; the run after it says what "
            "became of its work, and `unitsync why UNIT` of any unit"
        )
    return summary


def _suffix(kind: str) -> str:
    return "html" if kind == "html" else EXPORTS[kind][0]


def _write_private(summary: RunSummary, store: Store, kind: str, path: Path) -> None:
    try:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        _write(summary, store, kind, path)
    except OSError as error:
        raise ReportUnwritable(
            f"the report cannot be written to {path}: {error.strerror}; name another file with "
            "--out"
        ) from None


def _write(summary: RunSummary, store: Store, kind: str, path: Path) -> None:
    if kind == "html":
        LOCAL_DISK.write_whole(path, render(summary, store))
        return
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.touch(0o600)
        with store.tables(summary.run_id) as tables:
            EXPORTS[kind][1](summary, tables, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
