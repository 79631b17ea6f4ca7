"""A small inventory for the tests of the planner, and the pure model of what a plan makes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from transforms import storedge, travtus
from transforms.diff import Known, Policy, ScopePlan, diff
from transforms.normalize import DTYPES, problem_table
from transforms.plan import Change, KnownGroup, KnownUnit
from transforms.reshape import Desired, ScopeDesired, reshape
from transforms.schema import TargetSchema
from transforms.secrets import SecretMask
from transforms.validate import Checked

SCOPE = "F1"
STOREDGE, TRAVTUS = storedge.schema(), travtus.schema()
MASK = SecretMask(b"key of the tests")
FLAGS = ("_marked", "_enclosed")
POLICY = Policy(STOREDGE, groups=True, retire=False, can_move_scopes=True, whole_records=False)
RETIRING = replace(POLICY, retire=True)
OF_TRAVTUS = Policy(TRAVTUS, groups=False, retire=False, can_move_scopes=False, whole_records=True)

Row = dict[str, Any]


def unit(key: str, **cells: Any) -> Row:
    """A valid storEDGE row; its name is its key unless said otherwise."""
    return {
        "_scope": SCOPE,
        "_key": key,
        "name": key,
        "width": 10.0,
        "length": 10.0,
        "height": 8.0,
        "door_width": 8.0,
        "door_height": 7.0,
        "door_type": "roll_up",
        "access_type": "indoor",
        "standard_rate": 100.0,
        "walk_thru_order": 1,
        "unit_type": "climate",
        "_group": "10x10",
        "_group_name": cells.get("_group", "10x10"),
        **cells,
    }


def apartment(key: str, number: str, **cells: Any) -> Row:
    """A valid Travtus row."""
    return {
        "_scope": SCOPE,
        "_key": key,
        "external_ref": key,
        "unit_number": number,
        "address.address_line_1": "1 Main St",
        "address.address_line_2": f"Unit {number}",
        "sqft": 500,
        **cells,
    }


def frame_of(rows: Sequence[Row], schema: TargetSchema = STOREDGE) -> pd.DataFrame:
    """The rows with the types that `normalize` promises."""
    columns = list(dict.fromkeys(["_scope", "_key", *(name for row in rows for name in row)]))
    index = pd.RangeIndex(2, 2 + len(rows), name="row")
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name) for row in rows], index=index, dtype=dtype(name, schema))
            for name in columns
        }
    )


def dtype(name: str, schema: TargetSchema) -> str:
    if name in FLAGS:
        return "boolean"
    return DTYPES[schema.fields[name].type] if name in schema.fields else "str"


def rejections(places: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """One line for each (scope, key)."""
    lines = [
        {"row": 1000 + at, "scope": scope, "key": key, "field": "width", "rule": "above_zero"}
        for at, (scope, key) in enumerate(places)
    ]
    table = pd.DataFrame(lines, columns=["row", "scope", "key", "field", "rule"])
    return problem_table([table.assign(value="0", message="width is “0”.")] if lines else [])


def desired(
    rows: Sequence[Row],
    rejected: Sequence[tuple[str, str]] = (),
    *,
    schema: TargetSchema = STOREDGE,
    complete: bool = True,
    version: str = "1",
) -> Desired:
    """What the source says, as step 4 leaves it; `rejected` are (scope, key)."""
    frame = frame_of(rows, schema)
    checked = Checked(
        valid=frame,
        rejections=rejections(rejected),
        collapsed=0,
        extracted=len(rows) + len(rejected),
        keyless_scopes=frozenset(scope for scope, key in rejected if scope and not key),
        scopeless_keys=frozenset(key for scope, key in rejected if key and not scope),
        scopeless_keyless=("", "") in rejected,
    )
    return reshape(checked, schema, MASK, complete=complete, version=version)


def facility(
    rows: Sequence[Row],
    rejected: Collection[str] = (),
    *,
    schema: TargetSchema = STOREDGE,
    complete: bool = True,
    astray: Collection[str] = (),
    shared: Collection[str] = (),
) -> ScopeDesired:
    """The one scope of the tests, made without fingerprints, which take their time."""
    frame = frame_of(rows, schema)
    digests = [_stand_in(row, schema) for row in rows]
    return ScopeDesired(
        scope=SCOPE,
        units=frame.assign(_digest=pd.Series(digests, index=frame.index, dtype="str")),
        rejected=frozenset(rejected),
        astray=frozenset(astray),
        shared=frozenset(shared),
        rows=len(rows) + len(rejected),
        rejected_rows=len(rejected),
        complete=complete,
        digest="",
        rejected_keys=dict.fromkeys(rejected, 1),
    )


def _stand_in(row: Row, schema: TargetSchema) -> str:
    """What a fingerprint stands for: the fields that say something, and the group."""
    fields = {name: row[name] for name in row if name in schema.fields or name == "_group"}
    return repr(sorted((name, value) for name, value in fields.items() if value is not None))


@dataclass(frozen=True)
class World:
    """What is known of one scope, and what becomes of it when a plan comes through."""

    units: Mapping[str, KnownUnit] = field(default_factory=dict)
    groups: Mapping[str, KnownGroup] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> Known:
        """As the state store tells it."""
        units = sorted(self.units.values(), key=lambda unit: unit.key)
        index = {
            "key": [unit.key for unit in units],
            "remote_id": [unit.remote_id for unit in units],
            "name": [unit.name for unit in units],
            "group_key": [unit.group for unit in units],
            "digest": [unit.digest for unit in units],
        }
        typed = {name: pd.Series(cells, dtype="str") for name, cells in index.items()}
        retired = pd.Series([unit.retired for unit in units], dtype="bool")
        return Known(
            pd.DataFrame({**typed, "retired": retired}),
            lambda keys: {key: self.units[key] for key in keys if key in self.units},
            self.groups,
            self.elsewhere,
        )

    def plan(self, wanted: ScopeDesired, policy: Policy = POLICY) -> ScopePlan:
        return diff(wanted, self.known, policy)

    def after(self, plan: ScopePlan) -> World:
        """All that is not held came through, as `state.acknowledgement` writes it down."""
        units, groups = dict(self.units), dict(self.groups)
        for change in plan.changes:
            if change.held is None and change.entity == "unit":
                units[change.key] = _unit_after(change, units.get(change.key))
            elif change.held is None:
                groups[change.key] = _group_after(change, groups.get(change.key))
        for key, digest in plan.refreshed.items():
            units[key] = replace(units[key], digest=digest)
        return replace(self, units=units, groups=groups)

    def night(self, wanted: ScopeDesired, policy: Policy = POLICY) -> World:
        return self.after(self.plan(wanted, policy))


def _unit_after(change: Change, current: KnownUnit | None) -> KnownUnit:
    fields = {name: value for name, value in change.after.items() if name != "unit_group"}
    if change.action == "create":
        assert current is None
        remote_id = f"id-{change.key}"
        return KnownUnit(change.key, remote_id, change.name, change.group, fields, change.digest)
    assert current is not None
    return replace(
        current,
        name=change.name,
        group=change.group if change.group is not None else current.group,
        payload={**current.payload, **fields},
        digest=change.digest,
        retired=change.action == "retire",
    )


def _group_after(change: Change, current: KnownGroup | None) -> KnownGroup:
    before = current.payload if current else {}
    payload = {**before, **change.after}
    return KnownGroup(change.key, f"uuid-{change.key}", str(payload["name"]), payload)


def going(plan: ScopePlan) -> tuple[Change, ...]:
    """The changes that are sent."""
    return tuple(change for change in plan.changes if change.held is None)


def held(plan: ScopePlan) -> dict[str, str]:
    """By key why a change waits."""
    return {change.key: change.held for change in plan.changes if change.held is not None}


def only(changes: Iterable[Change]) -> Change:
    """The one change that there is."""
    (change,) = changes
    return change
