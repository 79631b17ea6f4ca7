"""Guardrails: a plausible emptiness or a sudden flood is held for a person, per scope.

The source is judged against the last accepted extract (`SourceShrank`, without a floor: a floor
lets a small scope vanish), then the plan against what is known. A column that is gone never comes
this far, it is an error of the settings. On the first run of a scope there is no extract to judge
by, and what was just adopted is only completed: there, an update counts if it replaces a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transforms.diff import ScopePlan
from transforms.group import REFERENCE
from transforms.guardrails import Guardrails
from transforms.plan import Change

SHRANK = "SourceShrank"
RATE = "standard_rate"
# Shares are computed in binary: 29 of 100 must not count as more than 29% of 100.
NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Tripped:
    """A guardrail that tripped: its name, the scope, and a message for the person who decides."""

    guard: str
    scope: str
    message: str


@dataclass(frozen=True, slots=True)
class Guarded:
    """A plan with its dangerous changes held, and why. `accepted` says whether the extract may
    become the one that the next night is judged against."""

    plan: ScopePlan
    tripped: tuple[Tripped, ...]
    accepted: bool


def guard(plan: ScopePlan, accepted_keys: frozenset[str] | None, limits: Guardrails) -> Guarded:
    """Judges the source, then the plan; `accepted_keys` is None on a scope's first run."""
    tripped = []
    for rule in _rules(plan, accepted_keys, limits):
        if rule.trips:
            message = rule.message(plan.scope)
            tripped.append(Tripped(rule.name, plan.scope, message))
            plan = plan.holding(message, rule.dangerous)
    plan = plan.holding_units(_rate_jumps(plan, limits))
    return Guarded(plan, tuple(tripped), all(one.guard != SHRANK for one in tripped))


@dataclass(frozen=True, slots=True)
class _Rule:
    """So many `concerned` of a total, against the share that a setting allows."""

    name: str
    setting: str
    limit: float | None
    floor: int
    concerned: int
    total: int
    words: str
    dangerous: Callable[[Change], bool]

    @property
    def trips(self) -> bool:
        if self.limit is None or self.total == 0:
            return False
        return self.concerned >= max(self.floor, 1) and _exceeds(
            self.concerned, self.limit * self.total
        )

    def message(self, scope: str) -> str:
        """Counts, share, threshold, setting, and what to do if the source is right."""
        share = self.concerned / self.total
        enough = math.ceil(share * 100 - NOISE)
        allowance = f"to {enough}%" if enough <= 100 else "to null (off)"
        return (
            f"{self.name}: {self.words.format(self.concerned, self.total)} "
            f"({_percent(share)}) in {scope}; guardrails.{self.setting} allows "
            f"{_percent(self.limit or 0.0)}. The dangerous changes of this scope are held; if the "
            f"source is right, set guardrails.{self.setting} {allowance} for one run"
        )


def _rules(
    plan: ScopePlan, accepted_keys: frozenset[str] | None, limits: Guardrails
) -> Iterator[_Rule]:
    missing = frozenset(plan.missing)

    def leans_on_absence(change: Change) -> bool:
        return change.action == "retire" or change.before.get(REFERENCE) in missing

    if accepted_keys is not None:
        yield _Rule(
            name=SHRANK,
            setting="max_missing",
            limit=limits.max_missing,
            floor=0,
            concerned=len(accepted_keys - plan.keys),
            total=len(accepted_keys),
            words="{} of {} units of the last accepted extract are gone",
            dangerous=leans_on_absence,
        )
    yield _Rule(
        name="max_missing",
        setting="max_missing",
        limit=limits.max_missing,
        floor=limits.at_least,
        concerned=len(missing),
        total=plan.known,
        words="{} of {} known units are missing",
        dangerous=leans_on_absence,
    )
    yield _Rule(
        name="max_updates",
        setting="max_updates",
        limit=limits.max_updates,
        floor=limits.at_least,
        concerned=sum(_updates(change, accepted_keys) for change in plan.of("unit")),
        total=plan.known,
        words="{} of {} known units would be updated",
        dangerous=lambda change: change.action != "create",
    )
    yield _Rule(
        name="max_rejected",
        setting="max_rejected",
        limit=limits.max_rejected,
        floor=limits.at_least,
        concerned=plan.rejected,
        total=plan.known,
        words="{} rows were rejected against {} known units",
        dangerous=lambda _: True,
    )


def _updates(change: Change, accepted_keys: frozenset[str] | None) -> bool:
    if change.held is not None or change.action not in ("update", "move"):
        return False
    return accepted_keys is not None or any(value is not None for value in change.before.values())


def _rate_jumps(plan: ScopePlan, limits: Guardrails) -> dict[str, str]:
    """By unit key, why its rate is not moved tonight. A rate that is not known is no measure."""
    limit = limits.max_rate_change
    if limit is None:
        return {}
    return {
        change.key: (
            f"max_rate_change: its rate would move from {before} to {after}{_by(before, after)}; "
            f"guardrails.max_rate_change allows {_percent(limit)}. If the source is right, raise "
            "guardrails.max_rate_change for one run"
        )
        for change in plan.of("unit")
        if (before := change.before.get(RATE)) is not None
        and (after := change.after.get(RATE)) is not None
        and _exceeds(abs(after - before), limit * abs(before))
    }


def _by(before: float, after: float) -> str:
    return f" ({_percent(abs(after - before) / abs(before))})" if before else ""


def _exceeds(number: float, most: float) -> bool:
    return number > most + NOISE


def _percent(share: float) -> str:
    """`10%`, `12.5%`: as exact as it takes to see which of two is more."""
    return f"{share * 100:.4g}%"
