"""The JSON Schema of unitsync.yaml, for editors that complete, explain and check while one types.

Promises: whatever `flows.settings.load` takes, the schema takes, placeholders for environment
variables included; unknown names are refused on every level.
"""

from __future__ import annotations

from typing import Any, Final

from flows.settings import ConfigFile

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLACEHOLDER: Final = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
# What describes a setting rather than its value stays outside of the alternatives.
_ABOUT: Final = frozenset({"title", "description", "default"})
_NOT_TEXT: Final = frozenset({"integer", "number", "boolean"})


def json_schema() -> dict[str, Any]:
    """The schema as a dictionary, ready for `json.dumps`."""
    schema = ConfigFile.model_json_schema()
    for section in (schema, *schema["$defs"].values()):
        for name, setting in section.get("properties", {}).items():
            section["properties"][name] = _with_placeholder(setting)
    return {"$schema": _DRAFT, **schema}


def _with_placeholder(setting: dict[str, Any]) -> dict[str, Any]:
    """A setting that may also be `${NAME}`, where it is not text anyway."""
    about = {key: value for key, value in setting.items() if key in _ABOUT}
    value = {key: value for key, value in setting.items() if key not in _ABOUT}
    if "items" in value:
        return {**setting, "items": _with_placeholder(value["items"])}
    alternatives = value.get("anyOf", [value])
    if not any(_refuses_text(alternative) for alternative in alternatives):
        return setting
    return {**about, "anyOf": [*alternatives, _PLACEHOLDER]}


def _refuses_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") in _NOT_TEXT or "enum" in schema
