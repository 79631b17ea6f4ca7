"""What must be unique among the valid rows of a scope: names, addresses, references, groups.

All rows of a clash are refused, because none has the better claim. Only rows that are valid
otherwise take part: a row that is refused anyway does not drag a valid one down with it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from transforms.cells import shown
from transforms.duplicates import others
from transforms.schema import TargetSchema
from transforms.travtus import address_keys

REFERENCE = "external_ref"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule across rows: the field it is written down under, the columns that show its value."""

    name: str
    field: str
    columns: tuple[str, ...]
    need: str
    where: str = "stands in row"


GROUP_NAME = Rule(
    "group_name_unique",
    "groups.name",
    ("_group_name",),
    "two groups of a scope cannot have one name, whatever its case",
    where="names the group with the key",
)
EXTERNAL_REF = Rule(
    "external_ref_unique", REFERENCE, (REFERENCE,), "a reference must be unique in its group"
)


def folded(text: str) -> str:
    """A name as it is compared: Unicode form, surrounding blanks and case do not count."""
    if text.isascii():
        return text.strip().lower()
    composed = unicodedata.normalize("NFKC", text).strip().casefold()
    return unicodedata.normalize("NFKC", composed)


def clashes(frame: pd.DataFrame, schema: TargetSchema) -> Iterator[pd.DataFrame]:
    """One line for each row and each rule of uniqueness that it breaks."""
    name = schema.name_field
    if name is not None and name in frame.columns:
        yield from _contested(frame, _folded(frame[name]), frame.index, _name_rule(name))
    address = tuple(field for field in schema.address_fields if field in frame.columns)
    if address:
        yield from _contested(frame, address_keys(frame), frame.index, _address_rule(address))
    if REFERENCE in schema.fields and REFERENCE in frame.columns:
        yield from _contested(frame, frame[REFERENCE], frame.index, EXTERNAL_REF)
    if "_group_name" in frame.columns:
        yield from _contested(frame, _folded(frame["_group_name"]), frame["_group"], GROUP_NAME)


def _name_rule(field: str) -> Rule:
    need = "a name must be unique in its scope, whatever its case"
    return Rule("name_unique", field, (field,), need)


def _address_rule(columns: tuple[str, ...]) -> Rule:
    need = "two addresses must differ by more than case and punctuation, or the API mixes them up"
    return Rule("address_unique", "address", columns, need)


def _folded(names: pd.Series[str]) -> pd.Series[str]:
    return names.map({name: folded(name) for name in names.dropna().unique()}).astype("str")


def _contested(
    frame: pd.DataFrame,
    identity: pd.Series[str],
    claimants: pd.Index[Any] | pd.Series[Any],
    rule: Rule,
) -> Iterator[pd.DataFrame]:
    """The rows whose identity more than one claimant of their scope has; an absent one has none."""
    if not identity.dropna().duplicated().any():
        return
    identities = identity.groupby([frame["_scope"], identity], sort=False).ngroup()
    claims = pd.DataFrame({"identity": identities, "claimant": claimants}, index=frame.index)
    distinct = claims[claims["identity"] >= 0].drop_duplicates()
    contested = distinct[distinct.duplicated("identity", keep=False)]
    rivals: dict[int, list[Any]] = {}
    for number, claimant in contested.itertuples(index=False):
        rivals.setdefault(number, []).append(claimant)
    refused = claims[claims["identity"].isin(list(rivals))]
    messages = [
        f"also {rule.where} {others(rivals[number], claimant)}; {rule.need}."
        for number, claimant in refused.itertuples(index=False)
    ]
    yield _lines(frame.loc[refused.index], messages, rule)


def _lines(rows: pd.DataFrame, messages: list[str], rule: Rule) -> pd.DataFrame:
    cells = rows[list(rule.columns)].fillna("").to_numpy().tolist()
    values = [", ".join(shown(cell) for cell in row if cell) for row in cells]
    return pd.DataFrame(
        {
            "row": rows.index,
            "scope": rows["_scope"].to_numpy(),
            "key": rows["_key"].to_numpy(),
            "field": rule.field,
            "rule": rule.name,
            "value": values,
            "message": [
                f"{rule.field} “{value}” {message}"
                for value, message in zip(values, messages, strict=True)
            ],
        }
    )
