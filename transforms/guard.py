"""Guardrails: a plausible emptiness or a sudden flood is held for a person, per scope.

The source is judged against the last accepted extract (`SourceShrank`), then the plan against what
is known. The first run of a scope has nothing to be judged against and becomes the baseline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transforms.diff import ScopePlan
from transforms.guardrails import Guardrails
from transforms.plan import Change


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
    tripped: list[Tripped] = []

    def judge(
        name: str,
        concerned: int,
        total: int,
        what: str,
        which: Callable[[Change], bool],
        *,
        floor: int,
    ) -> None:
        nonlocal plan
        limit = getattr(limits, "max_missing" if name == "SourceShrank" else name)
        if limit is None or total == 0 or concerned < max(floor, 1) or concerned <= limit * total:
            return
        setting = "max_missing" if name == "SourceShrank" else name
        message = (
            f"{name}: {concerned} of {total} {what} ({concerned / total:.0%}) in {plan.scope}; "
            f"guardrails.{setting} allows {limit:.0%}. Nothing dangerous was sent for this scope; "
            f"if the source is right, raise {setting} for one run"
        )
        tripped.append(Tripped(name, plan.scope, message))
        plan = plan.holding(message, which)

    if accepted_keys is not None:
        lost = len(accepted_keys - plan.keys)
        judge(
            "SourceShrank",
            lost,
            len(accepted_keys),
            "units of the last accepted extract are gone",
            _removes,
            floor=1,
        )
    shrank = bool(tripped)
    floor = limits.at_least
    judge(
        "max_missing",
        len(plan.missing),
        plan.known,
        "known units are missing",
        _removes,
        floor=floor,
    )
    updates = sum(change.action in ("update", "move") for change in plan.of("unit"))
    judge(
        "max_updates", updates, plan.known, "known units would be updated", _rewrites, floor=floor
    )
    judge(
        "max_rejected",
        plan.rejected,
        plan.known,
        "rows were rejected against known units",
        lambda _: True,
        floor=floor,
    )
    if limits.max_rate_change is not None:
        plan = plan.holding(
            f"max_rate_change: its rate would move by more than {limits.max_rate_change:.0%}",
            lambda change: _rate_jumps(change, limits.max_rate_change or 0.0),
        )
    return Guarded(plan, tuple(tripped), accepted=not shrank)


def _removes(change: Change) -> bool:
    return change.action == "retire"


def _rewrites(change: Change) -> bool:
    return change.entity == "unit" and change.action in ("update", "move", "retire")


def _rate_jumps(change: Change, limit: float) -> bool:
    before, after = change.before.get("standard_rate"), change.after.get("standard_rate")
    if not before or after is None:
        return False
    return bool(abs(after - before) > limit * abs(before))
