"""Live units that stand beside one that we keep in step and bear what should be its alone.

A vendor without idempotency keys that finishes a request after our last reading makes such a twin
(contracts S5, T5, T6). It is told to a person every night until it is gone, and never touched:
which of the two has tenants nobody here can know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from transforms.cells import shown
from transforms.plan import KnownUnit, Live, LiveUnit, Payload
from transforms.schema import TargetSchema
from transforms.travtus import SEPARATOR, address_key
from transforms.unique import REFERENCE, folded

NAME, ADDRESS = "name", "address"

# What a label is called, and the label itself.
Label = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Twin:
    """A live unit that no key is linked to, and the unit that it repeats. `shared` says in what."""

    scope: str
    key: str
    remote_id: str
    twin_id: str
    shared: str

    @property
    def message(self) -> str:
        """Both ids, which of them is kept in step, and what to do."""
        return (
            f"{self.scope}: live unit {self.twin_id} repeats {self.remote_id}, which is unit "
            f"{self.key!r} and kept in step: both have the {self.shared}. Nothing is sent to "
            f"{self.twin_id} and nothing is deleted; remove or rename it by hand at the vendor. "
            "This is told every night until then"
        )


def twins(known: Iterable[KnownUnit], live: Live, schema: TargetSchema) -> tuple[Twin, ...]:
    """The twins in a complete reading; a known unit that is not live any more has none."""
    linked = {unit.remote_id: unit for unit in known}
    strangers = [unit for unit in live.units if unit.remote_id not in linked]
    if not strangers:
        return ()
    owners: dict[Label, KnownUnit] = {}
    for unit in live.units:
        if (owner := linked.get(unit.remote_id)) is not None:
            # The vendor may show more of an address than was sent, and less of a reference.
            for one in (owner, unit):
                owners |= dict.fromkeys(labels(one.name, one.payload, schema), owner)
    found = (_twin(live.scope, stranger, owners, schema) for stranger in strangers)
    return tuple(twin for twin in found if twin is not None)


def _twin(
    scope: str, stranger: LiveUnit, owners: Mapping[Label, KnownUnit], schema: TargetSchema
) -> Twin | None:
    for what, label in labels(stranger.name, stranger.payload, schema):
        if (owner := owners.get((what, label))) is not None:
            told = (
                stranger.name if what == NAME else ", ".join(filter(None, label.split(SEPARATOR)))
            )
            shared = f"{what} {shown(told)!r}"
            return Twin(scope, owner.key, owner.remote_id, stranger.remote_id, shared)
    return None


def labels(name: str, payload: Payload, schema: TargetSchema) -> Iterator[Label]:
    """What a unit goes by: its name whatever its case, or its reference and its address."""
    told = (
        [(NAME, folded(name))]
        if schema.name_field
        else [(REFERENCE, str(payload.get(REFERENCE, ""))), (ADDRESS, address_key(payload))]
    )
    yield from (label for label in told if label[1].strip())
