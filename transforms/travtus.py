"""The unit of Travtus: its fields, what each may hold, and when two addresses are one.

Travtus matches a unit without a known identifier by its address (seed 000), and does not say how
it compares them. So addresses count as one here when they differ only in case, spaces, Unicode
form or punctuation: a collision is then refused before one unit can overwrite another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from transforms.schema import Field, TargetSchema

if TYPE_CHECKING:
    import pandas as pd

WRITTEN = "contracts A.3"
# `units/find` answers with other names and other bathrooms, and without the caller's reference.
UNREAD = "contracts A.3 and A.4"

FIELDS: dict[str, Field] = {
    "external_ref": Field("text", readable=False, source=UNREAD),
    "unit_number": Field("text", source=WRITTEN),
    "has_flex_wall": Field("boolean", source=WRITTEN),
    "number_of_bedrooms": Field("integer", not_negative=True, source=WRITTEN),
    "number_of_bathrooms": Field("integer", not_negative=True, readable=False, source=UNREAD),
    "sqft": Field("integer", above_zero=True, source=WRITTEN),
    "bathrooms": Field("objects", readable=False, source=UNREAD),
    "address.building_name": Field("text", source=WRITTEN),
    "address.address_line_1": Field("text", required=True, source=WRITTEN),
    "address.address_line_2": Field("text", source=WRITTEN),
    "address.city": Field("text", source=WRITTEN),
    "address.state": Field("text", source=WRITTEN),
    "address.country": Field("text", source=WRITTEN),
    "address.postal_code": Field("text", source=WRITTEN),
    "address.latitude": Field("number", between=(-90.0, 90.0), source=WRITTEN),
    "address.longitude": Field("number", between=(-180.0, 180.0), source=WRITTEN),
}

ADDRESS_FIELDS = (
    "address.building_name",
    "address.address_line_1",
    "address.address_line_2",
    "address.city",
    "address.state",
    "address.country",
    "address.postal_code",
)
BATHROOM_FEATURES = ("has_shower_or_bath", "has_sink", "has_toilet")
SEPARATOR = "\n"


def schema() -> TargetSchema:
    """The fields of a Travtus unit."""
    return TargetSchema(target="travtus", fields=FIELDS, address_fields=ADDRESS_FIELDS)


def address_key(payload: Mapping[str, Any]) -> str:
    """The normalised address of one flat payload."""
    return SEPARATOR.join(_normalised(payload.get(name)) for name in ADDRESS_FIELDS)


def address_keys(frame: pd.DataFrame) -> pd.Series[str]:
    """The same for every row of a frame with flat columns; an absent column is an empty member."""
    members = frame.reindex(columns=list(ADDRESS_FIELDS)).astype("str").apply(_normalised_column)
    keys: pd.Series[str] = members[ADDRESS_FIELDS[0]]
    for name in ADDRESS_FIELDS[1:]:
        keys = keys + SEPARATOR + members[name]
    return keys


def _normalised(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(words)


def _normalised_column(cells: pd.Series[str]) -> pd.Series[str]:
    normalised = {text: _normalised(text) for text in cells.dropna().unique()}
    return cells.map(normalised).astype("str").fillna("")
