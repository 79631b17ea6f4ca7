"""What happens on the pages between two commands: in the export, at the vendor, to the disk."""

from __future__ import annotations

from collections.abc import Callable

from connectors.sandbox import DEMO_CREDENTIALS
from flows.commands.demo import bring
from tests.bench import HARBOR, MILL
from tests.docs.place import Place, last_run

Happening = Callable[[Place], None]
HAPPENINGS: dict[str, Happening] = {}


def happening(name: str) -> Callable[[Happening], Happening]:
    """Under which words a page knows it."""

    def keep(function: Happening) -> Happening:
        HAPPENINGS[name] = function
        return function

    return keep


@happening("the inventory moves on")
def _moves_on(place: Place) -> None:
    bring(2, place.folder)


@happening("a night is undone that changed more than the guardrails allow")
def _large_night(place: Place) -> None:
    place.run("unitsync sync --direct")
    place.edit("unitsync.yaml", "max_updates: 50%", "max_updates: 1%")
    place.edit("unitsync.yaml", "at_least: 20", "at_least: 1")
    place.words = {"RUN": last_run(place), "SCOPE": f"{HARBOR} {MILL}"}


@happening("the vendor refuses the key after two more requests")
def _revoked(place: Place) -> None:
    place.order(kind="status", vendor="storedge", skip=2, count=None, status=401)


@happening("the vendor accepts the key again")
def _accepted(place: Place) -> None:
    place.clear()
    place.run(f"export STOREDGE_SECRET_KEY={DEMO_CREDENTIALS.secret_key}")
