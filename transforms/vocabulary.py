"""The names that exports give to what the APIs call otherwise: SiteLink's, storEDGE's, rent rolls'.

A name counts in any case and spelling (`sUnitName`, `UNIT NAME` and `unit_name` are one). A whole
name that is listed is sure; one that only has a telling name in it is likely. Pure tables and one
comparison: what stands in the cells is judged elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

# SiteLink writes the type before the name: sUnitName, dcWidth, iFloor, bRentable.
_HUNGARIAN: Final = re.compile(r"\A(?:dc|s|b|i|d|c|u)(?=[A-Z])")
# What is counted in, or how it is marked, says nothing of what it is: Largeur (m), Exterior (S/N).
_ASIDE: Final = re.compile(
    r"\s*(\([^)]*\)|\[[^]]*\])|(?<!sq)(?<!sq\.)(?<!square)\s+(ft|feet|m|cm)\.?\s*\Z",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+|#")
# Columns about the tenant, or about money that is not the asking rate.
_FOREIGN: Final = frozenset(
    {
        "tenant",
        "resident",
        "occupant",
        "customer",
        "email",
        "phone",
        "balance",
        "deposit",
        "late",
        "fee",
        "tax",
        "insurance",
        "paid",
        "due",
        "discount",
        "lease",
        "moved",
        "move",
        "date",
        "admin",
        "actual",
        "current",
        "contract",
        "charge",
        "loss",
        "mieter",
        "kaution",
        "locataire",
        "image",
        "url",
        "web",
        "website",
        "online",
    }
)

_METRES: Final = re.compile(r"[ (\[](m|cm|mt|mtr|metres?|meters?)[)\].]*\Z", re.IGNORECASE)
# A size whose name says that the length stands first: Size (LxW), Länge x Breite.
_LENGTH_FIRST: Final = re.compile(
    r"\b(l|len|length|d|depth|länge|laenge|tiefe|longueur|profondeur|largo|fondo|lengte|diepte)"
    r"\.?\s*[x×*/]\s*(w|wd|width|b|br|breite|largeur|ancho|a|breedte)\b",
    re.IGNORECASE,
)
_FRENCH_LENGTH_FIRST: Final = re.compile(r"\bL\s*[xX×]\s*l\b")  # longueur x largeur
_ANOTHER_TIME: Final = re.compile(
    r"(\b|_)(pw|p/w|pa|p\.a\.|weekly|week|annual|annually|yearly|year|daily|day|woche|jahr|semaine|año)"
    r"(\b|_)",
    re.IGNORECASE,
)
# Of columns that hold what opens something nothing is shown, and all they can be is a lock code.
_SECRET: Final = frozenset(
    {
        "lock",
        "overlock",
        "combination",
        "combo",
        "padlock",
        "cadenas",
        "candado",
        "schloss",
        "schlosscode",
        "zugangscode",
        "gate",
        "alarm",
        "keypad",
        "passcode",
        "password",
        "pin",
    }
)

COMMON: Final = {
    "key": (
        "unit id;unit key;unit guid;unit uuid;id;guid;uuid;external ref;external id;unit ref;"
        "record id;unit code;source id;einheit id;objekt nr;uid"
    ),
    "scope": (
        "site id;facility id;property id;community id;community ref;store id;location id;site;"
        "facility;property;community;store;location;site code;facility code;property code;"
        "location code;store number;facility name;site name;property name;community name;"
        "location name;store name;complex;standort;filiale;anlage;liegenschaft;etablissement;"
        "vestiging;sucursal;centre;center;centro;sede"
    ),
}
STORAGE: Final = COMMON | {
    "name": (
        "unit name;unit;unit number;unit no;unit num;unit #;space;space number;space no;"
        "space #;name;box;box nr;boxnummer;einheit;lagerbox;numéro;numero;box no;locker;"
        "trastero;trastero nr;storage unit;unidad;no box;n box;label;unit label"
    ),
    "width": "width;unit width;w;breite;largeur;ancho;breedte;width ft;b",
    "length": (
        "length;depth;unit length;unit depth;l;länge;laenge;tiefe;longueur;profondeur;largo;"
        "lengte;diepte;length ft;fondo;prof;d;t"
    ),
    "height": (
        "height;ceiling height;ceiling;unit height;h;höhe;hoehe;hauteur;alto;hoogte;clg ht;"
        "clear height;ht;altura"
    ),
    "door_width": (
        "door width;torbreite;türbreite;door w;dr width;door wd;ancho puerta;largeur porte"
    ),
    "door_height": "door height;torhöhe;türhöhe;door h;dr height;door ht;alto puerta;hauteur porte",
    "door_type": "door type;door;door style;tür;tor;türart;door kind;puerta;type de porte;porte",
    "access_type": (
        "access type;inside;indoor;outdoor;outside;interior;exterior;access;unit location;"
        "drive up;driveup;access kind;innen;innenliegend;zugang;in out;accès;acceso"
    ),
    "size": (
        "size;unit size;dimensions;dims;size w x l;size wxl;w x l;wxl;maße;masse;größe;groesse;"
        "dimensions ft;taille;maat;l x w;lxw;size l x w"
    ),
    "standard_rate": (
        "standard rate;std rate;street rate;rack rate;list price;list rate;asking rate;"
        "asking rent;rate;price;monthly rate;monthly rent;monthly price;market rent;"
        "market rate;rent;street price;preis;miete;monatsmiete;prix;loyer;precio;prijs;huur;"
        "miete netto;monatspreis;precio mes;precio mensual;loyer mensuel;tarif;std monthly;"
        "tarifa;huur p m;huur per maand;mietpreis;tarifa mensual;renta mensual"
    ),
    "walk_thru_order": (
        "walk thru order;walk through order;walkthru order;walkthrough;walk order;sort order;"
        "sequence"
    ),
    "unit_type": (
        "type name;unit type;type;category;unit category;unit class;class;typ;art;kategorie;"
        "type de box;tipo;unit type name;kind;unit kind;unit type id;space type"
    ),
    "floor": (
        "floor;level;story;storey;floor number;stock;stockwerk;etage;étage;geschoss;piso;"
        "verdieping;lvl;niveau;planta;fl;nivel;flr"
    ),
    "rentable": (
        "rentable;is rentable;available for rent;vermietbar;louable;can rent;available to rent;"
        "can be rented;mietbar;alquilable;disponible à la location;te huur"
    ),
    "status": (
        "status;unit status;occupancy;occupancy status;unit state;belegung;stat;estado;statut"
    ),
    "attribute_description": (
        "attribute description;unit note;description;unit description;notes;note;comment;"
        "comments;remarks;features;bemerkung;beschreibung;remarque;notas"
    ),
    "combination_lock_number": (
        "lock code;combination lock number;lock combination;combination;lock number;combo;lock;"
        "schlosscode;combination lock;code cadenas;cadenas;candado;padlock;padlock code;"
        "lock combo"
    ),
    "overlock_lock_number": "overlock lock number;overlock;overlock number;overlock code",
    "group": "unit group;group;unit group name;group name;gruppe",
    "tax_rates": "tax rates;tax rate ids",
    "unit_amenities": "unit amenities;amenity ids",
    "tier": "tier;tier id",
    "rank": "rank;unit rank",
    "exclude_from_api": "exclude from api",
}
APARTMENTS: Final = COMMON | {
    "unit_number": (
        "unit number;unit;unit no;unit num;unit #;apt;apt number;apt no;apt #;apartment;"
        "apartment number;suite;door number;wohnung;wohnungsnr;unit name;unit code;logement;"
        "home;whg nr;home number;flat;flat no;apartment no;unit nr;bldg unit;building unit;bldg apt"
    ),
    "number_of_bedrooms": (
        "bedrooms;beds;bed;br;bd;bdrms;bedroom count;number of bedrooms;num beds;bed count;"
        "schlafzimmer;chambres"
    ),
    "number_of_bathrooms": (
        "bathrooms;baths;bath;ba;bathroom count;number of bathrooms;num baths;bath count;"
        "badezimmer;bäder"
    ),
    "full_baths": "full baths;full bathrooms;full bath",
    "half_baths": "half baths;half bathrooms;half bath;powder rooms",
    "bed_bath": (
        "bed bath;beds baths;bd ba;br ba;bed and bath;bedrooms bathrooms;floor plan type;"
        "unit type;floorplan;floor plan;layout;bd bth;bed bath type;plan"
    ),
    "sqft": (
        "sqft;sq ft;square feet;square footage;sf;unit sqft;size;area;net sf;unit sq ft;rsf;"
        "rentable sqft;gross sf;living area;sq footage;sq feet;square ft;sqft total"
    ),
    "has_flex_wall": "flex wall;has flex wall;flex",
    "building_name": (
        "bldg;building;building name;bldg name;building number;bldg #;bldg no;gebäude;haus;"
        "bâtiment;building id;bldg id"
    ),
    "address_line_1": (
        "address;street;street address;address 1;address line 1;address1;addr;street name;"
        "unit address;property address;straße;strasse;adresse;rue;addr1;calle;dirección;"
        "direccion;straße u hausnr;full address;mailing address"
    ),
    "house_number": "hausnummer;hausnr;house number;house no;street number;street no",
    "city_line": "city state zip;city state zip code;city state;plz ort",
    "address_line_2": "address 2;address line 2;address2;addr2",
    "city": "city;town;ort;stadt;ville",
    "state": "state;province;st;bundesland;region",
    "country": "country;land;pays",
    "postal_code": "zip;zip code;postal code;postcode;zipcode;plz;code postal",
    "latitude": "latitude;lat",
    "longitude": "longitude;lng;lon;long",
}
Words = tuple[str, ...]
Order = tuple[int, int, int]


def _phrases(table: Mapping[str, str]) -> dict[str, list[Words]]:
    return {
        role: [tuple(phrase.casefold().split()) for phrase in names.split(";")]
        for role, names in table.items()
    }


PHRASES: Final = {"storedge": _phrases(STORAGE), "travtus": _phrases(APARTMENTS)}
# Names that tell even when other words stand around them; `type` or `name` alone would not.
_TELLING: Final = frozenset(
    {
        "width",
        "length",
        "depth",
        "height",
        "rate",
        "rent",
        "price",
        "size",
        "floor",
        "sqft",
        "bedrooms",
        "beds",
        "baths",
        "bathrooms",
        "zip",
        "city",
        "street",
        "facility",
        "site",
        "property",
        "community",
        "building",
        "bldg",
        "preis",
        "miete",
        "breite",
        "länge",
        "höhe",
        "tiefe",
        "largeur",
        "longueur",
        "hauteur",
        "prix",
        "loyer",
        "profondeur",
        "ceiling",
        "ancho",
        "precio",
        "prijs",
        "straße",
        "strasse",
        "huur",
        "schlafzimmer",
        "badezimmer",
        "bäder",
        "uuid",
        "guid",
        "overlock",
        "combination",
        "dimensions",
    }
)


@dataclass(frozen=True, slots=True)
class Match:
    """What a column's name means: its role, whether the whole name is listed, and its rank among
    the names of the role (0 is the most telling)."""

    role: str
    sure: bool
    rank: int


def words_of(name: str) -> tuple[str, ...]:
    """`sUnitName`, `UNIT_NAME` and `Unit name` are all (unit, name), and so is `Unit Name (ft)`."""
    told = _ASIDE.sub("", name)
    named = _HUNGARIAN.sub("", told if _WORD.search(told) else name)
    return tuple(word.casefold() for word in _WORD.findall(named))


def is_foreign(name: str) -> bool:
    """Whether a column is about the tenant or about money that is not the asking rate."""
    return bool(_FOREIGN & set(words_of(name)))


def is_by_another_time(name: str) -> bool:
    """`Price pw`, `Annual Rent`: an amount, but not one of a month."""
    return _ANOTHER_TIME.search(name) is not None


def is_in_metres(name: str) -> bool:
    """`Largeur (m)`, `width m`."""
    return _METRES.search(name) is not None


def is_length_first(name: str) -> bool:
    """Whether the name of a size says that the length stands before the width."""
    return bool(_LENGTH_FIRST.search(name) or _FRENCH_LENGTH_FIRST.search(name))


def is_secret(name: str) -> bool:
    """Whether a column holds what opens something."""
    words = set(words_of(name))
    return bool(_SECRET & words) or {"access", "code"} <= words


def match(name: str, target: str) -> list[Match]:
    """Every role that the name may mean, the most fitting first; of a nested one (`dims.w`) also
    what its last part means."""
    found = _meant(words_of(name), target)
    if found or "." not in name or is_foreign(name):
        return found
    last = _meant(words_of(name.rpartition(".")[2]), target)
    return [replace(one, sure=False) for one in last]


def _meant(words: Words, target: str) -> list[Match]:
    found = [
        _whole(words, role, phrases) or _within(words, role, phrases)
        for role, phrases in PHRASES[target].items()
    ]
    fitting = [one for one in found if one is not None]
    return [match for _, match in sorted(fitting, key=lambda pair: pair[0])]


def _whole(words: Words, role: str, phrases: list[Words]) -> tuple[Order, Match] | None:
    """The name is one of the phrases, however it is spaced."""
    joined = "".join(words)
    for rank, phrase in enumerate(phrases):
        if "".join(phrase) == joined:
            return (0, 0, rank), Match(role, sure=True, rank=rank)
    return None


def _within(words: Words, role: str, phrases: list[Words]) -> tuple[Order, Match] | None:
    """The name has a telling phrase in it; the longest phrase tells most."""
    if _FOREIGN & set(words):
        return None
    inside = [
        (-len(phrase), rank)
        for rank, phrase in enumerate(phrases)
        if set(phrase) < set(words) and (len(phrase) > 1 or phrase[0] in _TELLING)
    ]
    if not inside:
        return None
    length, rank = min(inside)
    return (1, length, rank), Match(role, sure=False, rank=rank)
