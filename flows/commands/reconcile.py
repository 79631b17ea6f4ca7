"""`unitsync reconcile`: source, known and live side by side, as a Prefect flow run or directly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.console import UsageError, answering, print_json
from flows.engine import reconcile_engine
from flows.linking import Wish
from flows.report_text import listed
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
    confirmed: dict[str, str] = {}
    for pair in pairs:
        key, _, remote_id = pair.rpartition("=")
        if not key or not remote_id:
            raise UsageError(f"--confirm {pair}: write KEY=ID, as the reconciliation suggested it")
        if confirmed.setdefault(key, remote_id) != remote_id:
            raise UsageError(f"--confirm names {confirmed[key]} and {remote_id} for unit {key}")
    ids = Counter(confirmed.values())
    for remote_id in (one for one, count in ids.items() if count > 1):
        keys = listed(key for key, one in confirmed.items() if one == remote_id)
        raise UsageError(f"--confirm gives {remote_id} to {keys}; a live unit is one unit's")
    return confirmed


def _share(text: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%", text.strip())
    share = float(found[1]) / 100 if found else 0.0
    if not 0 < share <= 1:
        raise UsageError(f"--sample {text}: write a share of more than 0% and at most 100%, as 10%")
    return share
