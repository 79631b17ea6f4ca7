"""Wrong behaviours with names: each is planted in the product, and the campaign must find it.

They measure the simulation, which coverage cannot. Each removes one safety or makes one of the
mistakes that systems of this kind are known to make.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from connectors.errors import ApiError
from connectors.targets import push
from connectors.targets.bulk import failed
from connectors.targets.ledger import Ledger
from connectors.targets.push import ScopePush, _Doubt
from connectors.targets.storedge_reader import StoredgeReader
from connectors.targets.storedge_requests import StoredgeRequests
from connectors.targets.travtus import TravtusPush
from flows.planning import Planner
from flows.pushing import Push
from flows.recorder import Recorder
from flows.recovery import Recovery
from flows.saved_plan import SavedPlan
from state import journal, past, scopes, store, transactions
from tests.simulation import night
from transforms import change as changes
from transforms import diff, guard
from transforms.plan import Change, Live, Result
from transforms.reshape import Desired
from transforms.secrets import SecretMask

Patch = AbstractContextManager[Any]


def wrapped(owner: Any, name: str, around: Callable[..., Any]) -> Patch:
    """The original under its name, with `around` called in its place and given it first."""
    original = getattr(owner, name)

    def planted(*args: Any, **named: Any) -> Any:
        return around(original, *args, **named)

    return patch.object(owner, name, planted)


def blind_retry_of_a_create() -> Patch:
    """A create counts as safe to repeat."""
    return wrapped(
        StoredgeRequests, "create_units", lambda made, *args: replace(made(*args), safe=True)
    )


def no_read_back() -> Patch:
    """What is unknown is sent again without a look."""

    def doubt(original: Any, push: Any, bulk: Any, entry: int, silent: Any, **_: Any) -> Any:
        return _Doubt(entry, silent) if silent else None

    return wrapped(ScopePush, "_doubt", doubt)


def a_refusal_is_believed() -> Patch:
    """Who said no did nothing, so that what ended a scope is sent again without a look."""
    return patch.object(push, "refused", lambda these, error, look_again: failed(these, error))


def known_before_the_answer() -> Patch:
    """What is about to be sent is known already."""

    def sent(original: Any, recorder: Any, method: str, path: str, why: str, these: Any) -> int:
        entry = int(original(recorder, method, path, why, these))
        steps = [
            Result(one, None, known=_fields(one), remote_id=one.remote_id)
            for one in these
            if one.entity == "unit" and one.remote_id
        ]
        recorder.store.learn(entry, steps)
        return entry

    return wrapped(Recorder, "sent", sent)


def a_failure_is_acknowledged() -> Patch:
    """Known means sent, whatever the API said."""

    def acknowledge(original: Any, db: Any, pipeline: str, scope: str, results: Any) -> Any:
        believed = [
            replace(one, outcome="applied", known=_fields(one.change), forget=())
            if one.outcome in ("failed", "unknown") and one.change.remote_id
            else one
            for one in results
        ]
        return original(db, pipeline, scope, believed)

    return _both(
        wrapped(journal, "acknowledge", acknowledge), wrapped(store, "acknowledge", acknowledge)
    )


def rejected_counts_as_missing() -> Patch:
    """A row that did not pass is a row that is not there."""
    return wrapped(
        Desired,
        "scope",
        lambda made, *args: replace(made(*args), rejected=frozenset(), astray=frozenset()),
    )


def a_partial_extract_counts_as_complete() -> Patch:
    """Whatever could be read is all there is."""
    return wrapped(Desired, "scope", lambda made, *args: replace(made(*args), complete=True))


def an_unreadable_list_is_empty() -> Patch:
    """Whatever is wrong with a listing, it shows nothing."""

    def read(original: Any, reader: Any, scope: str, *entities: Any) -> Live:
        try:
            return original(reader, scope, *entities)
        except ApiError:
            return Live(scope, (), ())

    return wrapped(StoredgeReader, "read", read)


def journal_after_send() -> Patch:
    """The request leaves first, and is written down with its answer."""
    waiting: dict[int, Any] = {}

    def sent(original: Any, ledger: Any, bulk: Any, these: Any) -> int:
        waiting[id(ledger)] = (original, bulk, these)
        return -1

    def answered(original: Any, ledger: Any, entry: int, source: Any, parts: Any) -> None:
        write, bulk, these = waiting[id(ledger)]
        original(ledger, write(ledger, bulk, these), source, parts)

    return _both(wrapped(Ledger, "sent", sent), wrapped(Ledger, "answered", answered))


def a_guard_with_a_floor_on_a_small_base() -> Patch:
    """Only the plan is judged, by what is known, and only from three units on."""

    def rules(original: Any, *args: Any) -> Iterator[Any]:
        for rule in original(*args):
            if rule.name == "max_missing":
                yield replace(rule, floor=3)
            elif rule.name != guard.SHRANK:
                yield rule

    return wrapped(guard, "_rules", rules)


def no_guard() -> Patch:
    """Nothing is held."""
    return patch.object(Planner, "guard", lambda planner, planned: planned)


def a_hold_forgets_its_share() -> Patch:
    """What was too many last night is few enough among the units that have come since."""
    return wrapped(store.Store, "held_of", lambda *args: {})


def a_reference_is_not_asserted_again() -> Patch:
    """A group is left with what its reference unit was like when it was set."""

    def group_change(original: Any, *args: Any, **named: Any) -> Change | None:
        made = original(*args, **named)
        return None if made and set(made.after) == {"reference_attributes"} else made

    return wrapped(diff, "group_change", group_change)


def whole_objects_are_sent() -> Patch:
    """An update carries every field, as if nobody else had ever touched one."""

    def fields(original: Any, desired: Any, known: Any, schema: Any, **how: Any) -> Any:
        before, after = original(desired, known, schema, **how)
        return before, ({**desired.payload, **after} if after else after)

    return wrapped(changes, "_fields", fields)


def a_stale_plan_is_applied() -> Patch:
    """A plan is a plan."""
    return patch.object(SavedPlan, "fits", lambda plan, state: True)


def a_deferred_transaction() -> Patch:
    """`BEGIN` without `IMMEDIATE`: the lock comes with the first write, and so too late."""

    @contextmanager
    def deferred(connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("BEGIN")
        try:
            yield
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    return patch.object(transactions, "immediate", deferred)


def a_dead_run_is_forgotten() -> Patch:
    """A scope that was being written to is not marked, and so is believed after a crash."""

    def mark(original: Any, db: Any, pipeline: str, scope: str, run_id: str) -> None:
        scopes.mark_out_of_step(db, pipeline, scope)

    return wrapped(scopes, "mark_in_flight", mark)


def strangers_are_not_looked_at() -> Patch:
    """What is not known is created, though somebody has seen it live."""
    return patch("flows.planning.meets_strangers", lambda job, plan, record: False)


def a_restored_state_is_believed() -> Patch:
    """An older state was put back, and what it knows counts as known."""
    return wrapped(
        Recovery,
        "_look_at_doubted",
        lambda look, recovery, live, everything: look(recovery, live, everything=False),
    )


def what_is_gone_is_insisted_on() -> Patch:
    """The API says night after night that it has no such unit, and is sent it again."""
    return patch.object(Recovery, "_look_at_doubted", lambda recovery, live, everything: None)


def an_absence_is_a_proof() -> Patch:
    """Whatever one listing lacks is gone."""

    def look(original: Any, recovery: Recovery, live: Live, everything: bool) -> None:
        original(recovery, live, everything=everything)
        units, _ = recovery.known(live.scope)
        shown = {unit.remote_id for unit in live.units}
        absent = [key for key, unit in units.items() if unit.remote_id not in shown]
        recovery.store.unlink(recovery.job.name, live.scope, recovery.run_id, absent, [])

    return wrapped(Recovery, "_look_at_doubted", look)


def a_failed_scope_counts_as_in_step() -> Patch:
    """A scope that was pushed has its digest, whatever became of its changes."""

    def settle(original: Any, push: Any, planned: Any, outcomes: Any) -> None:
        done = {key: replace(one, outcome="applied") for key, one in outcomes.items()}
        original(push, replace(planned, tripped=()), done)

    return wrapped(Push, "_settle", settle)


def lock_codes_stay_readable() -> Patch:
    """The state keeps the lock codes themselves."""
    return patch.object(SecretMask, "hashed", lambda mask, value: f"hmac:{value}")


def addresses_are_forgotten() -> Patch:
    """Travtus' own identifiers are never sent back, so that an address decides who is meant."""
    return wrapped(
        TravtusPush,
        "_item",
        lambda made, *args: {k: v for k, v in made(*args).items() if k != "identifier"},
    )


def the_past_is_not_kept() -> Patch:
    """What is altered of a known unit is altered for the runs before, too."""
    return patch.object(past, "keep", lambda *given: None)


BUGS: Mapping[str, Callable[[], Patch]] = {
    bug.__name__: bug
    for bug in (
        blind_retry_of_a_create,
        no_read_back,
        a_refusal_is_believed,
        known_before_the_answer,
        a_failure_is_acknowledged,
        rejected_counts_as_missing,
        a_partial_extract_counts_as_complete,
        an_unreadable_list_is_empty,
        journal_after_send,
        a_guard_with_a_floor_on_a_small_base,
        no_guard,
        a_hold_forgets_its_share,
        a_reference_is_not_asserted_again,
        whole_objects_are_sent,
        a_stale_plan_is_applied,
        a_deferred_transaction,
        a_dead_run_is_forgotten,
        strangers_are_not_looked_at,
        a_restored_state_is_believed,
        what_is_gone_is_insisted_on,
        an_absence_is_a_proof,
        a_failed_scope_counts_as_in_step,
        lock_codes_stay_readable,
        addresses_are_forgotten,
        the_past_is_not_kept,
    )
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The product with one of the bugs; what was normalised before counts for nothing."""
    remembered = dict(night._MEMORY)
    night._MEMORY.clear()
    try:
        with BUGS[name]():
            yield
    finally:
        night._MEMORY.clear()
        night._MEMORY.update(remembered)


def _fields(one: Change) -> dict[str, Any]:
    return {name: value for name, value in one.after.items() if name != changes.GROUP_FIELD}


@contextmanager
def _both(first: Patch, second: Patch) -> Iterator[None]:
    with first, second:
        yield
