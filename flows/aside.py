"""Plans and outcomes of a night in which more changed than fits into memory.

They lie on the shelf of their job, scope by scope, and are made again whenever they are looked at:
what is in memory is bounded by the largest scope. A night whose inventory fits keeps them as they
are.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from connectors.sources.shelf import Place, Shelf
from flows.planning import PlannedScope
from transforms.plan import Entity, Result

T = TypeVar("T")


def planned_aside(planned: PlannedScope, shelf: Shelf) -> PlannedScope:
    """The same, with its changes and keys on the shelf, if that is in use."""
    plan = planned.plan
    if not shelf.in_use or planned.standing:
        return planned
    changes = Aside(shelf, shelf.lay(plan.changes))
    keys = NamesAside(shelf, shelf.lay(plan.keys))
    return replace(planned, plan=replace(plan, changes=changes, keys=keys))


def outcomes_aside(
    outcomes: Mapping[tuple[Entity, str], Result], shelf: Shelf
) -> Mapping[tuple[Entity, str], Result]:
    """The same, on the shelf, if that is in use."""
    return ByNameAside(shelf, shelf.lay(outcomes)) if shelf.in_use else outcomes


@dataclass(frozen=True, eq=False)
class Aside(Sequence[Any]):
    """The items of a sequence that lies on a shelf, made again whenever they are looked at."""

    shelf: Shelf = field(repr=False)
    place: Place

    def __len__(self) -> int:
        return self.place.rows

    def __getitem__(self, at: Any) -> Any:
        return self.shelf.fetch(self.place)[at]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.shelf.fetch(self.place))


@dataclass(frozen=True, eq=False)
class NamesAside(AbstractSet[str]):
    """The same of a set of names."""

    shelf: Shelf = field(repr=False)
    place: Place

    def __len__(self) -> int:
        return self.place.rows

    @classmethod
    def _from_iterable(cls, names: Iterable[T]) -> AbstractSet[T]:
        return frozenset(names)

    def __contains__(self, name: object) -> bool:
        return name in self.shelf.fetch(self.place)

    def __iter__(self) -> Iterator[str]:
        return iter(self.shelf.fetch(self.place))


@dataclass(frozen=True, eq=False)
class ByNameAside(Mapping[Any, Any]):
    """The same of a mapping."""

    shelf: Shelf = field(repr=False)
    place: Place

    def __len__(self) -> int:
        return self.place.rows

    def __getitem__(self, name: Any) -> Any:
        return self.shelf.fetch(self.place)[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.shelf.fetch(self.place))

    def items(self) -> ItemsView[Any, Any]:
        """All of them, made again once."""
        found: dict[Any, Any] = self.shelf.fetch(self.place)
        return found.items()

    def values(self) -> ValuesView[Any]:
        """All of them, made again once."""
        found: dict[Any, Any] = self.shelf.fetch(self.place)
        return found.values()
