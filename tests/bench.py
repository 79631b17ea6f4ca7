"""The example inventories in a folder of their own, with both vendors on a clock that stands still.

Everything between the configuration file and the wire is real; only the wire is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from connectors.clock import FakeClock
from connectors.sandbox import DEMO_CREDENTIALS, FacilitySettings, demo_sandbox, mock_transport
from flows.commands.demo import bring
from flows.settings import Settings, load
from flows.summary import RunSummary
from flows.sync import Night, preview, sync
from flows.world import World
from state.store import Store

CREDENTIALS = {
    "STOREDGE_ACCESS_ID": DEMO_CREDENTIALS.access_id,
    "STOREDGE_SECRET_KEY": DEMO_CREDENTIALS.secret_key,
    "TRAVTUS_CLIENT_ID": DEMO_CREDENTIALS.client_id,
    "TRAVTUS_CLIENT_SECRET": DEMO_CREDENTIALS.client_secret,
}
HARBOR = "4c1f7a52-0d8e-4b6b-9a53-7f2e6d1c8b01"
MILL = "b7e90d14-52c3-4f0a-8c6e-13a5d9f4e202"
DAY_SECONDS = 86_400.0


class Bench:
    """A folder, a sandbox, and nights to live through."""

    def __init__(self, folder: Path, facility: FacilitySettings | None = None) -> None:
        self.folder = folder
        self.config = folder / "unitsync.yaml"
        self.environ: dict[str, str] = dict(CREDENTIALS)
        self.clock = FakeClock()
        self.sandbox = demo_sandbox(clock=self.clock, facility=facility)
        self.config.write_bytes((files("examples") / "unitsync.yaml").read_bytes())
        bring(1, folder)

    @property
    def world(self) -> World:
        """The sandbox for the network, and its clock."""
        transport = mock_transport(self.sandbox, advance=self.clock.sleep)
        return World(clock=self.clock, transport=transport)

    def settings(self, *pipelines: str) -> Settings:
        """The configuration as it is now."""
        return load(self.config, pipelines, self.environ)

    def bring(self, night: int) -> None:
        """The inventories of night 1 or 2."""
        bring(night, self.folder)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that a file really holds."""
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def night(self, *pipelines: str) -> RunSummary:
        """One nightly sync, and the day after it."""
        summary = sync(self.settings(*pipelines), self.world)
        self.clock.advance(DAY_SECONDS)
        return summary

    def plan(self, *pipelines: str) -> list[Night]:
        """What a sync would do now."""
        return preview(self.settings(*pipelines), self.world)

    def store(self) -> Store:
        """The state, to read."""
        return Store.open_for_reading(self.folder / "unitsync.db")

    def units(self, scope: str) -> Mapping[str, dict[str, Any]]:
        """What the vendor holds in a scope, by name; apartments by our reference."""
        rows = self.sandbox.units(scope)
        return {str(unit.get("name") or unit["external_ref"]): unit for unit in rows}
