"""`unitsync reconcile`: source, known and live side by side, as a Prefect flow run or directly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.console import UsageError, answering, print_json
from flows.engine import reconcile_engine
from flows.reconcile import Wish
from flows.settings import load
from flows.show import show_summary
from flows.summary import RunSummary


def run(
    config: Path,
    pipelines: Sequence[str],
    *,
    adopt: bool,
    confirm: Sequence[str],
    sample: str,
    direct: bool,
    as_json: bool,
) -> int:
    """Compares the pipelines, and says where everything stands."""

    def work() -> int:
        wish = Wish(adopt, _confirmed(confirm), _share(sample))
        engine = reconcile_engine if direct else _flow
        summary = engine(config, pipelines, wish)
        if as_json:
            print_json(summary.document())
        show_summary(summary)
        return summary.exit_code

    return answering("reconcile", as_json, work)


def _flow(config: Path, pipelines: Sequence[str], wish: Wish) -> RunSummary:
    load(config, pipelines)  # a wrong configuration needs no flow run to be told
    from flows.nightly import run_reconcile_flow

    return run_reconcile_flow(config, pipelines, wish)


def _confirmed(pairs: Sequence[str]) -> Mapping[str, str]:
    """`KEY=ID`, each; a key may hold an equals sign, an id does not."""
    split = [pair.rpartition("=") for pair in pairs]
    wrong = [pair for pair, (key, _, remote_id) in zip(pairs, split, strict=True) if not key]
    if wrong:
        raise UsageError(f"--confirm {wrong[0]}: write KEY=ID, as the reconciliation suggested it")
    return {key: remote_id for key, _, remote_id in split}


def _share(text: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%", text.strip())
    share = float(found[1]) / 100 if found else 0.0
    if not 0 < share <= 1:
        raise UsageError(f"--sample {text}: write a share of more than 0% and at most 100%, as 10%")
    return share
