"""`unitsync sync`: the nightly run, as a Prefect flow run or directly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.console import answering, print_json
from flows.engine import run_engine
from flows.settings import load
from flows.show import show_summary
from flows.summary import RunSummary


def run(
    config: Path, pipelines: Sequence[str], plan: Path | None, *, direct: bool, as_json: bool
) -> int:
    """Syncs the pipelines, or applies the saved plan."""

    def work() -> int:
        summary = run_engine(config, pipelines, plan) if direct else _flow(config, pipelines, plan)
        if as_json:
            print_json(summary.document())
        show_summary(summary)
        return summary.exit_code

    return answering("sync", as_json, work)


def _flow(config: Path, pipelines: Sequence[str], plan: Path | None) -> RunSummary:
    load(config, pipelines)  # a wrong configuration needs no flow run to be told
    from flows.nightly import run_flow

    return run_flow(config, pipelines, plan)
