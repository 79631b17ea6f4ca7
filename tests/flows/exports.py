"""Exports as they come from desks that nobody here has seen, each with its truth.

What must be filled in by hand is listed per export: ids and measures that no column holds.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openpyxl import Workbook

FACILITY = "4c1f7a52-0d8e-4b6b-9a53-7f2e6d1c8b01"
SECOND = "b7e90d14-52c3-4f0a-8c6e-13a5d9f4e202"
TYPE = "f7687db9-654a-4018-8d27-bd0f3bfd25a0"
OTHER_TYPE = "0c9b7f1e-6b1a-4d8e-9a57-2f4c1e7d3b01"


@dataclass(frozen=True)
class Export:
    """A file; what a person fills in, place by place; and what the plan must then hold: some
    fields of every unit by its name or number, and how many rows are rejected."""

    name: str
    file: str
    content: bytes
    truth: Mapping[str, Mapping[str, Any]]
    by_hand: Mapping[str, Any] = field(default_factory=dict)
    rejected: int = 0
    target: str = "storedge"

    def __str__(self) -> str:
        return self.name


def lines(*text: str, encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    """A file of these lines, each ended."""
    return "".join(f"{line}{end}" for line in text).encode(encoding)


def workbook() -> bytes:
    """A report in a workbook whose first sheet is a cover."""
    book = Workbook()
    book.active.title = "Cover"
    book.active.append(["Printed by the front desk"])
    sheet = book.create_sheet("Units")
    sheet.append(["Space #", "Dimensions", "Category", "Street Rate", "Rented To", "Door", "Level"])
    for number in range(1, 31):
        size, kind, rate = (
            ("10' x 15'", "Inside", 129.5) if number % 2 else ("5' x 10'", "Drive Up", 64)
        )
        sheet.append([f"B{number:03}", size, kind, rate, "Somebody", "Roll-up", 1 + number % 2])
    sheet.append(["Totals", None, None, 2902.5])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


MEASURES = {
    "fields.height.const": 8,
    "fields.door_width.const": 8,
    "fields.door_height.const": 7,
}
DOORS = {"fields.door_type.const": "roll_up"}

GERMAN = Export(
    "semicolons, decimal commas, Latin-1, a sum below",
    "lager.csv",
    lines(
        "Einheit;Typ;Breite;Länge;Höhe;Torbreite;Torhöhe;Etage;Monatsmiete;Vermietbar;Schlosscode",
        "A-01;Außenbox;2,50;3,00;2,40;2,20;2,10;0;89,00;Ja;4711",
        "A-02;Außenbox;2,50;3,00;2,40;2,20;2,10;0;89,00;Nein;",
        "",
        "B-01;Innenbox;10,00;12,50;3,00;2,20;2,10;1;1.234,50;Ja;0815",
        "B-02;Innenbox;10,00;12,50;3,00;2,20;2,10;1;1.234,50;Ja;",
        "",
        "Summe;;;;;;;;2.647,00;;",
        encoding="latin-1",
    ),
    truth={
        "A-01": {"width": 2.5, "length": 3, "standard_rate": 89, "access_type": "outdoor"},
        "A-02": {"rentable": False, "floor": 0},
        "B-01": {"width": 10, "length": 12.5, "standard_rate": 1234.5, "access_type": "indoor"},
        "B-02": {"rentable": True, "unit_type": OTHER_TYPE, "door_width": 2.2},
    },
    by_hand={
        "scope.const": FACILITY,
        "fields.unit_type.values.Außenbox": TYPE,
        "fields.unit_type.values.Innenbox": OTHER_TYPE,
        **DOORS,
    },
)
SIZES = Export(
    "a size column, dollars, yes and no, codes of facilities, totals without a key",
    "units export.csv",
    lines(
        "Location Code,Unit #,Unit Size,Unit Type,Monthly Street Rate,Inside?,Rentable,"
        "Tenant Name,Balance Due",
        'L001,101,10x15,Climate,"$1,234.50",Yes,Yes,"Doe, Jane",$12.00',
        'L001,102,10x15,Climate,"$1,234.50",Yes,No,,',
        ",,,,,,,,",
        "L002,101,5x5,Locker,$45.00,Yes,Yes,,",
        'L002,102,12x30,Parking,"($45.00)",No,Yes,,',
        'L002,103,12x30,Parking,$75.00,No,Yes,"O\'Hara, Pat",$0.00',
        ',,,Grand Total,"$2,634.00",,,,$12.00',
    ),
    truth={
        f"{FACILITY} 101": {
            "width": 10,
            "length": 15,
            "standard_rate": 1234.5,
            "access_type": "indoor",
        },
        f"{FACILITY} 102": {"rentable": False, "unit_group": "10x15 Climate"},
        f"{SECOND} 101": {"width": 5, "length": 5, "unit_group": "5x5 Locker"},
        f"{SECOND} 103": {"width": 12, "length": 30, "access_type": "outdoor", "standard_rate": 75},
    },
    by_hand={
        "scope.values.L001": FACILITY,
        "scope.values.L002": SECOND,
        "fields.unit_type.values.Climate": TYPE,
        "fields.unit_type.values.Locker": TYPE,
        "fields.unit_type.values.Parking": OTHER_TYPE,
        **MEASURES,
        **DOORS,
    },
    rejected=1,
)
MARKS = Export(
    "tabs, marks for yes, feet behind numbers, a type of uuids",
    "spaces.txt",
    lines(
        "SpaceNo\tWidth (ft)\tDepth (ft)\tCeiling\tDoor Width\tDoor Height\tDoor\tOutside\t"
        "UnitTypeID\tRack Rate\tNotes\tCombo",
        f"S1\t10 ft\t20 ft\t8'\t9 ft\t7 ft\tOverhead\tx\t{TYPE}\t150 USD\tdamp\t1234",
        f"S2\t5 ft\t10 ft\t8'\t3 ft\t7 ft\tHinged\t\t{OTHER_TYPE}\t60.50 USD\t\t",
        f"S3\t5 ft\t10 ft\t8'\t3 ft\t7 ft\tHinged\t\t{OTHER_TYPE}\t60.50 USD\t\t9876",
        end="\n",
    ),
    truth={
        "S1": {
            "width": 10,
            "length": 20,
            "height": 8,
            "door_type": "roll_up",
            "access_type": "outdoor",
        },
        "S2": {
            "door_width": 3,
            "door_type": "swing",
            "access_type": "indoor",
            "standard_rate": 60.5,
        },
        "S3": {"unit_type": OTHER_TYPE, "unit_group": "5 ft x 10 ft"},
    },
    by_hand={"scope.const": FACILITY},
)
WORKBOOK = Export(
    "a workbook with a cover, sizes with feet",
    "inventory.xlsx",
    workbook(),
    truth={
        "B001": {
            "width": 10,
            "length": 15,
            "standard_rate": 129.5,
            "access_type": "indoor",
            "floor": 2,
        },
        "B030": {"width": 5, "length": 10, "door_type": "roll_up", "access_type": "outdoor"},
    },
    by_hand={
        "scope.const": FACILITY,
        "fields.unit_type.values.Inside": TYPE,
        "fields.unit_type.values.Drive Up": OTHER_TYPE,
        **MEASURES,
    },
)
OWN_NAMES = Export(
    "JSON with storEDGE's own names",
    "units.json",
    json.dumps(
        {
            "units": [
                {
                    "id": f"u-{number}",
                    "facility_id": FACILITY,
                    "name": f"{number}",
                    "width": 10,
                    "length": 12.5,
                    "height": 8,
                    "door_width": 8,
                    "door_height": 7,
                    "door_type": "roll_up",
                    "access_type": "outdoor",
                    "standard_rate": 99.99,
                    "walk_thru_order": number,
                    "unit_type": {"id": TYPE, "name": "Drive-Up"},
                    "rentable": number != 3,
                }
                for number in range(1, 6)
            ]
        }
    ).encode(),
    truth={
        "1": {"length": 12.5, "unit_type": TYPE},
        "3": {"rentable": False, "unit_group": "10x12.5 Drive-Up"},
    },
)
UNTOLD = Export(
    "pipes, names that say little, amounts known by their looks, UTF-16",
    "EXPORT.CSV",
    lines(
        "SPACE|DIM (WxLxH)|Klass|AMT/MO|STATUS",
        "1|5x10x8|Interior|£45.00|Vacant",
        "2|5x10x8|Interior|£45.00|Occupied",
        "3|10x10x9|Exterior|£80.00|Unrentable",
        "4|10x10x9|Exterior|£80.00|Reserved",
        encoding="utf-16",
    ),
    truth={
        "1": {"width": 5, "length": 10, "height": 8, "standard_rate": 45, "rentable": True},
        "2": {"access_type": "indoor"},
        "3": {"width": 10, "height": 9, "rentable": False, "access_type": "outdoor"},
    },
    by_hand={
        "scope.const": FACILITY,
        "fields.unit_type.const": TYPE,
        "fields.door_width.const": 5,
        "fields.door_height.const": 7,
        **DOORS,
    },
)
RENT_ROLL = Export(
    "a rent roll: units that repeat by building, Bed/Bath, no address",
    "rent_roll.csv",
    lines(
        "Bldg,Unit,Bed/Bath,SqFt,Market Rent,Actual Rent,Resident",
        'A,101,2/1.5,"1,250","$1,950.00","$1,900.00",Somebody',
        "A,102,Studio/1,480,$990.00,,",
        'B,101,2/1.5,"1,250","$1,950.00",,',
        "B,102,3/2,1410,$2150.00,,",
        ",Total,,4390,$7040.00,,",
    ),
    truth={
        "Unit 101, A": {"number_of_bedrooms": 2, "number_of_bathrooms": 2, "sqft": 1250},
        "Unit 102, A": {"number_of_bedrooms": 0, "number_of_bathrooms": 1, "sqft": 480},
        "Unit 101, B": {"external_ref": "B-101"},
        "Unit 102, B": {"number_of_bedrooms": 3, "number_of_bathrooms": 2},
    },
    by_hand={"scope.const": "COMM-9", "fields.address.address_line_1.const": "12 Orchard Lane"},
    target="travtus",
)
ADDRESSES = Export(
    "a list of homes: ids, words for bedrooms, addresses, codes with zeros in front",
    "homes.csv",
    lines(
        "PropertyCode;UnitID;Apt;Beds;Baths;Sq Ft;Street Address;City;State;Zip;Move In",
        "OAK;U-1;1A;Studio;1;450 sf;1 Oak Street;Salem;MA;01970;2024-01-01",
        "OAK;U-2;1B;2 BR;1.5;850 sf;1 Oak Street;Salem;MA;01970;",
        "ELM;U-3;1A;1 BR;1;600 sf;9 Elm Road;Salem;MA;01970;",
        "ELM;U-4;1B;2 BR;2;910 sf;9 Elm Road;Salem;MA;01970;",
        "Total;;;;;2810 sf;;;;;",
    ),
    truth={
        "Unit 1A, U-1": {"number_of_bedrooms": 0, "sqft": 450, "address.postal_code": "01970"},
        "Unit 1B, U-2": {"number_of_bedrooms": 2, "number_of_bathrooms": 2, "sqft": 850},
        "Unit 1A, U-3": {"address.address_line_1": "9 Elm Road", "external_ref": "U-3"},
        "Unit 1B, U-4": {"number_of_bathrooms": 2},
    },
    target="travtus",
)
REPORT = Export(
    "a report: a title, a date, a blank line, then the names",
    "report.csv",
    lines(
        "MAIN STREET STORAGE - SITE REPORT",
        "Printed 2026-01-01,,",
        "",
        "Unit,Size,Type,Door,Rate,Floor",
        "A1,5x10,Inside,Roll-up,$50.00,1",
        "A2,5x10,Inside,Roll-up,$50.00,1",
        "A3,10x10,Outside,Swing,$90.00,1",
    ),
    truth={
        "A1": {"width": 5, "length": 10, "standard_rate": 50, "access_type": "indoor"},
        "A3": {"width": 10, "door_type": "swing", "access_type": "outdoor"},
    },
    by_hand={
        "scope.const": FACILITY,
        "fields.unit_type.values.Inside": TYPE,
        "fields.unit_type.values.Outside": OTHER_TYPE,
        **MEASURES,
    },
)
EXPORTS = (REPORT, GERMAN, SIZES, MARKS, WORKBOOK, OWN_NAMES, UNTOLD, RENT_ROLL, ADDRESSES)
