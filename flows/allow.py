"""Letting through, once, what the guardrails of a run held: a decision of a person, and on record.

Promises that a decision is about what is current: a scope that a later run judged anew is refused,
and where one scope is refused, nothing is allowed in any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flows.config_errors import did_you_mean, listed
from flows.naming import run_named
from flows.run import allow_command
from flows.world import World
from state.lock import RunLock
from state.store import Store
from state.tripped import HeldScope


class AllowRefused(Exception):
    """What was not let through; the message says why and what to do. Nothing was written."""


@dataclass(frozen=True)
class Decision:
    """A person lets through, for so long, what a run (id, beginning of one, or `last`) held."""

    run: str
    scopes: Sequence[str]
    reason: str
    who: str
    duration: timedelta


@dataclass(frozen=True)
class LetThrough:
    """What was let through: what the run had held in each scope, and until when."""

    run_id: str
    scopes: tuple[HeldScope, ...]
    expires_at: datetime


def allow(state: Path, world: World, decision: Decision) -> LetThrough:
    """Records the decision; raises AllowRefused before anything is written."""
    with RunLock(state, "unitsync allow", now=world.clock.now()):
        with Store.open_for_reading(state) as store:
            run_id = run_named(store, decision.run)
            scopes = tuple(_wanted(store.held_scopes(run_id), run_id, decision.scopes))
        expires_at = world.clock.now() + decision.duration
        with Store.open(
            state, clock=world.clock.now, new_id=world.new_id, disk=world.disk
        ) as store:
            store.allow(scopes, run_id, decision.reason, decision.who, expires_at)
    return LetThrough(run_id, scopes, expires_at)


def _wanted(held: Sequence[HeldScope], run_id: str, scopes: Iterable[str]) -> Iterable[HeldScope]:
    """What the run held in these scopes, in every pipeline; each must be there and current."""
    for scope in dict.fromkeys(scopes):
        found = [one for one in held if one.scope == scope]
        if not found:
            raise AllowRefused(_not_held(held, run_id, scope))
        for one in found:
            if one.judged_by != run_id:
                raise AllowRefused(_judged_anew(one, run_id))
            yield one


def _not_held(held: Sequence[HeldScope], run_id: str, scope: str) -> str:
    scopes = list(dict.fromkeys(one.scope for one in held))
    said = f"run {run_id} held nothing by a guardrail in {scope!r}"
    if not scopes:
        return f"{said}, nor in any other scope; `unitsync runs` lists the runs"
    hint = did_you_mean(scope, scopes)
    return f"{said}, but in {listed(map(repr, scopes))}" + (f"; {hint}" if hint else "")


def _judged_anew(one: HeldScope, run_id: str) -> str:
    return (
        f"what run {run_id} held in {one.scope} is not current: run {one.judged_by} has judged it "
        f"anew. See what that one says, and if it is right: "
        f"{allow_command(one.judged_by, one.scope)}"
    )
