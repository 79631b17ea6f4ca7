"""Guardrails: a plausible emptiness or a sudden flood is held for a person, per scope.

The source is judged against the last accepted extract (`SourceShrank`, without a floor: a floor
lets a small scope vanish), then the plan against what is known. A column that the mapping needs
never comes this far without being there, it is an error of the settings. On the first run of a
scope there is no extract to judge by, and what was just adopted is only completed: there, an update
counts if it replaces a value.

What a person has let through is neither counted nor held; the rest is judged as always. What was
held never goes because the units that were created meanwhile make it a smaller share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from transforms.allowance import NOTHING, Allowed, Concern, Identity, Tripped
from transforms.diff import ScopePlan
from transforms.group import REFERENCE
from transforms.guardrails import Guardrails
from transforms.plan import AcceptedExtract, Change

SHRANK = "SourceShrank"
JUMP = "max_rate_change"
RATE = "standard_rate"
# Shares are computed in binary: 29 of 100 must not count as more than 29% of 100.
NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Guarded:
    """A plan with its dangerous changes held, and why. `accepted` says whether the extract may
    become the one that the next night is judged against."""

    plan: ScopePlan
    tripped: tuple[Tripped, ...]
    accepted: bool


def guard(
    plan: ScopePlan,
    accepted: AcceptedExtract | None,
    limits: Guardrails,
    allowed: Allowed,
    command: str,
    held_of: Mapping[str, int],
) -> Guarded:
    """Judges the source, then the plan, then each rate; `accepted` is None on a scope's first run.

    `command` is what lets through what is held here, for the messages. `held_of` says, by
    guardrail, of how many known units it took its share when it first held what still waits.
    """
    tripped = []
    for rule in _rules(plan, accepted, limits, allowed, held_of):
        if rule.trips:
            message = rule.message(plan.scope, command)
            held = plan.holding(message, rule.holds)
            concern = replace(rule.concern, changes=_newly_held(plan, held))
            tripped.append(Tripped(rule.name, plan.scope, message, concern))
            plan = held
    if jumps := _rate_jumps(plan, limits, allowed, command):
        message = _of_rates(plan.scope, len(jumps), limits, command)
        held = plan.holding_units(jumps)
        tripped.append(Tripped(JUMP, plan.scope, message, Concern(_newly_held(plan, held))))
        plan = held
    return Guarded(plan, tuple(tripped), all(one.guard != SHRANK for one in tripped))


@dataclass(frozen=True, slots=True)
class _Measure:
    """So many `concerned` of a total."""

    words: str
    concerned: int
    total: int

    def exceeds(self, limit: float, floor: int) -> bool:
        """Whether that is more than the share, and enough to count at all."""
        return self.concerned >= max(floor, 1) and _exceeds(self.concerned, limit * self.total)

    def __str__(self) -> str:
        share = _percent(self.concerned / self.total)
        return f"{self.words.format(self.concerned, self.total)} ({share})"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is measured against the share that a setting allows, what it is about beside the
    changes, and which changes are dangerous then."""

    name: str
    setting: str
    limit: float | None
    floor: int
    measures: tuple[_Measure, ...]
    said: str
    concern: Concern
    holds: Callable[[Change], bool]

    @property
    def trips(self) -> bool:
        return bool(self._tripping())

    def message(self, scope: str, command: str) -> str:
        """Counts, share, threshold, setting, and what to do if the source is right."""
        return (
            f"{self.name}: {' and '.join(map(str, self._tripping()))} {self.said} in {scope}; "
            f"guardrails.{self.setting} allows {_percent(self.limit or 0.0)}. The dangerous "
            f"changes of this scope are held; {_if_right(command)}"
        )

    def _tripping(self) -> list[_Measure]:
        limit = self.limit
        if limit is None:
            return []
        return [m for m in self.measures if m.total and m.exceeds(limit, self.floor)]


def _rules(
    plan: ScopePlan,
    accepted: AcceptedExtract | None,
    limits: Guardrails,
    allowed: Allowed,
    held_of: Mapping[str, int],
) -> Iterator[_Rule]:
    missing = frozenset(plan.missing)
    besides = "" if allowed == NOTHING else " besides what was allowed"

    def leans_on_absence(change: Change) -> bool:
        absence = change.action == "retire" or change.before.get(REFERENCE) in missing
        return absence and not allowed.lets(change)

    def of_known(guard: str, concerned: int) -> _Measure:
        known = min(plan.known, held_of.get(guard, plan.known))
        words = "{} of {} known units"
        if known < plan.known:
            words = "{} against the {} units that were known when this was first held"
        return _Measure(words, concerned, known)

    if accepted is not None:
        gone = accepted.keys - plan.keys
        lost = frozenset(accepted.columns) - frozenset(plan.columns)
        rows = max(accepted.rows - plan.rows - plan.astray, 0)
        yield _Rule(
            name=SHRANK,
            setting="max_missing",
            limit=limits.max_missing,
            floor=0,
            measures=(
                _Measure("{} of {} units", len(gone - allowed.missing), len(accepted.keys)),
                _Measure("{} of {} rows", rows - allowed.rows, accepted.rows),
                _Measure(
                    "{} of {} columns", len(lost - allowed.columns), len(set(accepted.columns))
                ),
            ),
            said=f"of the last accepted extract are gone{besides}",
            concern=Concern(missing=tuple(sorted(gone)), rows=rows, columns=tuple(sorted(lost))),
            holds=leans_on_absence,
        )
    absent = of_known("max_missing", len(_absent(plan, accepted, allowed)))
    yield _Rule(
        name="max_missing",
        setting="max_missing",
        limit=limits.max_missing,
        floor=limits.at_least,
        measures=(absent,),
        said=f"are missing{besides}",
        concern=Concern(missing=plan.missing, known=absent.total),
        holds=leans_on_absence,
    )
    updated = sum(_updates(change, accepted, allowed) for change in plan.of("unit"))
    updates = of_known("max_updates", updated)
    yield _Rule(
        name="max_updates",
        setting="max_updates",
        limit=limits.max_updates,
        floor=limits.at_least,
        measures=(updates,),
        said=f"would be updated{besides}",
        concern=Concern(known=updates.total),
        holds=lambda change: change.action != "create" and not allowed.lets(change),
    )
    rejected = plan.rejected - allowed.rejected_of(plan.rejected_keys)
    yield _Rule(
        name="max_rejected",
        setting="max_rejected",
        limit=limits.max_rejected,
        floor=limits.at_least,
        measures=(_Measure("{} rows against {} known units", rejected, plan.known),),
        said=f"were rejected{besides}",
        concern=Concern(rejected=plan.rejected_keys),
        holds=lambda change: not allowed.lets(change),
    )


def _absent(plan: ScopePlan, accepted: AcceptedExtract | None, allowed: Allowed) -> frozenset[str]:
    """The missing units that no person knows of, or that would be retired now.

    A unit that was let go, and that no accepted extract has shown since, is no news every night.
    """
    retiring = frozenset(
        change.key
        for change in plan.of("unit")
        if change.action == "retire" and change.held is None and not allowed.lets(change)
    )
    seen_since = accepted.keys if accepted is not None else frozenset()
    return retiring | (frozenset(plan.missing) - allowed.missing - (allowed.let_go - seen_since))


def _updates(change: Change, accepted: AcceptedExtract | None, allowed: Allowed) -> bool:
    if change.held is not None or change.action not in ("update", "move") or allowed.lets(change):
        return False
    if change.before == change.after:  # only sent again
        return False
    return accepted is not None or any(value is not None for value in change.before.values())


def _newly_held(before: ScopePlan, after: ScopePlan) -> tuple[Identity, ...]:
    """The changes that are held by now, with what leans on them."""
    waiting = {change.identity for change in before.changes if change.held is not None}
    return tuple(
        change.identity
        for change in after.changes
        if change.held is not None and change.identity not in waiting
    )


def _rate_jumps(
    plan: ScopePlan, limits: Guardrails, allowed: Allowed, command: str
) -> dict[str, str]:
    """By unit key, why its rate is not moved tonight: in the same words for all of a scope, so that
    they are told as one. A rate that is not known is no measure."""
    limit = limits.max_rate_change
    if limit is None:
        return {}
    reason = (
        f"{JUMP}: its rate would move by more than the {_percent(limit)} that guardrails.{JUMP} "
        f"allows; {_if_right(command)}"
    )
    return {
        change.key: reason
        for change in plan.of("unit")
        if change.held is None
        and (before := change.before.get(RATE)) is not None
        and (after := change.after.get(RATE)) is not None
        and _exceeds(abs(after - before), limit * abs(before))
        and not allowed.lets(change)
    }


def _of_rates(scope: str, jumps: int, limits: Guardrails, command: str) -> str:
    return (
        f"{JUMP}: {jumps} {'rate' if jumps == 1 else 'rates'} would jump in {scope}; "
        f"guardrails.{JUMP} allows {_percent(limits.max_rate_change or 0.0)}. What would jump is "
        f"held; {_if_right(command)}"
    )


def _if_right(command: str) -> str:
    return f"if the source is right, let it through once: {command}"


def _exceeds(number: float, most: float) -> bool:
    return number > most + NOISE


def _percent(share: float) -> str:
    """`10%`, `12.5%`: as exact as it takes to see which of two is more."""
    return f"{share * 100:.4g}%"
