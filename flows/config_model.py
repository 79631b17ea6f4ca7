"""Finds the setting that a place in the configuration belongs to, among the settings classes.

pydantic says where a value is wrong; what would be right there (which names, which bounds, whether
it is a secret) stands in the classes, and is read from them so that no message repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from flows.config_errors import listed
from flows.yaml_file import Place


@dataclass(frozen=True, slots=True)
class Setting:
    """What belongs at a place: its type, its bounds and its description."""

    annotation: Any
    metadata: tuple[Any, ...] = ()
    description: str = ""

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown."""
        return SecretStr in _parts(self.annotation)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the settings inside it, when it is a section."""
        return tuple(dict.fromkeys(name for model in self.sections for name in model.model_fields))

    @property
    def sections(self) -> tuple[type[BaseModel], ...]:
        """The settings classes that it may be."""
        return tuple(p for p in _parts(self.annotation) if _is_model(p))

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be, when it is a choice of words."""
        literals = [p for p in _parts(self.annotation) if get_origin(p) is Literal]
        return tuple(str(word) for literal in literals for word in get_args(literal))

    @property
    def allowed(self) -> str:
        """What may stand there, in words: `a whole number from 1 to 100`."""
        if self.choices:
            return listed(self.choices)
        words = [_kind(part) for part in _parts(self.annotation)]
        kinds = [word for word in dict.fromkeys(words) if word]
        first = f"{kinds[0]}{_bounds(self.metadata)}" if kinds else "another value"
        return listed([first, *kinds[1:]])


def setting_at(place: Place, model: type[BaseModel], written: Any) -> Setting | None:
    """The setting at `place`, or None where the settings classes know none."""
    setting: Setting | None = Setting(model)
    for step in place:
        if setting is None:
            return None
        setting = _inside(setting, step, written)
        written = _item(written, step)
    return setting


def chosen(setting: Setting, written: Any) -> tuple[type[BaseModel], ...]:
    """The settings classes of a section; of several, the one that its `kind` names."""
    if len(setting.sections) < 2 or not isinstance(written, Mapping):
        return setting.sections
    kind = written.get("kind")
    named = [m for m in setting.sections if kind in _kind_names(m)]
    return tuple(named) or setting.sections


def home_of(name: str, around: Place, model: type[BaseModel], written: Any) -> Place | None:
    """The section near `around` that has a setting called `name`; None when none has."""
    for place in _sections_near(around, model, written):
        section = setting_at(place, model, written)
        models = chosen(section, _value_at(place, written)) if section else ()
        if any(name in candidate.model_fields for candidate in models):
            return place
    return None


def _sections_near(around: Place, model: type[BaseModel], written: Any) -> Iterator[Place]:
    """The sections within a place, then those around it and beside it, nearest first."""
    for depth in range(len(around), -1, -1):
        place = around[:depth]
        if depth < len(around):
            yield place
        section = setting_at(place, model, written)
        for inside in section.names if section else ():
            yield (*place, inside)
            yield (*place, inside, "NAME")


def _value_at(place: Place, written: Any) -> Any:
    for step in place:
        written = _item(written, step)
    return written


def kinds(setting: Setting) -> tuple[str, ...]:
    """The words that the `kind` of a section may be."""
    return tuple(name for model in setting.sections for name in _kind_names(model))


def _inside(setting: Setting, step: str | int, written: Any) -> Setting | None:
    for model in chosen(setting, written):
        if isinstance(step, str) and step in model.model_fields:
            return _field(model.model_fields[step])
    for part in _parts(setting.annotation):
        arguments = get_args(part)
        if get_origin(part) in (dict, Mapping, list, tuple) and arguments:
            return Setting(arguments[-1] if arguments[-1] is not ... else arguments[0])
    return None


def _field(field: FieldInfo) -> Setting:
    return Setting(field.annotation, tuple(field.metadata), field.description or "")


def _item(written: Any, step: str | int) -> Any:
    try:
        return written[step]
    except (KeyError, IndexError, TypeError):
        return None


def _kind_names(model: type[BaseModel]) -> tuple[str, ...]:
    field = model.model_fields.get("kind")
    return tuple(str(word) for word in get_args(field.annotation)) if field else ()


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _parts(annotation: Any) -> list[Any]:
    """The alternatives of a type: `int | None` has two; an Annotated counts as what it holds."""
    return list(_split(annotation))


def _split(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _split(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _split(part)
    else:
        yield annotation


def _kind(part: Any) -> str:
    if _is_model(part) or get_origin(part) in (dict, Mapping):
        return "a section of settings"
    if get_origin(part) in (list, tuple):
        return "a list"
    words = {bool: "true or false", int: "a whole number", float: "a number"}
    return words.get(part, "null" if part in (None, type(None)) else "text")


def _bounds(metadata: tuple[Any, ...]) -> str:
    low = next((f"from {m.ge:g}" for m in metadata if isinstance(m, Ge)), "")
    low = next((f"above {m.gt:g}" for m in metadata if isinstance(m, Gt)), low)
    high = next((f"to {m.le:g}" for m in metadata if isinstance(m, Le)), "")
    high = next((f"below {m.lt:g}" for m in metadata if isinstance(m, Lt)), high)
    return "".join(f" {bound}" for bound in (low, high) if bound)
