"""Whatever goes wrong for some nights: every change has one outcome, nothing is made twice, and the
first night without faults ends in step with the source."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox import StoredgeHabits

from .desk import CommunityDesk, FacilityDesk, apartment, unit
from .wire import Killed, after, answering, before, killing, truncated

KEYS = ("u1", "u2", "u3", "u4", "u5")
NAMES = ("N1", "N2", "N3", "N4", "N5", "n6")
ENDPOINTS = (
    "POST unit_groups",
    "PATCH unit_groups",
    "POST units/bulk_create",
    "PUT units/bulk_update",
    "GET units",
    "GET unit_groups",
    "*",
)
KINDS = ("status", "status_after", "partial", "delay", "drop_before", "drop_after", "malformed")
STATUSES = (400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503)
# With 401 and 429 an API says that it did nothing; what a 403 hides, a look before the next night
# finds (tests/flows/test_half_done.py), and here nobody looks.
BEFORE_ONLY = (401, 403, 429)
CUTS = (
    before(httpx.ConnectError),
    before(httpx.ReadTimeout),
    after(httpx.ReadError),
    truncated,
    answering(b"", "application/json"),
    answering(b"[]", "application/json"),
    killing(processed=False),
    killing(processed=True),
)

faults = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "endpoint": st.sampled_from(ENDPOINTS),
        "status": st.sampled_from(STATUSES),
        "count": st.sampled_from((1, 2, 5, None)),
        "skip": st.integers(0, 3),
        "seconds": st.just(1000.0),
        "keep": st.none() | st.integers(0, 3),
    }
).filter(lambda fault: fault["kind"] == "status" or fault["status"] not in BEFORE_ONLY)
cuts = st.tuples(st.sampled_from(CUTS), st.integers(1, 3), st.integers(0, 4))
placings = st.fixed_dictionaries(
    {},
    optional={
        key: st.tuples(st.sampled_from("abc"), st.sampled_from((10, 12)), st.booleans())
        for key in KEYS
    },
)
trouble = st.tuples(st.lists(faults, max_size=3), st.lists(cuts, max_size=2))
marks = st.fixed_dictionaries({}, optional={group: st.integers(0, 4) for group in "abc"})
labels = st.permutations(tuple(f"G{number}" for number in range(1, 13)))
nights = st.lists(
    st.tuples(placings, st.permutations(NAMES), labels, marks, trouble), min_size=1, max_size=3
)


def _units(placing, names):
    return {
        key: unit(name, group, width=width, rentable=rentable)
        for (key, (group, width, rentable)), name in zip(placing.items(), names, strict=False)
    }


def _groups(placing, labels, marks, borne):
    """The groups by key: each with a name, some with a marked reference unit.

    Names change hands among the groups that have units; nobody takes the name of one that has not.
    """
    members = {group: [key for key, one in placing.items() if one[0] == group] for group in "abc"}
    kept = {name for group, names in borne.items() if not members[group] for name in names}
    free = [label for label in labels if label not in kept]
    groups = {}
    for group in "abc":
        if members[group]:
            groups[group] = {"name": free.pop(0)}
            borne.setdefault(group, set()).add(groups[group]["name"])
            if group in marks:
                index = marks[group] % len(members[group])
                groups[group]["reference_unit"] = members[group][index]
    return groups


def _order(desk, ordered, renamed=None):
    orders, broken = ordered
    for fault in orders:
        desk.fault(**fault | ({"endpoint": renamed} if renamed else {}))
    for meet, count, skip in broken:
        desk.wire.cut("* ", meet, count, skip)


def _heal(desk):
    desk.sandbox.clear_faults()
    desk.clock.advance(86_400)
    desk.renew()
    desk.recover()


def _never_twice(desk, resource, name):
    """A create is never sent again while the unit that it made before is there."""
    standing = {row["id"] for row in desk.sandbox.units(desk.scope)}

    def watch(request):
        if request.method == "POST" and request.url.path.endswith(resource):
            asked = {item[name] for item in json.loads(request.content)["units"]}
            made = {r[name] for r in desk.sandbox.units(desk.scope) if r["id"] not in standing}
            assert not asked & made, f"made twice: {asked & made}"

    desk.wire.watch = watch


@settings(max_examples=100)
@given(nights, st.booleans(), st.sampled_from((1, 2, 50)))
def test_a_facility_ends_in_step_after_any_faults(history, partial, batch):
    desk = FacilityDesk(habits=StoredgeHabits(partial_writes=partial))
    desk.renew(batch_size=batch)
    placed, borne = {}, {}
    for placing, names, labels, marks, ordered in history:
        placed = {**placed, **placing}
        units, groups = _units(placed, names), _groups(placed, labels, marks, borne)
        _order(desk, ordered)
        _never_twice(desk, "/units/bulk_create", "name")
        with suppress(Killed):
            desk.night(units, groups)
        _heal(desk)
        desk.renew(batch_size=batch)

    pushed = desk.night(units, groups)

    assert set(pushed.ends()) <= {"applied"}, {i: r.words for i, r in pushed.outcomes.items()}
    desk.assert_in_step(units, groups)
    assert [] == desk.night(units, groups).endpoints


homes = st.fixed_dictionaries(
    {}, optional={key: st.tuples(st.integers(1, 6), st.sampled_from((700, 750))) for key in KEYS}
)
seasons = st.lists(st.tuples(homes, trouble), min_size=1, max_size=3)


def _apartments(placing):
    """Apartments that may move to another address, never two to one."""
    taken = {}
    for key, (wished, _) in placing.items():
        free = (address for address in itertools.count(wished) if address not in taken.values())
        taken[key] = next(free)
    return {
        key: apartment(
            int(key[1:]), sqft=placing[key][1], **{"address.address_line_2": f"Unit {address}"}
        )
        for key, address in taken.items()
    }


@settings(max_examples=100)
@given(seasons, st.booleans())
def test_a_community_ends_in_step_after_any_faults(history, shown):
    desk = CommunityDesk(returns_external_ref=shown)
    placed = {}
    for placing, ordered in history:
        placed = {**placed, **placing}
        units = _apartments(placed)
        _order(desk, ordered, renamed="POST units/multiple")
        with suppress(Killed):
            desk.night(units)
        _heal(desk)

    pushed = desk.night(units)

    assert set(pushed.ends()) <= {"applied"}, {i: r.words for i, r in pushed.outcomes.items()}
    desk.assert_in_step(units)
    assert [] == desk.night(units).endpoints
