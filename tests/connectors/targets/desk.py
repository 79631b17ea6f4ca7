"""One facility, or one community, on a desk: a tiny planner, a push, and the sandbox behind it."""

from __future__ import annotations

import itertools
import random
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.clock import FakeClock
from connectors.errors import ApiError
from connectors.outside import Outside
from connectors.retry import RetryBudget
from connectors.sandbox import (
    DEMO_CREDENTIALS,
    FacilitySettings,
    Fault,
    IdSource,
    Sandbox,
    StoredgeHabits,
    StoredgeVendor,
    TravtusVendor,
)
from connectors.targets.settings import StoredgeSettings, TravtusSettings
from connectors.targets.target import Target, connect
from connectors.targets.work import Member, ScopeWork
from transforms.diff import GROUP_FIELD
from transforms.plan import Change, KnownGroup, KnownUnit, Payload, Result
from transforms.settle import Identities, settle
from transforms.storedge import MEMOISED

from .book import Book
from .wire import Wire

FACILITY = "c34f098b-c628-4859-8b22-f2077ab3a1cc"
COMMUNITY = "COMM-001"
HOST = "http://127.0.0.1:1"
UNIT_TYPE = "f7687db9-654a-4018-8d27-bd0f3bfd25a0"
TAX = "b8e13a42-3804-4ede-a763-3b83b3901536"


def unit(name: str, group: str | None = None, **fields: Any) -> dict[str, Any]:
    """A unit as the source wants it; `group` is the key of its group."""
    return {
        "name": name,
        "width": 10,
        "length": 10,
        "height": 8,
        "door_width": 8,
        "door_height": 7,
        "door_type": "roll_up",
        "access_type": "indoor",
        "standard_rate": 100,
        "walk_thru_order": 1,
        "unit_type": UNIT_TYPE,
        GROUP_FIELD: group,
        **fields,
    }


def apartment(number: int, **fields: Any) -> dict[str, Any]:
    """An apartment as the source wants it."""
    return {
        "external_ref": f"ref-{number}",
        "unit_number": str(number),
        "sqft": 700,
        "address.address_line_1": "1 Main Street",
        "address.address_line_2": f"Unit {number}",
        **fields,
    }


@dataclass(frozen=True)
class Pushed:
    """What one push did."""

    outcomes: Mapping[tuple[str, str], Result]
    error: ApiError | None
    requests: list[dict[str, Any]]
    attempts: list[str]

    @property
    def endpoints(self) -> list[str]:
        return [row["endpoint"] for row in self.requests]

    @property
    def writes(self) -> list[str]:
        return [
            name for name in self.endpoints if not name.startswith("GET") and "find" not in name
        ]

    @property
    def reads(self) -> Counter[str]:
        return Counter(n for n in self.endpoints if n.startswith("GET") or "find" in n)

    def bodies(self, endpoint: str) -> list[Any]:
        return [row["body"] for row in self.requests if row["endpoint"] == endpoint]

    def of(self, key: str, entity: str = "unit") -> tuple[str | None, str]:
        result = self.outcomes[entity, key]
        return result.outcome, result.words

    def ends(self) -> dict[str, int]:
        return dict(Counter(result.outcome for result in self.outcomes.values()))


class Desk:
    """A target with its sandbox, and a journal that lives as long as the desk."""

    scope = FACILITY

    def __init__(self, vendor, target_of, clock: FakeClock) -> None:
        self.clock = clock
        self.sandbox = Sandbox([vendor], clock=clock)
        self.book = Book()
        self.stop = threading.Event()
        self.changes: list[Change] = []
        self._target_of = target_of
        self._seeds = itertools.count()
        self.renew()

    def renew(self, **settings: Any) -> None:
        """A new run: another client, with a wire that is whole."""
        self.wire = Wire(self.sandbox, self.clock)
        self.budget = RetryBudget()
        outside = Outside(
            self.clock, random.Random(next(self._seeds)), self.wire, self.stop, self.budget
        )
        self.target: Target = connect(self._target_of(**settings), outside)

    def fault(self, kind: str, endpoint: str, **details: Any) -> None:
        self.sandbox.order_fault(Fault(kind=kind, endpoint=endpoint, **details))

    def push(self, changes: list[Change], secrets: Mapping[str, Payload] | None = None) -> Pushed:
        book = self.book
        self.changes = changes
        book.plan(changes)
        members = {k: Member(u.remote_id, u.name, u.group) for k, u in book.units.items()}
        work = ScopeWork(self.scope, tuple(changes), members, dict(book.groups), secrets or {})
        self.sandbox.forget_requests()
        tried = len(self.wire.attempts)
        push, error = self.target.push(work, book)
        self._check(changes, push.outcomes)
        rows = [r for r in self.sandbox.requests() if "oauth2" not in r["path"]]
        return Pushed(push.outcomes, error, rows, self.wire.attempts[tried:])

    def recover(self) -> None:
        """What a night does first after one that left something open (`flows.planning`)."""
        book, live = self.book, self.target.read(self.scope)
        ids = Identities(
            {key: one.remote_id for key, one in book.units.items()},
            {key: one.remote_id for key, one in book.groups.items()},
        )
        doubtful = [c for c in self.changes if book.states[c.identity] in ("sent", "unknown")]
        book.close(doubtful, settle(doubtful, live, ids, self.target.schema))

    def _check(self, changes: list[Change], outcomes: Mapping[Any, Result]) -> None:
        """Conservation, whatever happened: one outcome each, and the journal says the same."""
        assert set(outcomes) == {change.identity for change in changes}
        told = {identity: result.outcome for identity, result in outcomes.items()}
        assert told == self.book.states
        assert set(told.values()) <= {"applied", "failed", "held", "unknown"}
        doubtful = {identity for identity, outcome in told.items() if outcome == "unknown"}
        open_now = {i for entry in self.book.open_entries() for i in entry.carried}
        assert doubtful <= open_now


class FacilityDesk(Desk):
    """storEDGE."""

    def __init__(
        self, habits: StoredgeHabits | None = None, facility: FacilitySettings | None = None
    ) -> None:
        clock = FakeClock()
        self.facility = facility or FacilitySettings()
        vendor = StoredgeVendor(
            clock=clock,
            new_id=IdSource("test"),
            default_facility=self.facility,
            habits=habits or StoredgeHabits(),
        )
        super().__init__(vendor, self._settings, clock)

    def _settings(self, **changed: Any) -> StoredgeSettings:
        return StoredgeSettings.model_validate(
            {
                "kind": "storedge",
                "access_id": DEMO_CREDENTIALS.access_id,
                "secret_key": DEMO_CREDENTIALS.secret_key,
                "base_url": HOST,
                "requests_per_second": None,
                "custom_unit_groups": self.facility.custom_unit_groups,
                "tiered_pricing": self.facility.tiered_pricing,
                **changed,
            }
        )

    def night(
        self,
        units: Mapping[str, dict[str, Any]],
        groups: Mapping[str, dict[str, Any]] | None = None,
        secrets: Mapping[str, Payload] | None = None,
    ) -> Pushed:
        """Plans and pushes what the source says; `groups` may name groups and their references."""
        return self.push(self.plan(units, groups or {}), secrets)

    def plan(self, units, groups=None) -> list[Change]:
        return [
            *_group_changes(units, groups or {}, self.book.groups),
            *(
                change
                for key, wanted in units.items()
                if (change := _unit_change(key, wanted, self.book.units.get(key)))
            ),
        ]

    def live(self) -> dict[str, dict[str, Any]]:
        """The units at the vendor by name; fails when a name stands there twice."""
        rows = [row for row in self.sandbox.units(FACILITY) if not row["deleted"]]
        return _by(rows, "name")

    def live_groups(self) -> dict[str, dict[str, Any]]:
        return _by(self.sandbox.groups(FACILITY), "name")

    def assert_in_step(self, units, groups=None) -> None:
        """The vendor holds exactly what the source says, and we know it: no change is left."""
        live, live_groups = self.live(), self.live_groups()
        assert {wanted["name"] for wanted in units.values()} == set(live)
        names = {row["id"]: name for name, row in live_groups.items()}
        known = {key: group.name for key, group in self.book.groups.items()}
        for wanted in units.values():
            row = live[wanted["name"]]
            for name, value in wanted.items():
                if name == GROUP_FIELD:
                    assert (known[value] if value else None) == names.get(row["unit_group_id"])
                elif name != "walk_thru_order":
                    assert _plain(row[name]) == _plain(value), (wanted["name"], name)
        for key in {wanted[GROUP_FIELD] for wanted in units.values()} - {None}:
            group = self.book.groups[key]
            row, reference = live_groups[group.name], str(group.payload["reference_unit"])
            assert row["reference_unit_id"] == self.book.units[reference].remote_id
            for name in ("width", "standard_rate"):
                assert row["memo"][name] == live[units[reference]["name"]][name]
        assert [] == self.plan(units, groups)


class CommunityDesk(Desk):
    """Travtus."""

    scope = COMMUNITY

    def __init__(self, **options: Any) -> None:
        clock = FakeClock()
        self.vendor = TravtusVendor(clock=clock, new_id=IdSource("test"), **options)
        super().__init__(self.vendor, self._settings, clock)

    def _settings(self, **changed: Any) -> TravtusSettings:
        return TravtusSettings.model_validate(
            {
                "kind": "travtus",
                "client_id": DEMO_CREDENTIALS.client_id,
                "client_secret": DEMO_CREDENTIALS.client_secret,
                "base_url": HOST,
                "token_url": f"{HOST}/oauth2/token",
                "requests_per_second": None,
                **changed,
            }
        )

    def night(self, units: Mapping[str, dict[str, Any]]) -> Pushed:
        return self.push(self.plan(units))

    def plan(self, units) -> list[Change]:
        return [
            change
            for key, wanted in units.items()
            if (change := _apartment_change(key, wanted, self.book.units.get(key)))
        ]

    def live(self) -> dict[str, dict[str, Any]]:
        return _by(self.sandbox.units(COMMUNITY), "external_ref")

    def assert_in_step(self, units) -> None:
        live = self.live()
        assert {wanted["external_ref"] for wanted in units.values()} == set(live)
        for wanted in units.values():
            row = live[wanted["external_ref"]]
            for name, value in wanted.items():
                *parents, leaf = name.split(".")
                inside = row[parents[0]] if parents else row
                assert inside[leaf] == value, (wanted["external_ref"], name)
        assert [] == self.plan(units)


def attributes_of(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: wanted[name] for name in MEMOISED if name in wanted}


def _unit_change(key: str, wanted: dict[str, Any], known: KnownUnit | None) -> Change | None:
    payload = {name: value for name, value in wanted.items() if name != GROUP_FIELD}
    group, name = wanted[GROUP_FIELD], wanted["name"]
    if known is None:
        return Change("unit", FACILITY, key, name, "create", {}, payload, None, group)
    after = {
        field: value
        for field, value in payload.items()
        if known.payload.get(field) != value and field != "walk_thru_order"
    }
    before = {field: known.payload[field] for field in after if field in known.payload}
    if group != known.group and group is not None:
        after, before = {**after, GROUP_FIELD: group}, {**before, GROUP_FIELD: known.group}
    if not after:
        return None
    action = "move" if GROUP_FIELD in after else "update"
    return Change("unit", FACILITY, key, name, action, before, after, known.remote_id, group)


def _group_changes(
    units: Mapping[str, dict[str, Any]],
    named: Mapping[str, dict[str, Any]],
    known: Mapping[str, KnownGroup],
) -> list[Change]:
    changes = []
    for key in sorted({str(u[GROUP_FIELD]) for u in units.values() if u[GROUP_FIELD]}):
        current = known.get(key)
        members = {name: u for name, u in units.items() if u[GROUP_FIELD] == key}
        reference = _reference(members, current, named.get(key, {}))
        whole = {
            "name": key,
            **{n: v for n, v in named.get(key, {}).items() if n != "reference_unit"},
            "reference_unit": reference,
            "reference_attributes": attributes_of(members[reference]),
        }
        held = current.payload if current else {}
        after = {name: value for name, value in whole.items() if held.get(name) != value}
        if after:
            changes.append(
                Change(
                    "group",
                    FACILITY,
                    key,
                    whole["name"],
                    "update" if current else "create",
                    {name: held[name] for name in after if name in held},
                    after,
                    current.remote_id if current else None,
                    whole=whole,
                )
            )
    return changes


def _reference(members, current: KnownGroup | None, named: Mapping[str, Any]) -> str:
    if "reference_unit" in named:
        return str(named["reference_unit"])
    staying = current.payload.get("reference_unit") if current else None
    if staying in members:
        return str(staying)
    return min(members, key=lambda key: (_number(members[key]["name"]), key))


def _number(name: str) -> int:
    return int((re.findall(r"\d+", name) or ["0"])[0])


def _apartment_change(key: str, wanted: dict[str, Any], known: KnownUnit | None) -> Change | None:
    name = wanted["unit_number"]
    if known is None:
        return Change("unit", COMMUNITY, key, name, "create", {}, wanted, whole=wanted)
    after = {f: v for f, v in wanted.items() if known.payload.get(f) != v}
    if not after:
        return None
    before = {f: known.payload[f] for f in after if f in known.payload}
    whole = {**known.payload, **wanted}
    return Change(
        "unit", COMMUNITY, key, name, "update", before, after, known.remote_id, whole=whole
    )


def _by(rows: list[dict[str, Any]], field: str) -> dict[str, dict[str, Any]]:
    names = [row[field] for row in rows]
    assert len(set(names)) == len(names), f"twice at the vendor: {sorted(names)}"
    return dict(zip(names, rows, strict=True))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
