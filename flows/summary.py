"""The balance of a run: every row and every change in exactly one place, or it is not a success.

extracted = rejected + unchanged + planned          planned = applied + failed + held + unknown
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from connectors.errors import ApiUnreachable, CredentialsRefused
from flows.canary import Verdict
from flows.planning import PlannedScope
from flows.pushing import PushedScope
from flows.report_text import counted
from state.runs import RunRecord
from transforms.plan import Action, Change, Entity, Outcome, Result
from transforms.validate import Checked

Status = Literal["ok", "attention", "error", "broken"]

_EXIT_CODES: Mapping[Status, int] = {"ok": 0, "attention": 1, "error": 4, "broken": 5}
_DONE = {"create": "created", "update": "updated", "move": "moved", "retire": "retired"}
COUNTS = (
    "extracted",
    "collapsed",
    "rejected",
    "unchanged",
    "created",
    "updated",
    "moved",
    "retired",
    "missing",
    "failed",
    "held",
    "unknown",
    "groups_created",
    "groups_updated",
)


@dataclass(frozen=True)
class Balance:
    """How many source rows a pipeline had: after identical duplicates collapsed, how many did,
    and how many rows were rejected."""

    extracted: int
    collapsed: int
    rejected: int

    @classmethod
    def of(cls, checked: Checked) -> Balance:
        """The balance of the rows that were just checked."""
        rejected = int(checked.rejections["row"].nunique())
        return cls(checked.extracted, checked.collapsed, rejected)

    def __add__(self, other: Balance) -> Balance:
        """Of both, which share no row."""
        return Balance(
            self.extracted + other.extracted,
            self.collapsed + other.collapsed,
            self.rejected + other.rejected,
        )


class End(NamedTuple):
    """How a change ended: what it was about, and what became of it."""

    entity: Entity
    action: Action
    outcome: Outcome | None


class Stock(NamedTuple):
    """The units of one kind that the API holds, and the rentable ones where it speaks of that."""

    kind: str
    units: int
    rentable: int | None


@dataclass(frozen=True)
class PipelineSummary:
    """What became of one pipeline. `notes` are sentences for the person who looks at it, `notices`
    those that need nobody. `missing` counts units by scope. A reconciliation has `standings`: how
    many units and groups stand how; and `coverage`: of how many `scopes` how many were `read`.
    `inventory` is what the API holds when the run ends, `inventory_before` when the last one did.
    `push` has how many requests the plan `expected` to take, and how many were `sent`; `cut_short`
    is the note that says what ended it early, if something did.
    """

    pipeline: str
    status: Status
    counts: Mapping[str, int]
    requests: int
    seconds: float
    notes: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    standings: Mapping[str, int] | None = None
    coverage: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    inventory: tuple[Stock, ...] = ()
    inventory_before: tuple[Stock, ...] | None = None
    push: Mapping[str, int] = field(default_factory=dict)
    cut_short: str = ""

    def document(self) -> dict[str, Any]:
        """As in `--json` (DESIGN 5)."""
        return {
            "pipeline": self.pipeline,
            "status": self.status,
            "counts": dict(self.counts),
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            **self._found(),
        }

    def _found(self) -> dict[str, Any]:
        if self.standings is None:
            return {}
        return {"standings": dict(self.standings), "coverage": dict(self.coverage)}

    def record(self) -> dict[str, Any]:
        """All of it, for the state to keep."""
        return {
            **self.document(),
            "seconds": self.seconds,
            "notes": self.notes,
            "notices": self.notices,
            "missing": dict(self.missing),
            "inventory": self.inventory,
            "inventory_before": self.inventory_before,
            "push": dict(self.push),
            "cut_short": self.cut_short,
        }

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> PipelineSummary:
        """What `record` wrote; a run of an older version kept no words."""
        known = {each.name: record[each.name] for each in fields(cls) if each.name in record}
        words = {name: tuple(known.get(name, ())) for name in ("notes", "notices")}
        stocks = {
            name: tuple(Stock(*stock) for stock in known[name])
            for name in ("inventory", "inventory_before")
            if known.get(name) is not None
        }
        return cls(**{**known, **words, **stocks})


@dataclass(frozen=True)
class RunSummary:
    """What became of a run. `stopped_by` is the signal that ended it early, if one did; `at` is
    when it ended, in the `timezone` of those who read of it. `deaths` tell of runs before it that
    died, `notices` of what went wrong after it had ended. One that gave way to another run
    `goes_on_as` a run of that id, which `goes_on_from` it."""

    run_id: str
    kind: str
    pipelines: tuple[PipelineSummary, ...] = field(default=())
    report: str | None = None
    stopped_by: int | None = None
    at: datetime = field(default=datetime.min.replace(tzinfo=UTC), compare=False)
    timezone: str = "UTC"
    deaths: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    goes_on_as: str | None = None
    goes_on_from: str | None = None

    @property
    def status(self) -> Status:
        """The worst of its pipelines."""
        return max(
            (summary.status for summary in self.pipelines),
            key=lambda status: _EXIT_CODES[status],
            default="ok",
        )

    @property
    def exit_code(self) -> int:
        """DESIGN 5; as a shell has it after a signal: 130 for Ctrl-C, 143 for SIGTERM."""
        return _EXIT_CODES[self.status] if self.stopped_by is None else 128 + self.stopped_by

    def document(self) -> dict[str, Any]:
        """As in `--json` (DESIGN 5)."""
        return {
            "run_id": self.run_id,
            "kind": self.kind,
            "status": self.status,
            "pipelines": [summary.document() for summary in self.pipelines],
            "report": self.report,
            **self._turns(),
        }

    def _turns(self) -> dict[str, str]:
        turns = {"goes_on_as": self.goes_on_as, "goes_on_from": self.goes_on_from}
        return {name: run_id for name, run_id in turns.items() if run_id is not None}

    def record(self) -> dict[str, Any]:
        """All of it, for the state to keep: its report can be made again from that alone."""
        return {
            **self.document(),
            "pipelines": [summary.record() for summary in self.pipelines],
            "stopped_by": self.stopped_by,
            "at": self.at.isoformat(),
            "timezone": self.timezone,
            "deaths": self.deaths,
        }

    @classmethod
    def of(cls, record: RunRecord) -> RunSummary | None:
        """The summary of a run that the state keeps; None for one that never came to its end."""
        kept, ended = record["summary"], record["finished_at"]
        if kept is None or ended is None:
            return None
        return cls(
            record["run_id"],
            record["kind"],
            tuple(map(PipelineSummary.of, kept["pipelines"])),
            kept.get("report"),
            kept.get("stopped_by"),
            datetime.fromisoformat(kept.get("at", ended)),
            kept.get("timezone", "UTC"),
            tuple(kept.get("deaths", ())),
            goes_on_as=kept.get("goes_on_as"),
            goes_on_from=kept.get("goes_on_from"),
        )


def explain(error: Exception) -> str:
    """An error that ended a pipeline, with what to do about it."""
    if isinstance(error, CredentialsRefused):
        return f"the API does not accept the credentials ({error}); check them in the target"
    if isinstance(error, ApiUnreachable):
        return f"the API cannot be reached ({error}); check base_url and the network"
    return str(error)


def unable(
    pipeline: str, error: Exception | None, requests: int, seconds: float
) -> PipelineSummary:
    """A pipeline that could not run at all: nothing was touched, nothing was lost."""
    counts = dict.fromkeys(COUNTS, 0)
    notes = (explain(error),) if error else ()
    return PipelineSummary(pipeline, "error", counts, requests, seconds, notes)


def summarize(
    pipeline: str,
    balance: Balance,
    scopes: Sequence[PlannedScope],
    pushed: Iterable[PushedScope] | None,
    *,
    requests: int,
    seconds: float,
    failure: Exception | None = None,
    obstacle: Exception | None = None,
    canary: Verdict = Verdict(),
    push: Mapping[str, int] | None = None,
    notices: Sequence[str] = (),
) -> PipelineSummary:
    """The balance of one pipeline; `pushed` is None for a preview, whose changes count as done. A
    `failure` let nothing through, an `obstacle` only a part."""
    ends, lost = Counter[End](), list[str]()
    for change, result in _ends(scopes, pushed):
        outcome = result.outcome if result else None
        ends[End(change.entity, change.action, outcome)] += 1
        if outcome is None:
            lost.append(change.key)
    counts = _counts(balance, scopes, ends)
    notes = [tripped.message for planned in scopes for tripped in planned.tripped]
    notes += [f"{p.plan.scope}: {p.unreadable}" for p in scopes if p.unreadable]
    notes += [twin.message for planned in scopes for twin in planned.twins]
    notes += canary.complaints
    cut_short = _cut_short(obstacle, ends) if obstacle else ""
    notes += [cut_short] if cut_short else []
    broken = _imbalance(counts, ends, lost)
    if failure is not None:
        notes.append(explain(failure))
    if broken:
        notes.append(broken)
    status = _status(broken, failure, notes, ends)
    return PipelineSummary(
        pipeline,
        status,
        counts,
        requests,
        seconds,
        tuple(notes),
        (*notices, *canary.notices, *(told for scope in pushed or () for told in scope.notices)),
        push=push or {},
        cut_short=cut_short,
    )


def _cut_short(obstacle: Exception, ends: Mapping[End, int]) -> str:
    """What ended a push, what had come through by then, and what becomes of the rest."""
    done = sum(number for end, number in ends.items() if end.outcome == "applied")
    left = sum(number for end, number in ends.items() if end.outcome in ("failed", "unknown"))
    return (
        f"the push ended early: {explain(obstacle)}. By then {counted(done, 'change')} had come "
        f"through, and stay; {counted(left, 'change')} did not, and the next sync plans them again"
    )


def _ends(
    scopes: Iterable[PlannedScope], pushed: Iterable[PushedScope] | None
) -> Iterator[tuple[Change, Result | None]]:
    """Every change with what became of it, one scope at a time."""
    outcomes = {scope.scope: scope.outcomes for scope in pushed or ()}
    for planned in scopes:
        results = dict(outcomes.get(planned.plan.scope, {}).items())  # from the shelf at once
        for change in planned.plan.changes:
            yield change, _as_if_done(change) if pushed is None else results.get(change.identity)


def _as_if_done(change: Change) -> Result:
    return Result(change, "held" if change.held else "applied", change.held or "")


def _counts(
    balance: Balance, scopes: Iterable[PlannedScope], ends: Mapping[End, int]
) -> dict[str, int]:
    counts = Counter(asdict(balance))
    for planned in scopes:
        counts["unchanged"] += planned.plan.unchanged
        counts["missing"] += planned.plan.missing_count
    for end, number in ends.items():
        if end.entity == "group":
            counts[f"groups_{_DONE[end.action]}"] += number * (end.outcome == "applied")
        elif end.outcome == "applied":
            counts[_DONE[end.action]] += number
        elif end.outcome is not None:
            counts[end.outcome] += number
    return {name: counts[name] for name in COUNTS}


def _imbalance(
    counts: Mapping[str, int], ends: Mapping[End, int], lost: Sequence[str]
) -> str | None:
    """What does not add up, if anything: a promise was broken, or there is a bug."""
    if lost:
        return f"{len(lost)} planned changes have no outcome, among them {lost[0]!r}"
    planned = sum(
        number for end, number in ends.items() if end.entity == "unit" and end.action != "retire"
    )
    accounted = counts["rejected"] + counts["unchanged"] + planned
    if accounted != counts["extracted"]:
        return f"{counts['extracted']} rows were extracted, but {accounted} are accounted for"
    return None


def _status(
    broken: str | None, failure: Exception | None, notes: Sequence[str], ends: Iterable[End]
) -> Status:
    if broken:
        return "broken"
    if failure is not None:
        return "error"
    if notes or any(end.outcome not in ("applied", None) for end in ends):
        return "attention"
    return "ok"
