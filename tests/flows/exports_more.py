"""More exports, of the second time that the product was tried on what nobody here had seen."""

from __future__ import annotations

import gzip
import io

from openpyxl import Workbook

from tests.flows.exports import (
    DOORS,
    EXPORTS,
    FACILITY,
    MEASURES,
    OTHER_TYPE,
    SECOND,
    TYPE,
    Export,
    lines,
)

DOOR_SIZES = {"fields.door_width.const": 8, "fields.door_height.const": 7}

FRENCH = Export(
    "tabs, UTF-16, metres, blanks for thousands, a lock code that looks like an id",
    "boxes.txt",
    lines(
        "N° Box\tCentre\tType de box\tLargeur (m)\tProfondeur (m)\tHauteur (m)\tNiveau\t"
        "Loyer mensuel TTC\tDisponible à la location\tCode cadenas",
        "009\tLyon Est\tClimatisé\t1,50\t2,00\t2,80\tRDC\t89,90\tOui\t1009",
        "010\tLyon Est\tAccès véhicule\t3,00\t5,00\t2,80\tRDC\t1 049,90\tNon\t1010",
        "011\tLyon Est\tClimatisé\t1,50\t2,00\t2,80\t1er étage\t89,90\tOui\t1011",
        "012\tLyon Est\tAccès véhicule\t3,00\t5,00\t2,80\tSous-sol\t1\u00a0049,90\tOui\t1012",
        encoding="utf-16",
    ),
    truth={
        "009": {"width": 1.5, "length": 2, "height": 2.8, "floor": 0, "standard_rate": 89.9},
        "010": {"standard_rate": 1049.9, "rentable": False, "access_type": "outdoor"},
        "011": {"floor": 1, "access_type": "indoor"},
        "012": {"standard_rate": 1049.9, "floor": -1, "rentable": True},
    },
    by_hand={
        "scope.values.Lyon Est": FACILITY,
        "fields.unit_type.values.Climatisé": TYPE,
        "fields.unit_type.values.Accès véhicule": OTHER_TYPE,
        **DOOR_SIZES,
        **DOORS,
    },
)


def _merged() -> bytes:
    """A workbook with a merged title above the units, and more rows in its notes."""
    book = Workbook()
    notes = book.active
    notes.title = "Notes"
    for number in range(20):
        notes.append([f"note {number}"])
    sheet = book.create_sheet("Unit List")
    sheet.append(["HARBOR SELF STORAGE"])
    sheet.merge_cells("A1:H1")
    sheet.append(["As of", "2026-01-31"])
    sheet.append([])
    sheet.append(
        ["Unit ID", "Space", "Width", "Depth", "Clg Ht", "Loading", "Street Rate", "Rentable?"]
    )
    sheet.append(["00123", 1.0, 10, 15, 8.5, "Hallway", 129.5, "X"])
    sheet.append(["00124", "C2", 5, 10.5, 8.5, "Drive-up", 1249, None])
    sheet.append(["00125", 3.0, 10, 15, 8.5, "Hallway", 129.5, "X"])
    sheet.append([])
    sheet.append(["Total", 3, None, None, None, None, 1508])
    sheet.append(["*** End of report ***"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


MERGED = Export(
    "a workbook with a merged title, more rows in its notes, and a last line below the total",
    "Harbor Units.xlsx",
    _merged(),
    truth={
        "1": {"width": 10, "length": 15, "height": 8.5, "access_type": "indoor", "rentable": True},
        "C2": {"length": 10.5, "standard_rate": 1249, "access_type": "outdoor", "rentable": False},
        "3": {"standard_rate": 129.5},
    },
    by_hand={
        "scope.const": FACILITY,
        "fields.unit_type.const": TYPE,
        **DOOR_SIZES,
        **DOORS,
    },
)
PADDED = Export(
    "units called 1.0, a facility's id in a column of another name, doors in words of their own",
    "spaces.tsv",
    lines(
        "place\tunit\tsize ft\tceiling ft\tdoor w\tdoor h\thow it closes\tunit category\tweb price"
        "\tprice\tlevel",
        f"{FACILITY}\t1.0\t10 x 20\t8\t9\t7\toverhead\tOutside Drive Up\t$41\t$51.00\t1",
        f"{FACILITY}\t2.0\t5 x 10\t8\t3\t7\thinged\tInside\t$42\t$52.00\tGround",
        f"{SECOND}\t1.0\t10 x 20\t8\t9\t7\toverhead\tOutside Drive Up\t$41\t$51.00\tB1",
        f"{SECOND}\t2.0\t5 x 10\t8\t3\t7\thinged\tInside\t$42\t$52.00\t2nd",
    ),
    truth={
        f"{FACILITY} 1": {"door_type": "roll_up", "door_width": 9, "height": 8, "floor": 1},
        f"{FACILITY} 2": {"door_type": "swing", "standard_rate": 52, "floor": 0},
        f"{SECOND} 1": {"access_type": "outdoor", "floor": -1},
        f"{SECOND} 2": {"access_type": "indoor", "length": 10, "floor": 2},
    },
    by_hand={
        "fields.unit_type.values.Outside Drive Up": TYPE,
        "fields.unit_type.values.Inside": OTHER_TYPE,
    },
)
SITELINK = Export(
    "SiteLink's rates side by side, blanks behind names",
    "UnitsInformation.csv",
    lines(
        "SiteCode,UnitID,UnitNumber,TypeName,Width,Length,Inside,PushRate,StdRate,BoardRate,DoorType",
        "L101,90001,A01 ,Climate,10.0000,15.0000,1,100.0000,90.0000,80.0000,1",
        "L101,90002,A02 ,Parking,10.0000,25.0000,0,70.0000,60.0000,50.0000,0",
    ),
    truth={
        "A01": {"standard_rate": 90, "door_type": "roll_up", "access_type": "indoor"},
        "A02": {"standard_rate": 60, "door_type": "none", "unit_group": "10x25 Parking"},
    },
    by_hand={
        "scope.values.L101": FACILITY,
        "fields.unit_type.values.Climate": TYPE,
        "fields.unit_type.values.Parking": OTHER_TYPE,
        **MEASURES,
    },
)
SPANISH = Export(
    "names in a language that nobody thought of, euros behind amounts",
    "lista.csv",
    lines(
        "Referencia;Ancho;Largo;Alto;Planta;Precio/mes;Exterior (S/N);Puerta;Alquilable",
        "T1;1,5;2,0;2,5;Baja;45,00 EUR;N;persiana;Sí",
        "T2;2,25;2,0;2,5;Primera;1.060,00 EUR;S;batiente;No",
        "TOTAL;;;;;1.105,00 EUR;;;",
        encoding="latin-1",
    ),
    truth={
        "T1": {"width": 1.5, "standard_rate": 45, "access_type": "indoor", "floor": 0},
        "T2": {"width": 2.25, "standard_rate": 1060, "access_type": "outdoor", "rentable": False},
    },
    by_hand={"scope.const": FACILITY, "fields.unit_type.const": TYPE, **DOOR_SIZES},
)
AVAILABILITY = Export(
    "homes with 2BR/1BA in a column of another name, and the whole address in one",
    "availability.csv",
    lines(
        "Community,Unit,Layout,Sq. Footage,Address,Move-in Ready",
        'oak,101,2BR/1BA,"1,020 sqft","12 Elm St, Apt 101, Salem, MA 01970",Yes',
        'oak,102,Studio/1BA,480 sqft,"12 Elm St #102, Salem, MA 01970",No',
        'oak,103,A1 - 1 Bed / 1.5 Bath,610 sqft,"14 Elm St Unit 103, Salem, MA 01970-1234",No',
    ),
    truth={
        "Unit 101, 101": {
            "number_of_bedrooms": 2,
            "number_of_bathrooms": 1,
            "sqft": 1020,
            "address.address_line_1": "12 Elm St",
            "address.city": "Salem",
            "address.state": "MA",
            "address.postal_code": "01970",
        },
        "Unit 102, 102": {"number_of_bedrooms": 0, "address.address_line_1": "12 Elm St"},
        "Unit 103, 103": {
            "number_of_bedrooms": 1,
            "number_of_bathrooms": 2,
            "address.address_line_1": "14 Elm St",
            "address.postal_code": "01970-1234",
        },
    },
    target="travtus",
)
PACKED = Export(
    "packed: a title, letters for measures, a sum under the name",
    "report.csv.gz",
    gzip.compress(
        lines(
            "Site Report;;;;;;;",
            "Generated 2026-02-01;;;;;;;",
            ";;;;;;;",
            "Site ID;Unit ID;Unit;Type;W;D;H;Rate",
            f"{FACILITY};7001;U1;Outdoor;10;15;8;99,00",
            f"{SECOND};7002;U2;Indoor;10;20;8;1.099,00",
            ";;Sum;;;;;1.198,00",
        ),
        mtime=0,
    ),
    truth={
        "U1": {"width": 10, "length": 15, "height": 8, "standard_rate": 99},
        "U2": {"length": 20, "standard_rate": 1099, "unit_group": "10x20 Indoor"},
    },
    by_hand={
        "fields.unit_type.values.Outdoor": TYPE,
        "fields.unit_type.values.Indoor": OTHER_TYPE,
        **DOOR_SIZES,
        **DOORS,
    },
)
EVERY = (PACKED, *EXPORTS, FRENCH, MERGED, PADDED, SITELINK, SPANISH, AVAILABILITY)
