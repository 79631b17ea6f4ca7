"""Turns pydantic's findings into problems that a person can act on.

Promises: no word of pydantic's reaches the user; no secret is shown; what one misspelt name causes
is told once.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from flows.config_errors import Problem, did_you_mean, listed, split_hint
from flows.config_model import Setting, chosen, home_of, kinds, setting_at
from flows.written import Written, show
from flows.yaml_file import Place, dotted
from transforms import storedge, travtus
from transforms.mapping import FieldSpec

# Lock codes are no settings, yet one may be written as a constant by mistake.
_LOCK_CODES = frozenset(name for name, field in storedge.FIELDS.items() if field.secret)
_NOTHING = 'give it a value behind the ":", or remove the line'


def translate(error: ValidationError, model: type[BaseModel], written: Written) -> list[Problem]:
    """The problems that a validation found, each told once."""
    findings = [_Finding(d, model, written) for d in error.errors(include_url=False)]
    unknown = [finding.place for finding in findings if finding.type == "extra_forbidden"]
    told = [f for f in findings if f.type != "missing" or not _misspelt(f.place, unknown)]
    return list(dict.fromkeys(finding.problem() for finding in told))


def _misspelt(missing: Place, unknown: list[Place]) -> bool:
    """Whether a missing setting is there under a name that is nearly its own."""
    beside = [str(place[-1]) for place in unknown if place[:-1] == missing[:-1]]
    return any(did_you_mean(name, [str(missing[-1])]) for name in beside)


class _Finding:
    """One of pydantic's findings, about to be told."""

    def __init__(self, detail: ErrorDetails, model: type[BaseModel], written: Written) -> None:
        self.type = detail["type"]
        self.context: dict[str, Any] = detail.get("ctx", {})
        self.model = model
        self.written = written
        self.place = written.place_of(detail["loc"])
        if self.type == "value_error" and written.at(self.place) is None:
            self.place = self.place[:-1]  # of a whole section; its last step is the section's kind
        self.value = written.at(self.place)
        self.setting = setting_at(self.place, model, written.document.data) or Setting(str)
        self.secret = self.setting.secret or bool(_LOCK_CODES.intersection(map(str, self.place)))

    def problem(self) -> Problem:
        found, allowed, hint = self._words()
        return self.written.problem(self.place, found, allowed, hint)

    def _words(self) -> tuple[str, str, str]:
        match self.type:
            case "extra_forbidden":
                return self._unknown()
            case "missing":
                choices = listed(self.setting.choices)
                return f'"{self.place[-1]}" is missing', choices, self.setting.description
            case "union_tag_invalid" | "union_tag_not_found":
                return self._kind()
            case "too_short":
                return self._found(), "at least one", ""
            case "value_error":
                found, hint = split_hint(self.written.hide(str(self.context["error"])))
                return found, "", hint
        said = {key: self.written.hide(str(text)) for key, text in self.context.items()}
        allowed = said.get("allowed", self._allowed())
        return said.get("found", self._found()), allowed, said.get("hint", self._hint())

    def _allowed(self) -> str:
        if self._is_field:
            return "a column, {column: …}, {const: …}, {template: …} or {sum: […]}"
        if self.type == "string_too_short":
            return "text that is not empty"
        if self.type == "string_pattern_mismatch":
            return self.setting.description or "text in another form"
        return self.setting.allowed

    @property
    def _is_field(self) -> bool:
        return self.setting.sections == (FieldSpec,)

    def _found(self) -> str:
        if self.secret and self.value is not None:
            return "found something else (it is secret and not shown)"
        if isinstance(self.value, str) and "${" in self.value:
            return f"found {show(self.value)} (what the variable holds is not shown)"
        return f"found {show(self.value)}"

    def _hint(self) -> str:
        if self.value is None:
            return _NOTHING
        if self.setting.secret:
            return 'write it in quotes, or better "${NAME}" and set that environment variable'
        if self._is_field:
            return "" if self.secret else _field_hint(self.value)
        if self.setting.names and not isinstance(self.value, dict):
            return self._section_hint()
        if self.setting.allowed.startswith("a section"):
            return f"write {self.place[-1]}: {{NAME: VALUE}}"
        if self.setting.choices:
            return self._choice_hint()
        if self.setting.allowed.startswith("a list"):
            return f"did you mean [{show(self.value)}]?"
        if self.setting.allowed.startswith("true or false"):
            return did_you_mean(str(self.value), ("true", "false"))
        return self._text_hint() if self.setting.allowed.startswith("text") else ""

    def _text_hint(self) -> str:
        if isinstance(self.value, bool | int | float):
            return f'write it in quotes: "{show(self.value)}"'
        if isinstance(self.value, dict) and len(self.value) == 1:
            return f'did you mean "{next(iter(self.value))}", without the braces?'
        if isinstance(self.value, list) and len(self.value) == 1:
            return f"did you mean {show(self.value[0])}?"
        if isinstance(self.value, list) and self.place[-1] in ("key", "name"):
            template = "-".join(f"{{{item}}}" for item in self.value)
            return f'several columns are written as a template: "{template}"'
        return ""

    def _choice_hint(self) -> str:
        choices = self.setting.choices
        signs = not any(map(str.isalnum, choices))
        only = f'write {self.place[-1]}: "{choices[-1]}"' if signs else ""
        only = f"write {self.place[-1]}: {choices[0]}" if len(choices) == 1 else only
        return did_you_mean(str(self.value), choices) or only

    def _section_hint(self) -> str:
        words = kinds(self.setting)
        if not words:
            return f"write its settings below it, indented: {listed(self.setting.names)}"
        if "file" in words and isinstance(self.value, str) and self.value not in words:
            return f"did you mean {{kind: file, path: {show(self.value)}}}?"
        kind = self.value if self.value in words else words[0]
        return f'write "kind: {kind}" and its other settings below it, indented'

    def _kind(self) -> tuple[str, str, str]:
        self.place = (*self.place, "kind")
        allowed = kinds(self.setting)
        kind = self.written.at(self.place)
        if kind is None:
            return '"kind" is missing', listed(allowed), f"write kind: {allowed[0]}"
        hint = did_you_mean(str(kind), allowed)
        return f"unknown kind {show(kind)}", listed(allowed), hint

    def _unknown(self) -> tuple[str, str, str]:
        name = str(self.place[-1])
        around = self.place[:-1]
        data = self.written.document.data
        section = setting_at(around, self.model, data) or Setting(self.model)
        names = Setting(chosen(section, self.written.at(around))[0]).names
        home = home_of(name, around, self.model, data)
        hint = f'it belongs under "{dotted(home)}"' if home else did_you_mean(name, names)
        if home == ():
            hint = "it belongs at the top of the file, not indented"
        if section.sections == (FieldSpec,) and self.value is None:
            hint = f'a column stands without braces: "{name}"'
        if (nested := f"{around[-1]}.{name}" if around else "") in travtus.FIELDS:
            hint = f'within a field a dot nests: write "{nested}: …"'
        return f'unknown setting "{name}"', listed(names), hint


def _field_hint(value: Any) -> str:
    """What was meant by a field's source that is neither a column nor one of the forms."""
    if isinstance(value, list):
        names = ", ".join(str(item) for item in value)
        return f"did you mean {{sum: [{names}]}}?" if len(value) > 1 else f"did you mean {names}?"
    return f'a column is text: "{show(value)}"; a fixed value is {{const: {show(value)}}}'
