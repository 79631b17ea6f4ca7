"""What the tests of the real thing share: a place with an inventory in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.real.inventory import Inventory
from tests.real.place import Place, opened


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path / "place") as place:
        yield place


@pytest.fixture
def inventory(place: Place) -> Inventory:
    inventory = Inventory(Random(1))
    inventory.export(place.folder)
    return inventory
