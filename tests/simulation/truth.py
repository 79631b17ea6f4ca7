"""The inventory as it really is, and how it changes by the night."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Row = dict[str, Any]

FACILITIES = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
COMMUNITY = "COMM-1"
# Columns of the export of storage, by place.
KEY, RATE = 1, 5
STORAGE, APARTMENTS = "units.csv", "apartments.csv"
SIZES = ((5, 10), (10, 10), (10, 20))

CONFIG = """\
state: unitsync.db
reports: reports
pipelines:
  storage:
    source: {{kind: file, path: units.csv}}
    target:
      kind: storedge
      access_id: ${{STOREDGE_ACCESS_ID}}
      secret_key: ${{STOREDGE_SECRET_KEY}}
      base_url: http://127.0.0.1:1
      requests_per_second: null
      batch_size: {batch}
      concurrency: 1
    scope: site
    key: id
    fields:
      name: name
      width: width
      length: length
      height: {{const: 8}}
      door_width: {{const: 8}}
      door_height: {{const: 7}}
      door_type: {{const: roll_up}}
      access_type: {{const: indoor}}
      standard_rate: {{column: {rate}, parse: money}}
      walk_thru_order: {{const: 1}}
      unit_type: {{const: f7687db9-654a-4018-8d27-bd0f3bfd25a0}}
      floor: {floor}
      {note}
      combination_lock_number: lock
    groups: {{key: {group}, name: "{{group_name}}{by_size}{suffix}", reference_unit: majority}}
    missing: {missing}
    canary: {canary}
    guardrails: {limits}
  apartments:
    source: {{kind: file, path: apartments.csv}}
    target:
      kind: travtus
      client_id: ${{TRAVTUS_CLIENT_ID}}
      client_secret: ${{TRAVTUS_CLIENT_SECRET}}
      base_url: http://127.0.0.1:1
      token_url: http://127.0.0.1:1/oauth2/token
      requests_per_second: null
      batch_size: 3
      concurrency: 1
    scope: community
    key: ref
    fields:
      external_ref: ref
      unit_number: number
      number_of_bedrooms: beds
      sqft: sqft
      address.address_line_1: street
      address.address_line_2: {{template: "Unit {{number}}"}}
    canary: {canary}
    guardrails: {limits}
"""
# The columns that settings may name instead of one another.
# With another key and another name, a group is another one; with another key alone it is the same.
GROUP_KEYS = (("group", ""), ('"{group} by size"', " by size"), ('"{group} anew"', ""))
FLOORS = ("floor", "level")
RATES = ("rate", "price")
NOTE = 'attribute_description: {column: note, default: ""}'
LIMITS = "{max_missing: 45%, max_updates: 70%, max_rejected: 30%, at_least: 3}"
TIGHT = "{max_missing: 10%, max_updates: 20%, max_rejected: 10%, max_rate_change: 50%, at_least: 1}"
NO_LIMITS = "{max_missing: null, max_updates: null, max_rejected: null}"


class Truth:
    """Two small facilities and a community. What was dropped never gives its name to another."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._number = 0
        self.units: dict[str, Row] = {}
        self.apartments: dict[str, Row] = {}
        self.gone: list[Row] = []
        self.swapped: set[str] = set()
        self.group_names: dict[str, str] = {}
        for site in FACILITIES[: random.choice([1, 1, 2])]:
            for _ in range(random.randint(3, 6)):
                self.build(site)
        for _ in range(random.randint(2, 5)):
            self.build_apartment()

    def build(self, site: str) -> None:
        self._number += 1
        width, length = self.random.choice(SIZES)
        # An accent can be written as one character or as two.
        key = f"u{self._number}é"
        self.units[key] = {
            "site": site,
            "id": key,
            "name": f"A{self._number}",
            "width": width,
            "length": length,
            "rate": f"{self.random.randint(50, 400)}.00",
            "lock": f"LOCK-{self._number}-0",
            "floor": self.random.choice(["1", "2", ""]),
            "level": str(self._number % 3),
            "note": self.random.choice(["", "near the lift"]),
            **self.group(width, length),
        }

    def group(self, width: int, length: int) -> Row:
        """The group of that size, by the name that it has now."""
        key = f"{width}x{length}"
        return {"group": key, "group_name": self.group_names.get(key, f"{key} indoor")}

    def build_apartment(self) -> None:
        self._number += 1
        key = f"c{self._number}"
        self.apartments[key] = {
            "community": COMMUNITY,
            "ref": key,
            "number": self._number,
            "beds": self.random.randint(1, 3),
            "sqft": self.random.randint(400, 900),
            "street": "1 Main Street",
        }

    def live_through_a_day(self) -> None:
        """Some of what happens between two nights."""
        for _ in range(self.random.choice([0, 1, 1, 2, 4])):
            self.random.choice(EVENTS)(self)

    def some(self) -> Row | None:
        return self.random.choice(list(self.units.values())) if self.units else None

    def storage_rows(self) -> list[Row]:
        return list(self.units.values())

    def apartment_rows(self) -> list[Row]:
        return list(self.apartments.values())


def rate(truth: Truth) -> None:
    if row := truth.some():
        row["rate"] = f"{truth.random.randint(50, 400)}.00"


def rename(truth: Truth) -> None:
    if row := truth.some():
        truth._number += 1
        row["name"] = f"B{truth._number}"


def swap_names(truth: Truth) -> None:
    row = truth.some()
    others = [o for o in truth.units.values() if row and o["site"] == row["site"] and o is not row]
    if row and others:
        other = truth.random.choice(others)
        row["name"], other["name"] = other["name"], row["name"]
        truth.swapped |= {row["id"], other["id"]}


def resize(truth: Truth) -> None:
    """The group does not follow at once: its reference unit may now be of another size."""
    if row := truth.some():
        row["width"], row["length"] = truth.random.choice(SIZES)


def move(truth: Truth) -> None:
    if row := truth.some():
        row |= truth.group(*truth.random.choice(SIZES))


def rename_group(truth: Truth) -> None:
    if row := truth.some():
        truth._number += 1
        name = f"{row['group']} of {truth._number}"
        truth.group_names[row["group"]] = name
        for other in truth.units.values():
            if other["group"] == row["group"]:
                other["group_name"] = name


def annotate(truth: Truth) -> None:
    if row := truth.some():
        row["note"] = truth.random.choice(["", "corner", "near the lift"])
        row["floor"] = truth.random.choice(["1", "2", "3"])


def change_lock(truth: Truth) -> None:
    if row := truth.some():
        head, _, count = row["lock"].rpartition("-")
        row["lock"] = f"{head}-{int(count) + 1}"


def build(truth: Truth) -> None:
    if row := truth.some():
        truth.build(row["site"])


def drop(truth: Truth) -> None:
    """Whoever may still bear another's name stays: that name would be for a person to free."""
    row = truth.some()
    if row and len(truth.units) > 2 and row["id"] not in truth.swapped:
        truth.gone.append(truth.units.pop(row["id"]))


def come_back(truth: Truth) -> None:
    if truth.gone:
        row = truth.gone.pop()
        width, _, length = row["group"].partition("x")
        truth.units[row["id"]] = row | truth.group(int(width), int(length))


def refurbish(truth: Truth) -> None:
    row = truth.random.choice(list(truth.apartments.values()))
    row["sqft"] = truth.random.randint(400, 900)


def readdress(truth: Truth) -> None:
    row = truth.random.choice(list(truth.apartments.values()))
    truth._number += 1
    row["number"] = truth._number


def build_apartment(truth: Truth) -> None:
    truth.build_apartment()


def drop_apartment(truth: Truth) -> None:
    if len(truth.apartments) > 2:
        truth.apartments.pop(truth.random.choice(list(truth.apartments)))


EVENTS: Sequence[Callable[[Truth], None]] = (
    rate,
    rate,
    rename,
    swap_names,
    resize,
    move,
    rename_group,
    annotate,
    change_lock,
    build,
    drop,
    come_back,
    refurbish,
    readdress,
    build_apartment,
    drop_apartment,
)


def exported(rows: Sequence[Row]) -> bytes:
    """The whole and sound export."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()
