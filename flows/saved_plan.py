"""A plan as a file: made from one state, applied to that very state, exactly once.

The file names the state it was made from by lineage and serial, and carries a checksum over all of
it. It holds no secret: lock codes stand in it as keyed hashes, and their values come from the
source again when it is applied, provided that they still have the same hashes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.planning import PlannedScope
from state.store import Store
from transforms.allowance import Concern, Tripped
from transforms.diff import ScopePlan
from transforms.plan import Change, KnownGroup, KnownUnit
from transforms.twins import Twin

FORMAT = "unitsync-plan-2"


class PlanRefused(Exception):
    """A saved plan that must not be applied; the message says why and what to do."""


@dataclass(frozen=True)
class SavedPlan:
    """The scopes of a plan by pipeline, the balance of the rows that they came from, and what is to
    be told of them when they are applied.

    An empty `lineage` means that there was no state yet.
    """

    lineage: str
    serial: int
    scopes: Mapping[str, tuple[PlannedScope, ...]]
    balances: Mapping[str, Mapping[str, int]]
    notices: Mapping[str, Sequence[str]]

    def fits(self, store: Store) -> bool:
        """True for the state that the plan was made from; any other is refused."""
        if self.lineage and self.lineage != store.lineage:
            raise PlanRefused(
                "this plan was made from another state file; make a new one with `unitsync plan`"
            )
        if self.serial != store.serial:
            raise PlanRefused(
                f"the state has moved on: the plan was made at serial {self.serial}, the state is "
                f"at {store.serial}. A plan is applied once; make a new one with `unitsync plan`"
            )
        return True

    def is_still_allowed(self, store: Store) -> bool:
        """True while the allowances that the plan was made under stand; else it is refused."""
        for pipeline, scopes in self.scopes.items():
            for planned in scopes:
                if planned.allowances and not _stand(planned, pipeline, store):
                    raise PlanRefused(
                        f"what the plan does in {planned.plan.scope} was allowed for a while that "
                        "has passed; let it through again with `unitsync allow`, and make a new "
                        "plan with `unitsync plan`"
                    )
        return True


def save(plan: SavedPlan, path: Path) -> None:
    """Writes the plan with its checksum; only its owner may read it. Raises PlanRefused."""
    content = {
        "format": FORMAT,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "balances": {name: dict(balance) for name, balance in plan.balances.items()},
        "notices": {name: list(notices) for name, notices in plan.notices.items()},
        "pipelines": {
            name: [_written(scope) for scope in scopes] for name, scopes in plan.scopes.items()
        },
    }
    document = json.dumps({**content, "checksum": _checksum(content)}, indent=1, ensure_ascii=False)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(document + "\n")
    except OSError as error:
        raise PlanRefused(
            f"the plan cannot be written to {path}: {error.strerror}; name another file with --out"
        ) from None


def load(path: Path) -> SavedPlan:
    """Reads a plan back; raises PlanRefused for a file that is not one, or was changed."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanRefused(
            f"{path} cannot be read: {error.strerror}; `unitsync plan --out {path}` makes one"
        ) from None
    except ValueError:
        raise PlanRefused(
            f"{path} is not a plan: it is not JSON; `unitsync plan --out plan.json` makes one"
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise PlanRefused(f"{path} is not a plan written by this version of `unitsync plan --out`")
    if content.pop("checksum", None) != _checksum(content):
        raise PlanRefused(f"{path} was changed after it was written; make a new one")
    return SavedPlan(
        content["lineage"],
        content["serial"],
        {
            name: tuple(_read(scope) for scope in scopes)
            for name, scopes in content["pipelines"].items()
        },
        content["balances"],
        content.get("notices", {}),  # an older version wrote none
    )


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _written(planned: PlannedScope) -> dict[str, Any]:
    written = asdict(planned)
    written["plan"]["keys"] = sorted(planned.plan.keys)
    return written


def _read(written: Mapping[str, Any]) -> PlannedScope:
    plan = dict(written["plan"])
    plan["changes"] = _each(Change, plan["changes"])
    plan["missing"] = tuple(plan["missing"])
    plan["keys"] = frozenset(plan["keys"])
    plan["columns"] = tuple(plan["columns"])
    return PlannedScope(
        **{
            **written,
            "plan": ScopePlan(**plan),
            "units": _each(KnownUnit, written["units"]),
            "groups": _each(KnownGroup, written["groups"]),
            "tripped": tuple(map(_tripped, written["tripped"])),
            "allowances": tuple(written["allowances"]),
            "twins": _each(Twin, written["twins"]),
        }
    )


def _stand(planned: PlannedScope, pipeline: str, store: Store) -> bool:
    standing, _ = store.allowed(pipeline, planned.plan.scope)
    return set(planned.allowances) <= set(standing)


def _tripped(written: Mapping[str, Any]) -> Tripped:
    return Tripped(**{**written, "concern": Concern.read(written["concern"])})


def _each(kind: Callable[..., Any], written: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(kind(**entry) for entry in written)
