"""The inventory of a pipeline on the page: units by kind, before the run and after it.

Promises that the kinds add up to the total, and that one which appeared or vanished is among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.summary import PipelineSummary, Stock

Stocks = Sequence[Stock]

# So many kinds are seen at once; of more, those that did not move are folded.
_OPEN_KINDS = 12


@dataclass(frozen=True)
class Line:
    """One kind of unit; what nobody counted, or the API does not speak of, is None."""

    kind: str
    units_before: int | None
    units: int
    rentable_before: int | None
    rentable: int | None

    @property
    def moved(self) -> bool:
        """Whether a number is another one than before."""
        before, after = (self.units_before, self.rentable_before), (self.units, self.rentable)
        return self.units_before is not None and before != after


@dataclass(frozen=True)
class Inventory:
    """The kinds that are seen at once, those that are folded, and their sum."""

    shown: tuple[Line, ...]
    folded: tuple[Line, ...]
    total: Line


def inventory_of(summary: PipelineSummary) -> Inventory | None:
    """The inventory that the run left; None where nothing is known, or its run did not count."""
    before, after = summary.inventory_before, summary.inventory
    if not after and not before:
        return None
    kinds = dict.fromkeys(stock.kind for stock in (*after, *(before or ())))
    lines = [_line(kind, _only(kind, before), _only(kind, after)) for kind in kinds]
    total = _line("all units", before, after)
    if len(lines) <= _OPEN_KINDS:
        return Inventory(tuple(lines), (), total)
    moved = tuple(line for line in lines if line.moved)
    return Inventory(moved, tuple(line for line in lines if not line.moved), total)


def _only(kind: str, stocks: Stocks | None) -> Stocks | None:
    return None if stocks is None else [stock for stock in stocks if stock.kind == kind]


def _line(kind: str, before: Stocks | None, after: Stocks | None) -> Line:
    return Line(kind, _units(before), _units(after) or 0, _rentable(before), _rentable(after))


def _units(stocks: Stocks | None) -> int | None:
    return None if stocks is None else sum(stock.units for stock in stocks)


def _rentable(stocks: Stocks | None) -> int | None:
    counts = [None] if stocks is None else [stock.rentable for stock in stocks]
    return None if None in counts else sum(count for count in counts if count is not None)
