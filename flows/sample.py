"""A few units of every scope as they would be sent: what a person compares with the export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from transforms.canonical import nest, payloads
from transforms.plan import Payload
from transforms.reshape import Desired
from transforms.schema import TargetSchema
from transforms.secrets import blanked

UNITS = 3
# Two screens full; who has more scopes has seen by then whether the mapping is right.
SCOPES = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """The first units of the first scopes, secrets hidden, and how many scopes there are in all."""

    units: Mapping[str, tuple[Payload, ...]]
    scopes: int

    @property
    def more(self) -> int:
        """The scopes that are not shown."""
        return self.scopes - len(self.units)

    def document(self) -> dict[str, Any]:
        """As in `--json`: nested, as the API takes it."""
        shown = {scope: [nest(unit) for unit in units] for scope, units in self.units.items()}
        return {"scopes": self.scopes, "units": shown}


def sample_of(desired: Desired, schema: TargetSchema) -> Sample:
    """Of each scope that has a valid row."""
    filled = [scope for scope in desired.scopes() if desired.row_counts(scope)[0]]
    shown = {scope: _units(desired, scope, schema) for scope in islice(filled, SCOPES)}
    return Sample(shown, len(filled))


def _units(desired: Desired, scope: str, schema: TargetSchema) -> tuple[Payload, ...]:
    units = desired.units.of(scope).head(UNITS)
    return tuple({k: blanked(v) for k, v in unit.items()} for unit in payloads(units, schema))
