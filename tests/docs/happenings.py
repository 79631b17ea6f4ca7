"""What happens on the pages between two commands: in the export, at the vendor, to the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from connectors.sandbox import DEMO_CREDENTIALS
from flows.commands.demo import bring
from tests.bench import HARBOR
from tests.docs.pages import ROOT
from tests.docs.place import Place, last_run

Happening = Callable[[Place], None]
HAPPENINGS: dict[str, Happening] = {}


def happening(name: str) -> Callable[[Happening], Happening]:
    """Under which words a page knows it."""

    def keep(function: Happening) -> Happening:
        HAPPENINGS[name] = function
        return function

    return keep


def raise_rates(place: Place, units: int = 6) -> None:
    """Some units of a facility cost a little more."""
    export = place.folder / "storage_units.csv"
    head, *rows = export.read_text("utf-8").splitlines()
    rate = head.split(",").index("dcStdRate")
    plain = [row for row in rows if row.split(",")[rate].replace(".", "").isdecimal()]
    raised = {row: _raised(row.split(","), rate) for row in plain[:units]}
    lines = [head, *(raised.get(row, row) for row in rows)]
    export.write_text("\n".join(lines) + "\n", "utf-8")


def _raised(cells: list[str], rate: int) -> str:
    cells[rate] = f"{float(cells[rate]) + 1:.2f}"
    return ",".join(cells)


@happening("the inventory moves on")
def _moves_on(place: Place) -> None:
    bring(2, place.folder)


@happening("a night takes a wrong export")
def _wrong_export(place: Place) -> None:
    raise_rates(place)
    place.run("unitsync sync --direct")


@happening("a night takes a wrong export, and the guardrails are narrow")
def _narrow(place: Place) -> None:
    _wrong_export(place)
    place.edit("unitsync.yaml", "max_updates: 50%", "max_updates: 1%")
    place.edit("unitsync.yaml", "at_least: 20", "at_least: 1")
    place.words = {"RUN": last_run(place), "SCOPE": HARBOR}


@happening("six rates change, and the guardrails are narrow")
def _six_rates(place: Place) -> None:
    raise_rates(place)
    place.edit("unitsync.yaml", "max_updates: 50%", "max_updates: 1%")
    place.edit("unitsync.yaml", "at_least: 20", "at_least: 1")


@happening("some rates change")
def _some_rates(place: Place) -> None:
    raise_rates(place)


@happening("somebody at the vendor changes a rate")
def _by_hand(place: Place) -> None:
    place.change_live_rate()


@happening("rates are set back")
def _set_back(place: Place) -> None:
    drift = "    drift: {standard_rate: overwrite}\n"
    place.edit("unitsync.yaml", "    missing: report", f"{drift}    missing: report")


@happening("the state is lost")
def _lost(place: Place) -> None:
    (place.folder / "unitsync.db").unlink()


@happening("the state and its backups are lost")
def _all_lost(place: Place) -> None:
    _lost(place)
    shutil.rmtree(place.folder / "backups")


@happening("a night later, a disk damages the state")
def _damaged(place: Place) -> None:
    raise_rates(place)
    place.run("unitsync sync --direct")
    with (place.folder / "unitsync.db").open("r+b") as state:
        state.seek(40_960)
        state.write(bytes(40_960))


@happening("the vendor gives out a key")
def _accepted(place: Place) -> None:
    place.clear()
    place.run(f"export STOREDGE_SECRET_KEY={DEMO_CREDENTIALS.secret_key}")


@happening("the vendor refuses the key after one more request")
def _revoked(place: Place) -> None:
    place.order(kind="status", vendor="storedge", skip=1, count=None, status=401)


@happening("a night is killed while a request is on its way")
def _killed(place: Place) -> None:
    raise_rates(place)
    place.order(kind="delay", vendor="storedge", seconds=60)
    before = place.requests()
    night = subprocess.Popen(
        [sys.executable, "-m", "flows", "sync", "--direct"],
        cwd=place.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while place.requests() == before and night.poll() is None:
        time.sleep(0.05)
    night.kill()
    night.wait()
    place.clear()
