"""Whose turn it is on the state: a backfill gives way to the night, and goes on after it.

Promises that a night which meets a backfill asks for the state, says that it waits, and waits only
so long; that any other run which meets another is refused at once; and that whoever dies while it
holds, asks or waits leaves nothing behind that anybody else would wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from flows.stopping import StoppedWaiting
from flows.world import World
from state.backup import NIGHT
from state.errors import StateIsLocked
from state.lock import RunLock, asking, is_asked_for

BACKFILL = "backfill"
# A request in flight may take four times its time-out of 60 s, and its answer is recorded.
PATIENCE_SECONDS = 600.0
# A night of many facilities at a slow rate; the next one comes after a day.
REST_SECONDS = 12 * 3600.0
# How often one who waits looks again.
LOOK_SECONDS = 0.2
_NOT_BEGUN = (
    "stopped while it waited for a backfill to give way. It had not begun: nothing was sent; to "
    "try again: unitsync sync"
)
_NOT_GONE_ON = (
    "stopped while it waited to go on. Nothing was sent since it gave way, and what was sent "
    "before is on record. To send the rest, run the same backfill again; after --resend or "
    "--as-sent, with --only-failed"
)


@contextmanager
def turn(state: Path, world: World, kind: str, *, goes_on: bool = False) -> Iterator[None]:
    """The lock of the state, for a run of this kind; one that `goes_on` waits for its turn.

    Raises StateIsLocked where another run has it.
    """
    gives_way = kind == BACKFILL
    lock = RunLock(state, f"unitsync {kind}", now=world.clock.now(), gives_way=gives_way)
    if goes_on:
        _rest(lock, state, world)
    elif kind == NIGHT:
        _ask_for(lock, state, world)
    else:
        lock.acquire()
    try:
        if not gives_way:
            yield
            return
        with world.stop.giving_way(partial(is_asked_for, state)):
            yield
    finally:
        lock.release()


def rest(state: Path, world: World) -> None:
    """Waits until no other run holds the state or asks for it."""
    lock = RunLock(state, f"unitsync {BACKFILL}", now=world.clock.now(), gives_way=True)
    _rest(lock, state, world)
    lock.release()


def _ask_for(lock: RunLock, state: Path, world: World) -> None:
    refusal = _refusal(lock, world, _NOT_BEGUN)
    if refusal is None:
        return
    if not refusal.gives_way:
        raise refusal
    world.say(f"A backfill holds {state.name}; it was asked to give way, and this run waits for it")
    until = world.clock.monotonic() + PATIENCE_SECONDS
    with asking(state):
        while (refusal := _refusal(lock, world, _NOT_BEGUN)) is not None:
            if not refusal.gives_way:
                raise refusal
            if world.clock.monotonic() > until:
                raise StateIsLocked(
                    f"{refusal} It was asked to give way, and has not within"
                    f" {PATIENCE_SECONDS / 60:.0f} minutes."
                )
            _pause(world, _NOT_BEGUN)


def _rest(lock: RunLock, state: Path, world: World) -> None:
    until = world.clock.monotonic() + REST_SECONDS
    while True:
        refusal = _refusal(lock, world, _NOT_GONE_ON)
        if refusal is None and not is_asked_for(state):
            return
        lock.release()
        if refusal is not None and world.clock.monotonic() > until:
            raise refusal
        _pause(world, _NOT_GONE_ON)


def _refusal(lock: RunLock, world: World, if_stopped: str) -> StateIsLocked | None:
    """None once the lock is held, else who holds it. One of whom nobody can tell yet whether it
    gives way is only just starting or ending: it is looked at once more."""
    refusal = None
    for _ in range(2):
        try:
            lock.acquire()
        except StateIsLocked as error:
            refusal = error
        else:
            return None
        if refusal.gives_way is not None:
            break
        _pause(world, if_stopped)
    return refusal


def _pause(world: World, if_stopped: str) -> None:
    if world.stop.is_signalled:
        raise StoppedWaiting(if_stopped, world.stop.number)
    world.clock.sleep(LOOK_SECONDS)
