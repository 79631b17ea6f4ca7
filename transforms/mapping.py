"""The settings that say where each API field's value comes from, and what is wrong with them.

Everything that can be known before a row is read is said here, so that a slip in the settings is
one configuration error and not a thousand rejected rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from transforms.parse import Parse, Unfit, fit
from transforms.schema import Field as ApiField
from transforms.schema import TargetSchema
from transforms.template import columns_of, is_template, parts_of

FORMS = ("column", "const", "template", "sum")
WITH_COLUMN = ("values", "lookup", "parse", "extract", "split", "default")
MAJORITY = "majority"


class FieldSpec(BaseModel):
    """Where one API field's value comes from.

    A column (a bare text is one), a constant, a template or a sum of columns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    column: str | None = Field(default=None, min_length=1)
    """The column whose cell is the value."""
    values: dict[str, Any] | None = Field(default=None, min_length=1)
    """What each text of the cell means; a text that is not listed is refused."""
    lookup: str | None = Field(default=None, min_length=1)
    """A CSV of two columns, instead of values: the texts of the cell, and what each means."""
    parse: Parse | None = None
    """How to read the cell, where the field's own type is not enough."""
    extract: str | None = None
    """A regular expression with one group: the part of the cell that counts."""
    split: str | None = Field(default=None, min_length=1)
    """What stands between the ids of a list in the cell."""
    default: Any = None
    """The value where the cell is empty; without it, nothing is said about the field."""
    const: Any = None
    """The same value for every row."""
    template: str | None = None
    """A text with columns in it: `Unit {unit_no}`, `{width:g}x{length:g}`."""
    sum: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Columns whose numbers are added."""

    @model_validator(mode="before")
    @classmethod
    def _bare_column(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @field_validator("extract")
    @classmethod
    def _one_group(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(
                f"{pattern!r} is not a regular expression: {error}; write one such as '^(\\d+)x'"
            ) from None
        if groups != 1:
            cure = "(?:…) around what does not count" if groups else f"'({pattern})'"
            raise ValueError(
                f"{pattern!r} has {groups} groups; exactly one (…) says what counts; write {cure}"
            )
        return pattern

    @field_validator("template")
    @classmethod
    def _well_formed(cls, template: str | None) -> str | None:
        if template is not None:
            parts_of(template)
        return template

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = [name for name in FORMS if name in self.model_fields_set]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            cure = "" if given else "; write {column: NAME, …}"
            raise ValueError(f"give exactly one of {', '.join(FORMS)}; found {found}{cure}")
        if given == ["const"] and self.const is None:
            raise ValueError("const needs a value; leave the field out to say nothing about it")
        extras = [name for name in WITH_COLUMN if name in self.model_fields_set]
        if extras and given != ["column"]:
            raise ValueError(f"{', '.join(extras)} only works with column, not with {given[0]}")
        readings = [name for name in ("values", "lookup", "parse", "split") if name in extras]
        if len(readings) > 1:
            raise ValueError(
                f"give only one of values, lookup, parse, split; found {' and '.join(readings)}"
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A bare text is allowed too, and an editor should know."""
        column = {"type": "string", "minLength": 1, "description": "A column of the source."}
        return {"anyOf": [column, handler(core_schema)]}

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each source column that the field needs, with the setting that names it."""
        if self.column is not None:
            # `fields.width: dcWidth` and `fields.width: {column: dcWidth}` are one setting.
            yield ("" if self.model_fields_set == {"column"} else ".column"), self.column
        if self.template is not None:
            yield from ((".template", name) for name in columns_of(parts_of(self.template)))
        yield from ((".sum", name) for name in self.sum or ())

    def constants(self) -> Iterator[tuple[str, Any]]:
        """Each API value that stands in the settings themselves."""
        for name in ("const", "default"):
            if getattr(self, name) is not None:
                yield f".{name}", getattr(self, name)
        yield from ((f".values.{text}", value) for text, value in (self.values or {}).items())


class GroupSpec(BaseModel):
    """Which group a unit belongs to, and what represents the group."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    key: str = Field(min_length=1)
    """A column or a template; it identifies the group for ever."""
    name: str = Field(min_length=1)
    """A column or a template; renames the group when it changes under the same key."""
    reference_unit: str = Field(default=MAJORITY, min_length=1)
    """`majority`, or a column that marks the reference unit of each group."""
    fully_enclosed: str | None = Field(default=None, min_length=1)
    """A column that says whether the group is fully enclosed."""

    @field_validator("key", "name")
    @classmethod
    def _well_formed(cls, text: str) -> str:
        if is_template(text):
            parts_of(text)
        return text

    def columns(self) -> Iterator[tuple[str, str]]:
        """Each source column that the group needs, with the setting that names it."""
        yield from _columns("groups.key", self.key)
        yield from _columns("groups.name", self.name)
        if self.reference_unit != MAJORITY:
            yield "groups.reference_unit", self.reference_unit
        if self.fully_enclosed is not None:
            yield "groups.fully_enclosed", self.fully_enclosed


class Mapping(BaseModel):
    """From the columns of a source to the units and groups of an API."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    scope: FieldSpec = Field(
        description="The column that holds the facility or community; or, like a field, its own "
        "texts and what they mean (values), or one id for all rows (const).",
    )
    key: str = Field(
        min_length=1,
        description="The column, or a template of columns, that is the source's own stable id of a "
        "unit.",
    )
    fields: dict[str, FieldSpec] = Field(min_length=1)
    """API field: where its value comes from."""
    groups: GroupSpec | None = None
    """Which group a unit belongs to (storEDGE with custom unit groups)."""
    decimal: Literal[".", ","] = Field(
        default=".",
        description="What stands before the decimals in every number of the source: with a comma, "
        "1.234,50 is read as 1234.5, and 1,234.50 is refused.",
    )
    ignore: dict[str, str] = Field(
        default={},
        description="Rows that are no units, such as totals: column: a regular expression. A row "
        "is left out where the cell matches from its beginning, in any case.",
    )

    @field_validator("key")
    @classmethod
    def _well_formed(cls, text: str) -> str:
        if is_template(text):
            parts_of(text)
        return text

    @field_validator("ignore")
    @classmethod
    def _expressions(cls, ignore: dict[str, str]) -> dict[str, str]:
        for pattern in ignore.values():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    f"{pattern!r} is not a regular expression: {error}; write one such as 'Total'"
                ) from None
            if re.match(pattern, ""):
                raise ValueError(
                    f"{pattern!r} matches an empty cell, and so would leave out units; write what "
                    "those rows begin with, such as 'Total'"
                )
        return ignore

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every (setting, source column) of the mapping."""
        yield from ((f"ignore.{column}", column) for column in self.ignore)
        yield from ((f"scope{suffix}", column) for suffix, column in self.scope.columns())
        yield from _columns("key", self.key)
        for field, spec in self.fields.items():
            yield from ((f"fields.{field}{suffix}", column) for suffix, column in spec.columns())
        if self.groups is not None:
            yield from self.groups.columns()


def _columns(setting: str, text: str) -> Iterator[tuple[str, str]]:
    """The columns of a setting that is a column or a template."""
    names = columns_of(parts_of(text)) if is_template(text) else (text,)
    yield from ((setting, name) for name in names)


def missing_columns(columns: Iterable[str], mapping: Mapping) -> list[tuple[str, str, str | None]]:
    """(setting, column, did you mean) of each column that the source does not have."""
    present = list(columns)
    absent = [(path, name) for path, name in mapping.columns() if name not in present]
    return [(path, name, _nearest(name, present)) for path, name in absent]


def unknown_fields(mapping: Mapping, schema: TargetSchema) -> list[tuple[str, str | None]]:
    """(field, did you mean) of each API field that the target does not have."""
    unknown = [name for name in mapping.fields if name not in schema.fields]
    # `city` should find `address.city`.
    leaves = {name.rpartition(".")[2]: name for name in schema.fields}
    near = [(name, _nearest(name, [*schema.fields, *leaves])) for name in unknown]
    return [(name, leaves.get(found or "", found)) for name, found in near]


def unmapped_fields(mapping: Mapping, schema: TargetSchema) -> list[str]:
    """The API fields that the target requires and the mapping leaves out."""
    required = (name for name, field in schema.fields.items() if field.required)
    return [name for name in required if name not in mapping.fields]


def unfit_settings(mapping: Mapping, schema: TargetSchema) -> list[tuple[str, str]]:
    """(setting, message) of each value in the settings that its API field can never hold."""
    known = {name: spec for name, spec in mapping.fields.items() if name in schema.fields}
    return [
        (f"fields.{name}{suffix}", message)
        for name, spec in known.items()
        for suffix, message in _misfits(spec, schema.fields[name])
    ]


def _misfits(spec: FieldSpec, field: ApiField) -> Iterator[tuple[str, str]]:
    if spec.split is not None and field.type != "ids":
        yield ".split", "makes a list of ids, but the field holds one value; write it without split"
    for suffix, value in spec.constants():
        message = None if value is None else _misfit(value, field)
        if message is not None:
            yield suffix, message


def _misfit(value: Any, field: ApiField) -> str | None:
    found = "•••" if field.secret else repr(value)
    try:
        fitted = fit(value, field.type)
    except Unfit as unfit:
        return f"{found} does not fit: {unfit.need}"
    if field.choices and fitted not in field.choices:
        near = _nearest(str(fitted), list(field.choices))
        hint = f"; did you mean {near}?" if near else ""
        return f"{found} is not one of {', '.join(field.choices)}{hint}"
    return None


def _nearest(name: str, names: list[str]) -> str | None:
    folded = {candidate.casefold(): candidate for candidate in names}
    near = get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else None
