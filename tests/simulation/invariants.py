"""What must hold in every world: after every write, after every night, and when all has healed."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from state import past
from state.verify import verify
from tests.simulation.exchange import Exchange
from tests.simulation.night import ENVIRONMENT, Lived, Simulated
from tests.simulation.oracle import (
    apartment_disagreements,
    group_disagreements,
    storage_disagreements,
)
from tests.simulation.truth import COMMUNITY, FACILITIES, LIMITS, NO_LIMITS, TIGHT
from tests.simulation.wire import Wire
from transforms.canonical import flatten, reads_as

# API field: what the journal calls it.
SENT_AS = {"unit_group_id": "unit_group"}
STORAGE_FIELDS = ("name", "width", "length", "standard_rate", "attribute_description")
APARTMENT_FIELDS = ("unit_number", "number_of_bedrooms", "sqft", "address.address_line_2")


# Longer than any name of the truth.
LONG = 1_000
NOTE_FIELD = "attribute_description"
SHARE = {LIMITS: 0.45, TIGHT: 0.10}
LIMIT_OF = re.compile(r"guardrails\.(\w+) allows (\d+%)")


class Violation(AssertionError):
    """A promise was broken in a simulated world."""

    def __init__(self, invariant: str, message: str) -> None:
        super().__init__(f"{invariant}: {message}")
        self.invariant = invariant


# What is known of a unit, without its fingerprint: remote id, name, group, payload, retired.
Known = tuple[str, str, str | None, dict[str, Any], bool]


@dataclass(frozen=True)
class Before:
    """The world as a night finds it: live storage units by id, the last accepted keys, and what is
    known of each unit after the run of the serial `run`."""

    units: dict[str, dict[str, Any]]
    accepted: dict[str, set[str]]
    litter: frozenset[str]
    run: int
    known: dict[tuple[str, str, str], Known]

    @classmethod
    def of(cls, world: Simulated) -> Before:
        with _looking(world):
            rows = _rows(
                world,
                "SELECT scope, accepted_keys FROM scopes"
                " WHERE pipeline = 'storage' AND accepted_keys IS NOT NULL",
            )
            run, known = runs_so_far(world), _known_now(world)
        accepted = {scope: set(json.loads(keys)) for scope, keys in rows}
        units = {unit["id"]: unit for unit in storage_units(world)}
        return cls(units, accepted, _litter(world), run, known)


@dataclass
class Checks:
    """How often each invariant was checked."""

    checked: Counter[str] = field(default_factory=Counter)

    def that(self, invariant: str, holds: object, message: str = "") -> None:
        self.checked[invariant] += 1
        if not holds:
            raise Violation(invariant, message)

    def none(self, invariant: str, found: Iterator[str] | list[str]) -> None:
        problems = list(found)
        self.that(invariant, not problems, "; ".join(problems[:5]))


# After every write


class Witness:
    """Stands on the wire, and asks the journal about every write before it leaves; a run that
    `resends` may well send what is known."""

    def __init__(self, world: Simulated, checks: Checks, *, resends: bool = False) -> None:
        self.world = world
        self.checks = checks
        self.resends = resends
        self.transactions = 0
        self.meanwhile: Callable[[int], None] = lambda requests: None
        self.between: Callable[[Exchange], None] = lambda exchange: None

    def __call__(self, wire: Wire) -> None:
        wire.meanwhile, wire.between = self.meanwhile, self.between
        wire.known = lambda: {unit[1] for unit in known_units(self.world, settled=False)}
        wire.witness = lambda endpoint, body: self.sees(wire, endpoint, body)
        wire.boundary.on_write = self.intrudes

    def intrudes(self) -> None:
        """A person with a database browser writes while we do, now and then."""
        self.transactions += 1
        if self.transactions % 11:
            return
        locked = False
        with closing(sqlite3.connect(self.world.state, timeout=0, isolation_level=None)) as db:
            try:
                db.execute("UPDATE meta SET serial = serial")
            except sqlite3.OperationalError:
                locked = True
        self.checks.that("nobody writes between our reading and our writing", locked)

    def sees(self, wire: Wire, endpoint: str, body: dict[str, Any]) -> None:
        open_request = _open_request(self.world.state, endpoint)
        self.checks.that(
            "every write is in the journal before it leaves", open_request, f"{endpoint} is not"
        )
        items = body.get("units") or body.get("unit_groups") or []
        self.checks.that(
            "a write carries what was planned, and no more",
            len(items) <= len(open_request or ()),
            f"{endpoint} carries {len(items)} items for {len(open_request or ())} changes",
        )
        if endpoint == "PUT units/bulk_update":
            planned = {name for change in open_request or () for name in change}
            sent = {SENT_AS.get(name, name) for item in items for name in item} - {"id"}
            surplus = sent - planned
            self.checks.that("only changed fields are sent", not surplus, f"{surplus} too")
            if not self.resends:
                self._is_not_known_yet(items)
        if endpoint in ("POST units/bulk_create", "POST unit_groups"):
            self._is_no_blind_repeat(wire, endpoint, items)

    def _is_not_known_yet(self, items: list[Any]) -> None:
        """Nothing counts as known while it has not even been sent."""
        known = known_units(self.world, settled=False)
        payloads = {remote_id: payload for _, remote_id, payload in known}
        early = [
            f"{name} of {item['id']}"
            for item in items
            for name, value in item.items()
            if name in STORAGE_FIELDS and name in payloads.get(item["id"], {})
            if reads_as(payloads[item["id"]][name], value)
        ]
        self.checks.none("nothing is known before it is answered", early)

    def _is_no_blind_repeat(self, wire: Wire, endpoint: str, items: list[Any]) -> None:
        """A create whose outcome is unknown is not sent again before its scope was listed."""
        names = {str(item.get("name")) for item in items}
        doubtful: set[str] = set()
        for attempt in wire.attempts:
            if attempt.endpoint == endpoint and attempt.fault in UNKNOWN:
                sent = attempt.body.get("units") or attempt.body.get("unit_groups") or []
                doubtful |= {str(item.get("name")) for item in sent}
            elif attempt.endpoint == f"GET {endpoint.split()[1].split('/', maxsplit=1)[0]}":
                doubtful.clear()
        again = names & doubtful
        self.checks.that("no create is repeated blindly", not again, f"{again} were")


UNKNOWN = frozenset(
    {
        "disconnected after processing",
        "reset after processing",
        "reset before processing",
        "write error",
        "timeout before processing",
        "timeout after processing",
        "late processing",
        "eventual consistency",
        "500 before processing",
        "500 after processing",
        "502 before processing",
        "503 after processing",
        "malformed JSON",
        "empty body",
        "null",
        "a list",
        "NaN",
        "10 MB",
        "UTF-16",
        "HTML with status 200",
        "gzip broken",
        "truncated body",
        "slow drip",
    }
)


def _open_request(state: Path, endpoint: str) -> list[dict[str, Any]] | None:
    """The changes of the last open request to this endpoint, as another connection sees them."""
    method, tail = endpoint.split()
    with closing(sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True)) as db:
        row = db.execute(
            "SELECT request_id, path FROM requests WHERE state = 'sent' AND method = ?"
            " ORDER BY request_id DESC LIMIT 1",
            (method,),
        ).fetchone()
        if row is None or not row[1].rstrip("/").endswith(tail):
            return None
        changes = db.execute(
            "SELECT after, iif(action = 'create', group_key, NULL) FROM changes"
            " JOIN request_changes USING (change_id) WHERE request_changes.request_id = ?",
            (row[0],),
        ).fetchall()
    # A new unit that somebody has taken out of its group is updated into it.
    return [
        json.loads(after) | ({"unit_group": group} if group else {}) for after, group in changes
    ]


# After every night


def after_night(world: Simulated, lived: Lived, checks: Checks, before: Before) -> None:
    """Safety: holds whatever struck."""
    findings = [finding.message for finding in verify(world.state)] if _exists(world) else []
    checks.none("the state is sound", [f for f in findings if "no state" not in f])
    checks.that(
        "a night ends with a summary, a refusal or a death",
        lived.crashed or lived.summary is not None or lived.refusal is not None,
    )
    _nothing_doubled(world, checks)
    if not lived.crashed:
        checks.none("nothing is left lying about", sorted(_litter(world) - before.litter))
    with _looking(world):
        _nothing_vanished(world, checks, before)
        if lived.summary is not None:
            _is_honest(world, lived, checks, before)
            _floods_wait(world, checks)
        _known_is_confirmed(world, checks)
        checks.that(
            "what was known after a run can be told after the next",
            not before.run or _known_after(world, before) == before.known,
        )


def _known_now(world: Simulated) -> dict[tuple[str, str, str], Known]:
    rows = _rows(
        world,
        "SELECT pipeline, scope, key, remote_id, name, group_key, payload, retired FROM units",
    )
    return {
        (pipeline, scope, key): (remote_id, name, group, json.loads(payload), bool(retired))
        for pipeline, scope, key, remote_id, name, group, payload, retired in rows
    }


def _known_after(world: Simulated, before: Before) -> dict[tuple[str, str, str], Known]:
    """What was known after the run that was the last one when the night began, as told now."""
    places = {*before.known, *_known_now(world)}
    told: dict[tuple[str, str, str], Known] = {}
    with _looking(world) as db:
        for place in places if db else ():
            unit = past.as_of(db, *place, before.run)
            if unit is not None:
                told[place] = (unit.remote_id, unit.name, unit.group, unit.payload, unit.retired)
    return told


def _nothing_vanished(world: Simulated, checks: Checks, before: Before) -> None:
    live = {unit["id"]: unit for unit in storage_units(world)}
    checks.none("no unit is ever deleted", [i for i in before.units if i not in live])
    retired = [
        unit
        for i, unit in live.items()
        if before.units.get(i, {}).get("rentable") and not unit["rentable"]
    ]
    keys = {remote_id: key for key, remote_id, _ in known_units(world, settled=False)}
    off = [u["name"] for u in retired if before.units[u["id"]]["status"] != "vacant"]
    checks.none("only vacant units are retired", off)
    checks.that("nothing is retired unless told to", not retired or world.missing == "retire")
    checks.that(
        "a cut export retires nothing", world.whole or not retired, f"{len(retired)} are retired"
    )
    named = [
        u["name"] for u in retired if keys.get(u["id"]) in world.tonight.get(u["scope"], set())
    ]
    checks.none("no unit that the source still names is retired", named)
    for scope, accepted in before.accepted.items():
        gone = len(accepted - world.tonight.get(scope, set()))
        if (
            world.limits != NO_LIMITS
            and not world.allowed
            and gone > SHARE[world.limits] * len(accepted)
        ):
            here = [unit["name"] for unit in retired if unit["scope"] == scope]
            checks.none("an export that shrank too much retires nothing", here)


# What a guardrail held in the run before, where the latest one wants all of it again and sends
# some, although nobody let it through.
_GONE_BY_ITSELF = """
    SELECT tripped.message FROM tripped JOIN runs USING (run_id)
    JOIN runs AS latest ON latest.serial = runs.serial + 1
    CROSS JOIN json_each(concern, '$.changes') AS one
    JOIN changes AS held ON held.run_id = tripped.run_id
        AND (held.pipeline, held.scope, held.entity, held.key)
            = (tripped.pipeline, tripped.scope, one.value ->> 0, one.value ->> 1)
    LEFT JOIN changes AS again ON again.run_id = latest.run_id
        AND (again.pipeline, again.scope, again.entity, again.key, again.action)
            = (held.pipeline, held.scope, held.entity, held.key, held.action)
        AND (again.before, again.after) = (held.before, held.after)
    WHERE latest.serial = (SELECT max(serial) FROM runs) AND guard IN ('max_missing', 'max_updates')
        AND (tripped.pipeline, tripped.scope) NOT IN (
            SELECT pipeline, scope FROM allowances
            WHERE coalesce(used_by_run, latest.run_id) = latest.run_id)
    GROUP BY tripped_id
    HAVING count(again.change_id) = count(*)
        AND max(again.change_id IN (SELECT change_id FROM request_changes))
"""


def _floods_wait(world: Simulated, checks: Checks) -> None:
    gone = [message for (message,) in _rows(world, _GONE_BY_ITSELF) if _is_limited(world, message)]
    checks.none("what a guardrail held does not go by itself", gone)


def _is_limited(world: Simulated, message: str) -> bool:
    """Whether the settings still say what the guardrail went by when it tripped."""
    limit = LIMIT_OF.search(message)
    return limit is not None and f"{limit[1]}: {limit[2]}," in world.limits


def _nothing_doubled(world: Simulated, checks: Checks) -> None:
    names = Counter((unit["scope"], unit["name"]) for unit in _standing(world))
    expected = world.doubles
    doubled = [
        f"{name} in {scope}"
        for (scope, name), count in names.items()
        if count > 1 and name not in expected
    ]
    refs = Counter(unit.get("external_ref") for unit in apartment_units(world))
    doubled += [str(ref) for ref, count in refs.items() if count > 1 and ref not in expected]
    checks.none("nothing is there twice", doubled)


def _is_honest(world: Simulated, lived: Lived, checks: Checks, before: Before) -> None:
    summary = lived.summary
    assert summary is not None
    checks.that("the books balance", summary.status != "broken", str(summary.pipelines))
    for pipeline in summary.pipelines:
        counts = pipeline.counts
        planned = sum(
            counts[name]
            for name in ("created", "updated", "moved", "failed", "held", "unknown", "unchanged")
        )
        if pipeline.status != "error":
            accounted = planned + counts["rejected"]
            # A retirement that failed or was held stands among the failed and held without a row.
            checks.that(
                "every row is accounted for",
                counts["extracted"] <= accounted,
                f"{counts} accounts for {accounted}",
            )
        if pipeline.pipeline == "storage" and not world.delayed and not world.restored:
            units = {unit["id"] for unit in storage_units(world)} - before.units.keys()
            made = len(units - world.namesakes.keys())
            # Who was quicker than us by a moment may have made what we take for our own doing.
            perhaps = counts["created"] - len(units & world.namesakes.keys())
            most = counts["created"] + counts["unknown"] + counts["failed"] + counts["held"]
            checks.that(
                "the report counts what the vendor counts",
                perhaps <= made <= most or pipeline.status == "error",
                f"the vendor made {made}, the report says {dict(counts)}",
            )
    ended_well = all(p.status == "ok" for p in summary.pipelines)
    good = summary.exit_code == 0
    checks.that(
        "the exit code is the report's",
        good == (ended_well and summary.stopped_by is None),
        str(summary),
    )
    whole = summary.kind == "sync" and world.sound and not world.strange
    if summary.exit_code == 0 and whole and not lived.wire.overtaken:
        checks.none("exit code 0 means in step", disagreements(world))


def _known_is_confirmed(world: Simulated, checks: Checks) -> None:
    """What the state calls known is what the vendor has, where nothing is in doubt."""
    if not _exists(world) or world.strange:
        return
    live = {unit["id"]: unit for unit in storage_units(world)}
    live |= {unit["identifier"]: flatten(unit) for unit in apartment_units(world)}
    wrong = []
    for key, remote_id, payload in known_units(world):
        unit, touched = live.get(remote_id), world.taint.get(remote_id, set())
        if "*" in touched:
            continue
        if unit is None:
            wrong.append(f"{key} is known as {remote_id}, which is not live")
            continue
        wrong += [
            f"{key}: {name} is known as {payload[name]!r} and live as {unit.get(name)!r}"
            for name in (*STORAGE_FIELDS, *APARTMENT_FIELDS)
            if name in payload and name not in touched
            if not reads_as(unit.get(name), payload[name])
        ]
    checks.none("known means confirmed", wrong)


# When all has healed


def healed(world: Simulated, checks: Checks) -> None:
    """Progress: the faults are over and two nights have passed."""
    checks.none("what was broken heals", disagreements(world))
    checks.none("no outcome stays unknown", [str(row) for row in open_requests(world)])


def told(world: Simulated, lived: Lived, checks: Checks) -> list[str]:
    """Every duplicate of a unit that we keep in step is told to a person; returns the remote ids
    of those that the person will remove, so that one of each is left."""
    checks.that("a healing night ends with a summary", lived.summary, str(lived.refusal))
    assert lived.summary is not None
    notes = [note for pipeline in lived.summary.pipelines for note in pipeline.notes]
    known = {remote_id for _, remote_id, _ in known_units(world, settled=False)}
    alike: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for unit in _standing(world):
        if unit["id"] in world.namesakes:  # seen only if the scope is read (the README says so)
            continue
        alike[unit["scope"], unit["name"]].append(unit["id"])
    untold, surplus = [], []
    for ids in alike.values():
        ours = [remote_id for remote_id in ids if remote_id in known]
        others = [remote_id for remote_id in ids if remote_id not in (ours or ids)[:1]]
        surplus += others
        if ours:  # of two that are nobody's yet, neither is made ours: the create is held
            untold += [i for i in others if not any(f"live unit {i} repeats" in n for n in notes)]
    checks.none("a late duplicate is told every night", untold)
    return surplus


def quiet(world: Simulated, lived: Lived, checks: Checks) -> None:
    """A night in which nothing moved sends nothing at all."""
    sent = [attempt.endpoint for attempt in lived.wire.attempts]
    writes = [name for name in sent if not name.startswith("GET") and "find" not in name]
    checks.none("a quiet night writes nothing", [w for w in writes if "token" not in w])
    if lived.exit_code == 0:  # what is held for a person may have to be looked at
        checks.none("a quiet night reads nothing", sent)


def nothing_secret(world: Simulated, checks: Checks) -> None:
    """No lock code and no credential in any file that we write."""
    secrets = (b"LOCK-", ENVIRONMENT["STOREDGE_SECRET_KEY"].encode())
    leaks = [
        path.name
        for path in world.folder.rglob("*")
        if path.is_file() and path.suffix != ".csv"
        if any(secret in path.read_bytes() for secret in secrets)
    ]
    checks.none("no secret is written", leaks)


# What there is to see


def storage_units(world: Simulated) -> list[dict[str, Any]]:
    return [unit for site in FACILITIES for unit in world.sandbox.units(site)]


def _standing(world: Simulated) -> list[dict[str, Any]]:
    return [unit for unit in storage_units(world) if not unit["deleted"]]


def apartment_units(world: Simulated) -> list[dict[str, Any]]:
    return world.sandbox.units(COMMUNITY)


def disagreements(world: Simulated) -> Iterator[str]:
    units = storage_units(world)
    groups = [group for site in FACILITIES for group in world.sandbox.groups(site)]
    rows = world.storage_rows()
    # Two that swapped names while a stranger bears one of them are for a person.
    if world.restored or world.settled or world.doubles or world.personal:
        rows = [row for row in rows if row["id"] not in world.truth.swapped]
    rows = [row for row in rows if not {row["id"], row["group"]} & world.personal]
    if "storage" in world.pipelines:
        taint = world.taint
        if not world.noted:
            taint = {unit["id"]: taint.get(unit["id"], set()) | {NOTE_FIELD} for unit in units}
        yield from storage_disagreements(rows, units, groups, taint, world.doubles)
        yield from group_disagreements(rows, units, groups, world.taint, world.doubles)
    if "apartments" in world.pipelines:
        homes = [row for row in world.truth.apartment_rows() if row["ref"] not in world.personal]
        yield from apartment_disagreements(homes, apartment_units(world), world.taint)


def known_units(world: Simulated, *, settled: bool = True) -> list[tuple[str, str, dict[str, Any]]]:
    """Key, remote id and payload of the known units; `settled`: of scopes without a doubt."""
    rows = _rows(
        world,
        "SELECT key, remote_id, payload FROM units JOIN scopes USING (pipeline, scope)"
        + " WHERE in_flight IS NULL" * settled,
    )
    return [(key, remote_id, json.loads(payload)) for key, remote_id, payload in rows]


def believed_lies(world: Simulated) -> set[str]:
    """The facilities in which a unit is known, or was sent, that never was, or by a name that none
    ever had."""
    ever = {(row["site"], row["id"]) for row in (*world.truth.units.values(), *world.truth.gone)}
    rows = _rows(
        world,
        "SELECT scope, key, name FROM units WHERE pipeline = 'storage' UNION"
        " SELECT scope, key, name FROM changes JOIN request_changes USING (change_id)"
        " WHERE pipeline = 'storage' AND entity = 'unit'",
    )
    return {scope for scope, key, name in rows if (scope, key) not in ever or len(name) > LONG}


def open_requests(world: Simulated) -> list[Any]:
    return _rows(world, "SELECT purpose, scope FROM requests WHERE state = 'sent'")


def runs_so_far(world: Simulated) -> int:
    """The serial of the last run."""
    rows = _rows(world, "SELECT serial FROM meta")
    return int(rows[0][0]) if rows else 0


def deeds_after(world: Simulated, serial: int) -> list[tuple[str, str]]:
    """Action and key of what the runs after the one of this serial were to do."""
    return _rows(
        world, f"SELECT action, key FROM changes JOIN runs USING (run_id) WHERE serial > {serial}"
    )


def words(world: Simulated) -> list[str]:
    """What changes were told, and how units were linked: which branches were taken."""
    rows = _rows(
        world,
        "SELECT DISTINCT words FROM changes UNION"
        " SELECT DISTINCT action || ' by a reading' FROM links",
    )
    return [text for (text,) in rows]


def _litter(world: Simulated) -> frozenset[str]:
    """What a dead process may leave, and no living one."""
    drafts = (path.name for path in world.folder.rglob("*"))
    return frozenset(name for name in drafts if name.endswith((".new", ".draft")))


def _exists(world: Simulated) -> bool:
    return world.state.exists() and world.state.stat().st_size > 0


def _rows(world: Simulated, query: str) -> list[Any]:
    """As another connection sees it."""
    with _looking(world) as db:
        return db.execute(query).fetchall() if db else []


# Who asks often looks once: to open a state costs more than to ask it.
_LOOKING: dict[Path, sqlite3.Connection | None] = {}


@contextmanager
def _looking(world: Simulated) -> Iterator[sqlite3.Connection | None]:
    """A connection, None to a state that holds nothing yet; leaves no trace, and folds no dead
    run's log into the file. Within another look it is the same one."""
    state = world.state
    if state in _LOOKING:
        yield _LOOKING[state]
    elif not _exists(world):
        yield None
    else:
        uri = f"{state.as_uri()}?{'mode=ro' if _has_log(world) else 'immutable=1'}"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            made = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            _LOOKING[state] = db if made else None
            try:
                yield _LOOKING[state]
            finally:
                del _LOOKING[state]


def _has_log(world: Simulated) -> bool:
    """Without a log, even a reading connection would make one, and leave it there."""
    return world.state.with_name(f"{world.state.name}-wal").exists()
