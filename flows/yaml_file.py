"""Reads a YAML file as a person means it, and remembers where everything stands.

Promises: every mapping key is text, exactly as written; booleans are only `true` and `false`, as in
YAML 1.2; numbers follow YAML's core schema, but what has leading zeros (`007`) stays text, as do
dates, times, `yes` and `no`. A key that stands twice is an error. Must never run a tag, build
an object, or let a YAML library's exception out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from flows.config_errors import ConfigError, Problem
from flows.yaml_words import explain

Place = tuple[str | int, ...]

# A configuration is written by hand. The limit stops an alias that multiplies itself.
_MAX_NODES = 100_000
_TAG = "tag:yaml.org,2002:"
_PLAIN = "plain"


class Position(NamedTuple):
    """Where something stands in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A file's settings as plain values, and the position of every path in it."""

    file: str
    data: dict[str, Any]
    positions: dict[Place, Position]

    def place(self, path: str) -> Place:
        """The place that messages write as `path`, or else the nearest around it."""
        by_path = {dotted(place): place for place in self.positions}
        while path and path not in by_path:
            path = path.rpartition(".")[0]
        return by_path.get(path, ())

    def position(self, place: Place) -> Position:
        """Where `place` stands, or else the nearest thing around it that does stand somewhere."""
        while place and place not in self.positions:
            place = place[:-1]
        return self.positions.get(place, Position(1, 1))


def dotted(place: Place) -> str:
    """A path as messages write it: `pipelines.storage.fields.tax_rates.const[0]`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|false)\Z", re.IGNORECASE)
# A number of more than 18 digits is an id: no machine counts that far, and JSON would round it.
_INT = re.compile(r"(?:[-+]?(?:0|[1-9][0-9]{0,17})|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15})\Z")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]{1,18}|(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,18})?)(?:[eE][-+]?[0-9]{1,2})?\Z"
)


# What word processors and chats make of a quote. Whoever means them puts straight ones around.
_TYPOGRAPHIC = re.compile(r"[“”„‘’‚«»].*[“”‘’«»]\Z")


class _Loader(yaml.SafeLoader):
    """Marks what stands without quotes and without a tag, and guesses no types."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else f"{_TAG}str"
        return f"{_TAG}map" if kind is yaml.MappingNode else f"{_TAG}seq"


def read(path: Path) -> Document:
    """The settings in a YAML file; raises ConfigError when it holds none that can be read."""
    file = str(path)
    text = _decode(file, _bytes(path))
    return parse(text, file)


def parse(text: str, file: str) -> Document:
    """The settings in the text of a YAML file; `file` is what messages call it."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        builder = _Builder(file)
        data = builder.build(node, ()) if node is not None else None
    except yaml.YAMLError as error:
        raise ConfigError(file, [explain(error, text)]) from None
    except RecursionError:
        raise ConfigError(file, [Problem("", "the file is nested too deeply to be read")]) from None
    if builder.problems:
        raise ConfigError(file, builder.problems)
    if not isinstance(data, dict):
        raise ConfigError(file, [_no_mapping(data)])
    return Document(file, data, builder.positions)


def _no_mapping(data: object) -> Problem:
    hint = 'settings are written as "name: value" lines, for example "state: unitsync.db"'
    if data is None:
        return Problem("", "the file is empty", "a mapping of settings", hint)
    found = "a list" if isinstance(data, list) else "a single value"
    return Problem("", f"the file holds {found}", "a mapping of settings", hint, 1, 1)


@dataclass(slots=True)
class _Builder:
    """Turns YAML nodes into plain values and notes positions and problems on the way."""

    file: str
    positions: dict[Place, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _nodes: int = 0
    _around: set[int] = field(default_factory=set)

    def build(self, node: yaml.Node, place: Place) -> Any:
        self.positions.setdefault(place, _position(node))
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            self._stop(node, f"the file grows beyond {_MAX_NODES:,} values", "remove its aliases")
        if id(node) in self._around:
            self._stop(node, "an alias refers to the very thing that it stands in", "")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        self._around.add(id(node))
        value = self._collection(node, place)
        self._around.discard(id(node))
        return value

    def _collection(self, node: yaml.Node, place: Place) -> Any:
        if isinstance(node, yaml.MappingNode):
            self._check_tag(node, place, "map")
            return self._mapping(node, place)
        self._check_tag(node, place, "seq")
        return [self.build(item, (*place, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, key_position, value in self._items(node, place):
            at = (*place, key)
            if key in built:
                self._duplicate(at, key_position)
                continue
            self.positions[at] = key_position
            built[key] = self.build(value, at)
        return built

    def _items(
        self, node: yaml.MappingNode, place: Place
    ) -> Iterator[tuple[str, Position, yaml.Node]]:
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._add(place, key, "a key is a list or a mapping", "a key that is text")
            elif key.value == "<<" and key.tag == _PLAIN:
                hint = 'write the settings out, or put "<<" in quotes if it is a name'
                self._add(place, key, "merge keys (<<) are not supported", hint=hint)
            else:
                yield key.value, _position(key), value

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        if node.tag == _PLAIN:
            if _TYPOGRAPHIC.match(node.value):
                hint = f'write straight quotes: "{node.value[1:-1]}"'
                self._add(place, node, f"typographic quotes are no quotes: {node.value}", "", hint)
            return _plain(node.value)
        self._check_tag(node, place, "str")
        return node.value

    def _check_tag(self, node: yaml.Node, place: Place, allowed: str) -> None:
        tag = node.tag.replace(_TAG, "!!")
        if tag != f"!!{allowed}":
            hint = "remove it; what must stay text stands in quotes"
            self._add(place, node, f"the tag {tag} is not supported", hint=hint)

    def _duplicate(self, at: Place, again: Position) -> None:
        first = self.positions[at]
        found = f'"{at[-1]}" stands twice: first in line {first.line}, column {first.column}'
        hint = "keep one of the two"
        self.problems.append(Problem(dotted(at), found, "", hint, again.line, again.column))

    def _add(
        self, place: Place, node: yaml.Node, found: str, allowed: str = "", hint: str = ""
    ) -> None:
        line, column = _position(node)
        self.problems.append(Problem(dotted(place), found, allowed, hint, line, column))

    def _stop(self, node: yaml.Node, found: str, hint: str) -> None:
        line, column = _position(node)
        raise ConfigError(self.file, [Problem("", found, "", hint, line, column)])


def _plain(text: str) -> Any:
    """What a text without quotes stands for, by YAML 1.2's core schema."""
    if _NULL.match(text):
        return None
    if _BOOL.match(text):
        return text.casefold() == "true"
    if _INT.match(text):
        return int(text, 0)
    return float(text) if _FLOAT.match(text) else text


def _position(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        problem = Problem("", "there is no such file", "", _similar_file(path))
    except IsADirectoryError:
        problem = Problem("", "this is a folder", "a YAML file", "name the file inside it")
    except OSError as error:
        problem = Problem("", f"the file cannot be read: {error.strerror or error}")
    raise ConfigError(str(path), [problem])


def _similar_file(path: Path) -> str:
    folder = path.parent
    near = [p.name for p in folder.glob("*.y*ml")] if folder.is_dir() else []
    close = get_close_matches(path.name, near, n=1)
    if close:
        return f'did you mean "{folder / close[0]}"? Name it with --config'
    return "name yours with --config, or let `unitsync init FILE` write one for your export"


def _decode(file: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = "save it again as UTF-8"
        raise ConfigError(file, [Problem("", "the file is encoded as UTF-16", "UTF-8", hint)])
    if b"\0" in content:
        hint = "name the YAML file, not the inventory or the state"
        raise ConfigError(file, [Problem("", "this is a binary file", "a YAML file", hint)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_start = content.rfind(b"\n", 0, error.start) + 1
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[line_start : error.start].decode("utf-8", "replace")) + 1
        found = "a character is not UTF-8"
        hint = "save the file again as UTF-8"
        raise ConfigError(file, [Problem("", found, "UTF-8", hint, line, column)]) from None
