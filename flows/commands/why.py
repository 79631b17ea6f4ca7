"""`unitsync why`: everything that ever happened to one unit, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

from flows.config_errors import did_you_mean, listed
from flows.console import answering, err, print_json
from flows.naming import run_named
from flows.settings import load_shared
from flows.show_history import show_history, show_several
from state.history import UnitHistory
from state.store import Store
from transforms.secrets import blanked

# A script can tell "no such unit" from a usage error.
NOT_FOUND = 1


def run(
    config: Path, unit: str, *, scope: str | None = None, as_of: str | None = None, as_json: bool
) -> int:
    """Shows the history of the unit with this source key, name or id, in this scope if one is
    named. Where several units are called so, a person may choose, and a script gets them all."""

    def work() -> int:
        settings = load_shared(config)
        with Store.open_for_reading(settings.state) as store:
            until = None if as_of is None else store.run(run_named(store, as_of))
            found = store.history(unit, until["serial"] if until else None)
            names = [] if found else store.unit_names()
        run_id = until["run_id"] if until else None
        histories = [history for history in found if scope in (None, history.scope)]
        if as_json:
            document = [blanked(asdict(history)) for history in histories]
            print_json({"unit": unit, "as_of": run_id, "histories": document})
        elif not histories:
            told = _elsewhere(unit, found) if found else _nobody(unit, names)
            err.print(told, markup=False, style="red", soft_wrap=True)
        elif len(_units(histories)) > 1:
            show_several(unit, histories, run_id)
        else:
            for history in histories:
                show_history(history, run_id, ZoneInfo(settings.schedule.timezone))
        return 0 if histories else NOT_FOUND

    return answering("why", as_json, work)


def _units(histories: Sequence[UnitHistory]) -> list[UnitHistory]:
    """One history of each unit. Where a key stands in one scope at most, it is one unit that moved;
    where it stands in several, each is a unit of its own."""
    standing = [one for one in histories if one.standing]
    stays = {(one.pipeline, one.key) for one in standing}
    moved = {(one.pipeline, one.key or one.remote_id): one for one in histories}
    return standing + [one for place, one in moved.items() if place not in stays]


def _nobody(unit: str, names: Sequence[str]) -> str:
    hint = did_you_mean(unit, names) or _where_names_are(names)
    return f"no unit has the key, the name or the id {unit!r}, now or in any run; {hint}"


def _elsewhere(unit: str, found: Sequence[UnitHistory]) -> str:
    scopes = sorted({history.scope for history in found})
    return f"no unit {unit!r} was ever in that scope; name {listed(scopes)}"


def _where_names_are(names: Sequence[str]) -> str:
    if not names:
        return "no unit is known yet, for no sync has sent one; `unitsync plan` shows the first"
    return "keys and names are in the source and the report"
