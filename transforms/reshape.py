"""Valid rows as group-scoped frames: the desired side, one scope at a time.

`Desired` holds one digest per scope, so that a night without changes compares a handful of digests
and touches no row.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from transforms.fingerprint import fingerprints, scope_digests
from transforms.plan import Payload
from transforms.rows import Held, Rows
from transforms.schema import TargetSchema
from transforms.secrets import SecretMask
from transforms.shared_keys import SharedKeys
from transforms.validate import Checked

GROUP_COLUMNS = ["_group_name", "_marked", "_enclosed"]


@dataclass(frozen=True, slots=True)
class ScopeDesired:
    """What the source says about one scope now.

    `units` is indexed by source row and holds `_key`, the API fields (secrets hashed), `_digest`
    and, with groups, `_group`, `_group_name`, `_marked` and `_enclosed`. `rejected` are the keys of
    the scope's rejected rows, `astray` those of rejected rows that name no scope: neither is ever
    missing. `shared` are the keys that stand in several scopes. `rows` and `rejected_rows` count
    source rows, `rejected_keys` the rejected ones by key ("" for those without). `columns` are
    those of the source. `complete` says that what is not here is really gone; `part` that only what
    somebody selected is here, so that nothing is said about the rest.
    """

    scope: str
    units: pd.DataFrame
    rejected: frozenset[str]
    astray: frozenset[str]
    shared: Container[str]
    rows: int
    rejected_rows: int
    complete: bool
    digest: str
    rejected_keys: Mapping[str, int] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    part: bool = False


@dataclass(frozen=True)
class Desired:
    """What the source says now, all scopes of a pipeline. `secrets` never leaves the push. `whole`
    is, of a selected part, what it was taken from."""

    units: Rows
    secrets: Rows = field(repr=False)
    rejections: Rows
    counts: pd.DataFrame  # by scope: valid, rejected, digest, complete
    astray: frozenset[str]
    complete: bool
    columns: tuple[str, ...] = ()
    whole: Desired | None = field(default=None, repr=False)

    def part(self, rows: pd.Index) -> Desired:
        """Only these source rows: never complete, and never in step, for the rest is not here."""
        units = pd.concat(frame[frame.index.isin(rows)] for frame in self.units.each())
        lines = pd.concat(lines[lines["row"].isin(rows)] for lines in self.rejections.each())
        return replace(
            self,
            units=Held(units, units["_scope"]),
            rejections=Held(lines, lines["scope"]),
            counts=_row_counts(units, lines).assign(complete=False, digest=""),
            astray=frozenset(),
            complete=False,
            whole=self,
        )

    @cached_property
    def shared(self) -> Container[str]:
        """The keys that stand in several scopes of the source."""
        return self.whole.shared if self.whole else SharedKeys(self._places, self._keys_of)

    def _places(self) -> Iterator[pd.DataFrame]:
        for units in self.units.each():
            yield units[["_scope", "_key"]].set_axis(["scope", "key"], axis="columns")
        for lines in self.rejections.each():
            yield lines[["scope", "key"]]

    def _keys_of(self, scope: str) -> frozenset[str]:
        return frozenset(self.units.of(scope)["_key"]) | frozenset(self.rejections.of(scope)["key"])

    def secrets_of(self, scope: str, keys: Iterable[str]) -> dict[str, Payload]:
        """The real values of the secret fields of some units of a scope, by unit key."""
        rows = self.units.of(scope)
        rows = rows[rows["_key"].isin(list(keys))]
        cells = self.secrets.of(scope).loc[rows.index].to_dict("records")
        return {
            key: {str(name): value for name, value in fields.items() if pd.notna(value)}
            for key, fields in zip(rows["_key"], cells, strict=True)
        }

    def scopes(self) -> list[str]:
        """Every scope that the source names, in a stable order."""
        return list(self.counts.index)

    @cached_property
    def _row_counts(self) -> Mapping[str, tuple[int, int]]:
        columns = (self.counts[name].tolist() for name in ("valid", "rejected"))
        return dict(zip(self.scopes(), zip(*columns, strict=True), strict=True))

    def row_counts(self, scope: str) -> tuple[int, int]:
        """How many rows of the scope are valid, and how many were rejected."""
        return self._row_counts.get(scope, (0, 0))

    def digest(self, scope: str) -> str:
        """The scope's digest, or "" for a scope that the source does not name."""
        return str(self.counts.at[scope, "digest"]) if scope in self.counts.index else ""

    def scope(self, scope: str) -> ScopeDesired:
        """One scope, for the diff; empty for a scope that the source does not name."""
        lines = self.rejections.of(scope).drop_duplicates("row")  # a row can break several rules
        rejected = Counter(lines["key"].tolist())
        valid, rejected_rows = self.row_counts(scope)
        named = scope in self.counts.index
        complete = self.counts.at[scope, "complete"] if named else self.complete
        return ScopeDesired(
            scope=scope,
            units=self.units.of(scope),
            rejected=frozenset(rejected) - {""},
            astray=self.astray,
            shared=self.shared,
            rows=valid + rejected_rows,
            rejected_rows=rejected_rows,
            complete=bool(complete),
            digest=self.digest(scope),
            rejected_keys=dict(rejected),
            columns=self.columns,
            part=self.whole is not None,
        )


def reshape(
    checked: Checked,
    schema: TargetSchema,
    mask: SecretMask,
    *,
    complete: bool,
    version: str,
    columns: tuple[str, ...] = (),
) -> Desired:
    """Valid rows and rejections as desired scopes.

    `complete` is the verdict on the extract as a whole; a row without a key, or without a scope
    and a key, takes it away where that row could be any unit. `version` is the mapping's own: it
    is part of every digest, so that changed settings are never skipped as unchanged. `columns` are
    those of the source, mapped or not.
    """
    secret_fields = [name for name, field in schema.fields.items() if field.secret]
    units, secrets = mask.split(checked.valid, secret_fields)
    said = [name for name in units.columns if name in schema.fields or name == "_group"]
    units = units.assign(_digest=fingerprints(units[said], version))
    complete = complete and not checked.scopeless_keyless
    return Desired(
        units=Held(units, units["_scope"]),
        secrets=Held(secrets, units["_scope"]),
        rejections=Held(checked.rejections, checked.rejections["scope"]),
        counts=_counts(units, checked, complete, version),
        astray=checked.scopeless_keys,
        complete=complete,
        columns=columns,
    )


def _counts(units: pd.DataFrame, checked: Checked, complete: bool, version: str) -> pd.DataFrame:
    rejected = checked.rejections[checked.rejections["scope"] != ""]
    counts = _row_counts(units, rejected)
    counts["complete"] = complete & ~counts.index.isin(list(checked.keyless_scopes))
    others = units[["_key", *(name for name in GROUP_COLUMNS if name in units.columns)]]
    counts["digest"] = scope_digests(
        units["_scope"], fingerprints(others, version), units["_digest"]
    ).reindex(counts.index, fill_value="")
    named = (
        rejected.groupby("scope")["key"].agg(_digest_of_keys).reindex(counts.index, fill_value="")
    )
    # For all scopes alike, also for one without a valid row: what the settings say counts too.
    common = _digest_of([version, *sorted(checked.scopeless_keys)])
    counts["digest"] += named + common + counts["complete"].map({True: "c", False: "p"})
    return counts


def _row_counts(units: pd.DataFrame, rejections: pd.DataFrame) -> pd.DataFrame:
    """By scope how many rows are valid, and how many were rejected."""
    rejected = rejections[rejections["scope"] != ""]
    counts = pd.DataFrame(
        {
            "valid": units.groupby("_scope", sort=True).size(),
            "rejected": rejected.groupby("scope", sort=True)["row"].nunique(),
        }
    )
    return counts.fillna(0).astype("int64")


def _digest_of(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _digest_of_keys(keys: Iterable[str]) -> str:
    return _digest_of(sorted(set(keys)))
