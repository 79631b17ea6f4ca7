"""Puts environment variables where a configuration writes `${NAME}`, and Prefect's Secret blocks
where it writes `${secret:NAME}`.

Promises: only values are expanded, never keys; `$${` stands for a plain `${`; a variable or block
that is missing or empty is a problem that names it. What it holds must never be printed, so
`Expanded` knows how to hide it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.secret_blocks import SecretUnavailable, read_secret
from flows.yaml_file import Place

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{(?P<name>[^}]*)(?P<end>\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_OF_BLOCK = "secret:"
_BLOCK = re.compile(r"[a-z0-9-]+\Z")
# Shorter values are hidden as whole words only: a variable holding "1" must not blank every 1.
_WORD = 4


@dataclass(slots=True)
class Expanded:
    """The expanded values, and the places that could not be (with what was found and a hint)."""

    data: Any = field(default=None, repr=False)
    failures: list[tuple[Place, str, str]] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict, repr=False)

    def hide(self, text: str) -> str:
        """`text` with every expanded value replaced by what the file says in its stead."""
        for value in sorted(self.written, key=len, reverse=True):
            quoted = repr(value)[1:-1]  # as a message shows it that quotes it the Python way
            text = _replace(_replace(text, quoted, self.written[value]), value, self.written[value])
        return text


def expand(data: Any, environ: Mapping[str, str]) -> Expanded:
    """`data` with every `${NAME}` in its text values replaced by that variable."""
    expanded = Expanded()
    expanded.data = _expand(data, (), environ, expanded)
    return expanded


def _expand(value: Any, place: Place, environ: Mapping[str, str], out: Expanded) -> Any:
    if isinstance(value, dict):
        return {k: _expand(v, (*place, k), environ, out) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v, (*place, i), environ, out) for i, v in enumerate(value)]
    if isinstance(value, str) and "${" in value:
        return _text(value, place, environ, out)
    return value


def _text(raw: str, place: Place, environ: Mapping[str, str], out: Expanded) -> str:
    def substitute(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        fault = _fault(match, environ)
        if fault:
            out.failures.append((place, *fault))
            return match[0]
        try:
            value = _value(match["name"], environ)
        except SecretUnavailable as error:
            out.failures.append((place, error.found, error.hint))
            return match[0]
        out.written[value] = match[0]
        return value

    text = _PLACEHOLDER.sub(substitute, raw)
    if text != raw.replace("$${", "${"):
        out.written[text] = raw
    return text


def _value(name: str, environ: Mapping[str, str]) -> str:
    if name.startswith(_OF_BLOCK):
        return read_secret(name.removeprefix(_OF_BLOCK)).strip("\r\n")
    # Files of variables written on Windows leave a carriage return behind every value.
    return environ.get(name, "").strip("\r\n")


def _fault(match: re.Match[str], environ: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with a placeholder, and the cure; None when it can be filled."""
    name = match["name"]
    if not match["end"]:
        return "${ is never closed", "write ${NAME}, or $${ for the two characters themselves"
    if name.startswith(_OF_BLOCK):
        return _fault_of_block(name.removeprefix(_OF_BLOCK))
    if not _NAME.match(name):
        hint = "use letters, digits and _ only; for a dollar sign before a column write $${"
        return f'"{name}" is no name of an environment variable', hint
    if name not in environ:
        return f"the environment variable {name} is not set", f"set it: export {name}=…"
    if not _value(name, environ):
        return f"the environment variable {name} is empty", f"set it: export {name}=…"
    return None


def _fault_of_block(name: str) -> tuple[str, str] | None:
    if _BLOCK.match(name):
        return None
    hint = "use small letters, digits and dashes, as ${secret:storedge-key}"
    return f'"{name}" is no name of a Prefect block', hint


def _replace(text: str, value: str, written: str) -> str:
    if len(value) >= _WORD:
        return text.replace(value, written)
    return re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", lambda _: written, text)
