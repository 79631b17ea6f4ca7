"""A mapping proposed from real columns and values, each part with its confidence and its reason.

Nothing is invented: what no column says is a gap (`transforms.gaps`), and what was guessed is
called a guess. Pure: the same rows give the same proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from transforms.gaps import GAP, count_gaps, cure
from transforms.shapes import is_padded, is_uuid
from transforms.survey import Column, Survey
from transforms.vocabulary import is_foreign, is_secret, match, words_of

Confidence = Literal["sure", "likely", "guess", "gap"]
# Whether a column's values can play a role.
Fit = Callable[[Column], bool]
SECRET_ROLES: Final = ("combination_lock_number", "overlock_lock_number")
# A note may hold anything, a code or a name of a tenant too.
UNSHOWN_ROLES: Final = (*SECRET_ROLES, "attribute_description")
_ID_WORDS: Final = frozenset({"id", "guid", "uuid", "key", "ref"})
_CODE: Final = 20  # characters that a code of a place has at most; a name has blanks or more
_LABEL: Final = 30  # characters that the name of a unit has at most
SHOWN: Final = 3  # sample values in a reason


@dataclass(frozen=True, slots=True)
class Part:
    """One setting: where it stands (`key`, `fields.width`), what is proposed there, how sure that
    is and why. `others` are columns that it could be as well."""

    place: str
    value: Any
    confidence: Confidence
    reason: str
    others: tuple[str, ...] = ()

    @property
    def constant_gap(self) -> bool:
        """Whether one value, the same for all units, is all that is missing."""
        return bool(self.value == {"const": GAP})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed pipeline. `parts` stand in the order of the file; `unused` are columns that
    nothing was found for."""

    target: str
    decimal: str
    ignore: Mapping[str, str]
    parts: tuple[Part, ...]
    unused: tuple[str, ...] = ()

    def with_part(self, part: Part) -> Proposal:
        """The same with one part replaced."""
        return replace(
            self, parts=tuple(part if old.place == part.place else old for old in self.parts)
        )

    def within(self, section: str) -> dict[str, Part]:
        """The parts of `fields` or `groups` by name."""
        head = f"{section}."
        return {p.place.removeprefix(head): p for p in self.parts if p.place.startswith(head)}

    def part(self, place: str) -> Part:
        """The part at a place that every proposal has: `scope`, `key`."""
        return next(part for part in self.parts if part.place == place)

    def settings(self) -> dict[str, Any]:
        """The mapping as a configuration holds it, gaps included."""
        document: dict[str, Any] = {
            "scope": self.part("scope").value,
            "key": self.part("key").value,
            "fields": {name: part.value for name, part in self.within("fields").items()},
        }
        if groups := {name: part.value for name, part in self.within("groups").items()}:
            document["groups"] = groups
        if self.decimal != ".":
            document["decimal"] = self.decimal
        if self.ignore:
            document["ignore"] = dict(self.ignore)
        return document


@dataclass
class Roles:
    """Which column plays which role for a target, each column at most one; of `guessed` roles the
    column only looks as if it did."""

    survey: Survey
    target: str
    fits: Mapping[str, Fit]
    found: dict[str, tuple[Column, bool]] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Give every role to the column whose name and values fit it best."""
        taken: set[str] = set()
        for name, meant in self.survey.matches(self.target):
            column = self.survey.columns[name]
            free = meant.role not in self.found and name not in taken
            if free and column.texts and self._fits(meant.role, column):
                self.found[meant.role] = (column, meant.sure)
                taken.add(name)

    def _fits(self, role: str, column: Column) -> bool:
        return role not in self.fits or self.fits[role](column)

    def guess(self, role: str, fits: Fit, *, only: bool = False) -> None:
        """Give a role that no name tells to the first column whose values fit it; with `only`, to
        the one that is alone in that."""
        if role in self.found:
            return
        taken = {column.name for column, _ in self.found.values()}
        fitting = [
            column
            for name, column in self.survey.columns.items()
            if name not in taken and not is_foreign(name) and not is_secret(name) and fits(column)
        ]
        if fitting and (len(fitting) == 1 or not only):
            self.found[role] = (fitting[0], False)
            self.guessed.add(role)

    def column(self, role: str) -> Column | None:
        """The column that plays a role."""
        return self.found[role][0] if role in self.found else None

    def name(self, role: str) -> str | None:
        """Its name."""
        return self.found[role][0].name if role in self.found else None

    def part(self, place: str, role: str, value: Any, *, note: str = "") -> Part:
        """A part that takes its values from the column of a role."""
        column, sure = self.found[role]
        told: Confidence = "guess" if role in self.guessed else "sure" if sure else "likely"
        confidence: Confidence = "gap" if count_gaps(value) else told
        by = "by what stands in it" if role in self.guessed else "by its name"
        reason = [note] if note else [] if sure else [by]
        if count_gaps(value):
            reason.append(f"each {GAP} is {cure(self.target, place)}")
        elif role not in UNSHOWN_ROLES:
            reason.append(samples(column.texts))
        return Part(place, value, confidence, "; ".join(reason))

    def unused(self, parts: Iterable[Part]) -> tuple[str, ...]:
        """The columns that no part names."""
        used = {name for part in parts for name in names_in(part.value)}
        templates = [text for text in used if "{" in text]
        return tuple(
            name
            for name in self.survey.columns
            if name not in used and not any(in_template(name, text) for text in templates)
        )


def in_template(name: str, text: str) -> bool:
    """Whether a template takes a column."""
    return f"{{{name}}}" in text or f"{{{name}:" in text


def samples(texts: Sequence[str]) -> str:
    """The first values, as a comment shows them."""
    return ", ".join(f"“{text[:30]}”" for text in texts[:SHOWN])


def gap(target: str, place: str) -> Part:
    """One value for all units that no column says."""
    return Part(place, {"const": GAP}, "gap", f"no column says it: {cure(target, place)}")


def names_in(value: Any) -> Iterable[str]:
    """The texts of a part that may name columns."""
    if isinstance(value, str):
        yield value
    if isinstance(value, dict):
        yield from (str(value[form]) for form in ("column", "template") if form in value)
        yield from value.get("sum", ())


def scope_part(roles: Roles) -> Part:
    """The column of facilities or communities: ids as they are, names and codes by a table."""
    column = roles.column("scope") or _uuids(roles)
    if column is None:
        return gap(roles.target, "scope")
    count = len(column.texts)
    told = f"{count} value{'s' * (count > 1)}: {samples(column.texts)}"
    if is_uuid(column.texts):
        sure = roles.name("scope") == column.name and roles.found["scope"][1]
        return Part("scope", column.name, "sure" if sure else "likely", told)
    if roles.target == "travtus" and all(_is_code(text) for text in column.texts):
        return Part("scope", column.name, "likely", f"{told}; must be what Travtus calls them")
    value = {"column": column.name, "values": dict.fromkeys(column.texts, GAP)}
    reason = f"{told}; each {GAP} is {cure(roles.target, 'scope')}"
    return Part("scope", value, "gap", reason)


def _uuids(roles: Roles) -> Column | None:
    """A column of few uuids that is called nothing else is a place, whatever it is called."""
    for column in roles.survey.columns.values():
        few = is_uuid(column.texts) and len(column.texts) <= column.filled / 2
        if few and not match(column.name, roles.target):
            return column
    return None


def _is_code(text: str) -> bool:
    return len(text) <= _CODE and " " not in text


def find_label(roles: Roles, label: str) -> None:
    """Where no column is called the name of a unit, the first whose short texts tell each."""
    around = [name] if (name := roles.name("scope")) else []

    def tells(column: Column) -> bool:
        short = all(len(text) <= _LABEL for text in column.texts)
        return bool(column.texts) and short and roles.survey.untold([*around, column.name]) == 0

    roles.guess(label, tells)


def label_value(column: Column) -> str | dict[str, str]:
    """The column as it is; `1.0` as 1, as its unit is called."""
    if is_padded(column.texts) and not set("{}:!") & set(column.name):
        return {"template": f"{{{column.name}:d}}"}
    return column.name


def label_part(roles: Roles, place: str, role: str) -> Part | None:
    """What a unit is called."""
    column = roles.column(role)
    return roles.part(place, role, label_value(column)) if column else None


def key_part(roles: Roles, label: str) -> Part:
    """What tells a unit for ever: an id of its own, else its name (`label` is the role of that),
    else the name together with the building."""
    survey, scope = roles.survey, roles.name("scope")
    around = [scope] if scope else []
    ids = [name for name in _id_columns(roles) if survey.unique([*around, name])]
    named = roles.name(label)
    if ids:
        untold = survey.untold([*around, ids[0]])
        sure: Confidence = "sure" if roles.name("key") == ids[0] and not untold else "likely"
        others = (*ids[1:], *([named] if named else []))
        told = f"in {untold} rows empty or twice" if untold else "never empty, never twice"
        return Part("key", ids[0], sure, f"{told}; {samples(survey.columns[ids[0]].texts)}", others)
    if named and survey.unique([*around, named]):
        told = "never twice, but a renamed unit will look like one that is gone and a new one"
        value = label_value(survey.columns[named])
        key = value if isinstance(value, str) else value["template"]
        sure = "guess" if label in roles.guessed else "likely"
        return Part("key", key, sure, f"no column of ids; {told}")
    building = roles.name("building_name") or _telling_apart(survey, around, named)
    if named and building and not set("{}:!") & set(named + building):
        template = f"{{{building}}}-{{{named}}}"
        return Part("key", template, "guess", f"“{named}” repeats, but not within “{building}”")
    if named:
        told = (
            "stands in several rows; those will be rejected until another column tells them apart"
        )
        return Part("key", named, "guess", told, tuple(survey.columns))
    return Part("key", GAP, "gap", "no column looks like an id", tuple(survey.columns))


def _id_columns(roles: Roles) -> list[str]:
    """Columns that are called ids and play no other role, the most telling first."""
    taken = {column.name for role, (column, _) in roles.found.items() if role != "key"}
    known = [roles.name("key")] if roles.column("key") else []
    called = [
        name
        for name in roles.survey.columns
        if _ID_WORDS & set(words_of(name)) and name not in taken and not is_secret(name)
    ]
    return list(dict.fromkeys(name for name in [*known, *called] if name))


def _telling_apart(survey: Survey, around: list[str], named: str | None) -> str | None:
    """A column with few values that makes the name unique."""
    if named is None:
        return None
    for name, column in survey.columns.items():
        few = 1 < len(column.texts) <= max(2, column.filled / 2)
        if name not in (named, *around) and few and survey.unique([*around, name, named]):
            return name
    return None
