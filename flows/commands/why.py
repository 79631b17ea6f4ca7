"""`unitsync why`: everything that ever happened to one unit, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.config_errors import did_you_mean
from flows.console import answering, err, print_json
from flows.exports import without_hashes
from flows.naming import run_named
from flows.settings import load_shared
from flows.show_history import show_history
from state.store import Store

# A script can tell "no such unit" from a usage error.
NOT_FOUND = 1


def run(config: Path, unit: str, *, as_of: str | None, as_json: bool) -> int:
    """Shows the history of the unit with this source key, name or id."""

    def work() -> int:
        settings = load_shared(config)
        with Store.open_for_reading(settings.state) as store:
            until = None if as_of is None else store.run(run_named(store, as_of))
            histories = store.history(unit, until["serial"] if until else None)
            names = [] if histories else store.unit_names()
        run_id = until["run_id"] if until else None
        if as_json:
            found = [without_hashes(asdict(history)) for history in histories]
            print_json({"unit": unit, "as_of": run_id, "histories": found})
        elif not histories:
            hint = did_you_mean(unit, names) or _where_names_are(names)
            told = f"no unit has the key, the name or the id {unit!r}, now or in any run; {hint}"
            err.print(told, markup=False, style="red", soft_wrap=True)
        for history in histories if not as_json else ():
            show_history(history, run_id, ZoneInfo(settings.schedule.timezone))
        return 0 if histories else NOT_FOUND

    return answering("why", as_json, work)


def _where_names_are(names: Sequence[str]) -> str:
    if not names:
        return "no unit is known yet, for no sync has sent one"
    return "keys and names are in the source and the report"
