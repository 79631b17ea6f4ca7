"""Checks what no single setting can: whether the settings of a pipeline fit together.

Judged on what the file says, so that these problems are told together with all the others, even
when a value elsewhere in the pipeline is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from pydantic import SecretStr, TypeAdapter, ValidationError

from connectors.targets.settings import StoredgeSettings, TravtusSettings
from flows.config_errors import Problem, did_you_mean, listed, split_hint
from flows.written import Written
from flows.yaml_file import Place, dotted
from transforms import storedge, travtus
from transforms.change import GROUP_FIELD
from transforms.gaps import GAP, cure, filled
from transforms.mapping import (
    FieldSpec,
    Mapping,
    unfit_settings,
    unknown_fields,
    unmapped_fields,
)
from transforms.schema import TargetSchema
from transforms.sides import ANY_FIELD

# storEDGE keys have so many characters (contracts B.1); said by a caller, not by the vendor.
_STOREDGE_KEY = 40
# A pipeline's name stands in commands, file names and reports.
_NAME = re.compile(r"\w[\w.-]{0,63}\Z")
_BOOLEAN = TypeAdapter(bool)


def check_pipeline(name: str, written: Written) -> Iterator[Problem]:
    """The problems between the settings of one pipeline."""
    place: Place = ("pipelines", name)
    section = written.expanded.data["pipelines"][name]
    if not _NAME.match(name):
        allowed = "letters, digits, - . and _, at most 64, not beginning with a sign"
        yield written.problem(place, "a pipeline cannot have this name", allowed)
    if isinstance(section, dict) and isinstance(section.get("target"), dict):
        yield from _check_target(place, section, written)


def gap_places(name: str, written: Written) -> list[Place]:
    """Where `unitsync init` left something open in one pipeline."""
    return list(_gaps(written.expanded.data["pipelines"][name], ("pipelines", name)))


def gap_problems(places: Iterable[Place], written: Written) -> Iterator[Problem]:
    """What is to be filled in, a table of values at once, each with where to find it."""
    tables: dict[Place, list[Place]] = {}
    for place in places:
        tables.setdefault(place[:-1] if "values" in place else place, []).append(place)
    for table, gaps in tables.items():
        target = written.at((*table[:2], "target", "kind"))
        hint = f"replace each {GAP} by {cure(str(target), dotted(table[2:]))}"
        names = f" for {listed(str(gap[-1]) for gap in gaps)}" if gaps != [table] else ""
        line, column = written.document.position(gaps[0])
        found = f"this is still to be filled in{names}".replace(" or ", " and ")
        yield Problem(dotted(table), found, "", hint, line, column)


def without_gaps(section: dict[str, Any]) -> dict[str, Any]:
    """The settings of a pipeline with something that fits in each gap of its mapping."""
    target = section["target"]
    tiered = _flag(target, "tiered_pricing", default=False)
    storage = target["kind"] == "storedge"
    return filled(section, storedge.schema(tiered=tiered) if storage else travtus.schema())


def _gaps(value: Any, place: Place) -> Iterator[Place]:
    if value == GAP:
        yield place
    inside = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else inside
    for step, item in items:
        yield from _gaps(item, (*place, step))


def _check_target(place: Place, section: dict[str, Any], written: Written) -> Iterator[Problem]:
    target = section["target"]
    match target.get("kind"):
        case "storedge":
            schema = storedge.schema(tiered=_flag(target, "tiered_pricing", default=False))
            yield from _check_groups(place, section, written)
        case "travtus":
            schema = travtus.schema()
            yield from _check_travtus(place, section, written)
        case _:
            return
    if isinstance(section.get("fields"), dict) and section["fields"]:
        yield from _check_fields((*place, "fields"), section["fields"], schema, written)
        yield from _check_drift((*place, "drift"), section, schema, written)


def _check_drift(
    place: Place, section: dict[str, Any], schema: TargetSchema, written: Written
) -> Iterator[Problem]:
    """A policy is for a field that is mapped, and that the API shows."""
    drift = section.get("drift")
    shown = [name for name in section["fields"] if _can_drift(name, schema)]
    allowed = [*shown, GROUP_FIELD, ANY_FIELD]
    for name in drift if isinstance(drift, dict) else ():
        if name not in allowed:
            found = f'"{name}" is no field that could drift here'
            hint = did_you_mean(str(name), allowed)
            yield written.problem((*place, name), found, listed(allowed), hint)


def _can_drift(name: str, schema: TargetSchema) -> bool:
    field = schema.fields.get(name)
    return field is not None and field.readable and not field.secret and not field.create_only


def _flag(target: dict[str, Any], name: str, *, default: bool) -> bool:
    try:
        return _BOOLEAN.validate_python(target.get(name, default))
    except ValidationError:  # told where the setting itself is checked
        return default


def _check_groups(place: Place, section: dict[str, Any], written: Written) -> Iterator[Problem]:
    custom = _flag(section["target"], "custom_unit_groups", default=True)
    if section.get("groups") is not None and not custom:
        found = "groups are mapped, but custom_unit_groups is false"
        hint = 'remove "groups", or set target.custom_unit_groups to true'
        yield written.problem((*place, "groups"), found, "", hint)


def _check_travtus(place: Place, section: dict[str, Any], written: Written) -> Iterator[Problem]:
    if section.get("groups") is not None:
        found = "Travtus has no unit groups of its own: the scope is the group"
        hint = 'remove "groups"; the column of "scope" says which group a unit is in'
        yield written.problem((*place, "groups"), found, "", hint)
    if section.get("missing") == "retire":
        found = "Travtus cannot delete or deactivate a unit"
        yield written.problem((*place, "missing"), found, "report", "write missing: report")


def _check_fields(
    place: Place, fields: dict[str, Any], schema: TargetSchema, written: Written
) -> Iterator[Problem]:
    mapping = _readable(fields)
    unknown = dict(unknown_fields(mapping, schema))
    for name, near in unknown.items():
        hint = f'did you mean "{near}"?' if near else ""
        allowed = "" if near else listed(schema.fields)
        yield written.problem((*place, name), f'unknown API field "{name}"', allowed, hint)
    unmapped = [
        name
        for name in unmapped_fields(mapping, schema)
        if name not in fields and name not in unknown.values()
    ]
    if unmapped:
        found = f"required API fields have no source: {', '.join(unmapped)}"
        hint = f'add "{unmapped[0]}: COLUMN" or "{unmapped[0]}: {{const: VALUE}}"'
        yield written.problem(place, found, "", hint)
    for path, message in unfit_settings(mapping, schema):
        found, hint = split_hint(written.hide(message))
        at = written.document.place(dotted((*place[:-1], path)))
        yield written.problem(at, found, "", hint)


def _readable(fields: dict[str, Any]) -> Mapping:
    """The mapping of those fields that can be read; the others are told one by one elsewhere."""
    specs = {}
    for name, spec in fields.items():
        with suppress(ValidationError):
            specs[name] = FieldSpec.model_validate(spec)
    return Mapping.model_construct(fields=specs)


def credential_warnings(
    name: str, target: StoredgeSettings | TravtusSettings, written: Written
) -> Iterator[str]:
    """Sentences about credentials that work as they are and yet look wrong."""
    for setting, secret in target:
        if not isinstance(secret, SecretStr):
            continue
        place = ("pipelines", name, "target", setting)
        if written.value(place) != secret.get_secret_value():
            yield f"{dotted(place)}: blanks, line ends or quotes around it were removed"
        length = len(secret.get_secret_value())
        if isinstance(target, StoredgeSettings) and length != _STOREDGE_KEY and _remote(target):
            yield f"{dotted(place)} has {length} characters; storEDGE keys have {_STOREDGE_KEY}"


def _remote(target: StoredgeSettings) -> bool:
    """Whether the target is the vendor's rather than a sandbox, whose keys are of any length."""
    return target.base_url.startswith("https:")
