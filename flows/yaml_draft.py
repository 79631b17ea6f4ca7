"""A proposal as a commented unitsync.yaml, for a person to read from top to bottom.

Promises: what is written reads back as what was proposed, whatever stands in a name or a cell; no
comment shows a value of a secret field, or of a column that nothing was proposed for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flows.report_text import visible
from transforms.gaps import GAP, count_gaps, cure
from transforms.proposal import Part, Proposal

_PLAIN: Final = re.compile(r"[A-Za-z_][\w./ -]*(?<! )\Z", re.ASCII)
_WORDS: Final = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_WIDTH: Final = 88  # beyond it a table stands line by line
_COLUMN: Final = 44  # where comments begin
_SECTION: Final = {"storedge": "storage", "travtus": "apartments"}

_HEAD: Final = """\
# yaml-language-server: $schema=unitsync.schema.json
# Proposed by `unitsync init` from {origin}: {rows}.
# Behind each setting stands how sure it is: "sure" and "likely" want a glance, a "guess" a thought,
# and {gaps}
# An editor completes and checks this file once you have run: unitsync schema > unitsync.schema.json

state: unitsync.db
reports: reports/

pipelines:
"""
_TARGETS: Final = {
    "storedge": """\
    target:
      kind: storedge
      access_id: ${STOREDGE_ACCESS_ID}         # from the environment: no credential stands here
      secret_key: ${STOREDGE_SECRET_KEY}
      base_url: https://api.storedgefms.com
""",
    "travtus": """\
    target:
      kind: travtus
      client_id: ${TRAVTUS_CLIENT_ID}          # from the environment: no credential stands here
      client_secret: ${TRAVTUS_CLIENT_SECRET}
      base_url: https://api.travtus.com
      token_url: https://api.travtus.com/oauth2/token
      group_by: group_external_ref             # group_id: the scope holds Travtus' own ids
""",
}
_NO_GROUPS: Final = "      custom_unit_groups: false                # no column says size and type"
_TAXES: Final = "      # tax_rates: {const: [ID]}"


class Variable(str):
    """The name of an environment variable that stands in place of a value."""

    __slots__ = ()


def draft(proposal: Proposal, source: Mapping[str, Any], origin: str, rows: str) -> str:
    """The whole file; `origin` and `rows` are for its first lines."""
    gaps = sum(count_gaps(part.value) for part in proposal.parts)
    told = "nothing is left open." if not gaps else f"each {GAP} ({gaps}) is for you to fill in."
    head = _HEAD.format(origin=_harmless(origin), rows=rows, gaps=told)
    return head + "\n".join(_pipeline(proposal, source)) + "\n"


def scalar(value: Any) -> str:
    """A value on one line, in quotes wherever YAML or an environment variable could be meant."""
    if isinstance(value, bool) or value is None or isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, Variable):
        return f'"${{{value}}}"'
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key(name)}: {scalar(item)}' for name, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(scalar, value))}]"
    return _text(str(value).replace("${", "$${"))


def key(name: str) -> str:
    """The name of a setting, which is never expanded."""
    return _text(name)


def _text(text: str) -> str:
    if _PLAIN.match(text) and text.casefold() not in _WORDS:
        return text
    if "\\" in text and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def _escaped(sign: str) -> str:
    """What is not seen by its number; JSON knows only half of it, and two to a sign."""
    if sign.isprintable():
        return sign
    return f"\\u{ord(sign):04x}" if ord(sign) < 2**16 else f"\\U{ord(sign):08x}"


def _pipeline(proposal: Proposal, source: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {_SECTION[proposal.target]}:"
    yield _commented(f"    source: {scalar(dict(source))}", _source_comment(source))
    yield _TARGETS[proposal.target].rstrip()
    groups = proposal.within("groups")
    if proposal.target == "storedge" and not groups:
        yield _NO_GROUPS
    if proposal.decimal != ".":
        yield _commented(f'    decimal: "{proposal.decimal}"', "numbers are written 1.234,50")
    if proposal.ignore:
        ignore = scalar(dict(proposal.ignore))
        yield _commented(f"    ignore: {ignore}", "rows of totals, which are no units")
    yield from _part("scope", proposal.part("scope"), 4)
    yield from _part("key", proposal.part("key"), 4)
    yield "    fields:"
    for name, part in proposal.within("fields").items():
        yield from _part(name, part, 6)
    if proposal.target == "storedge" and "tax_rates" not in proposal.within("fields"):
        yield _commented(_TAXES, f"optional: {cure('storedge', 'fields.tax_rates')}")
    if groups:
        yield "    groups:"
        for name, part in groups.items():
            yield from _part(name, part, 6)
    yield "    missing: report"
    if proposal.unused:
        yield f"    # columns that are not used: {_harmless(', '.join(proposal.unused))}"


def _source_comment(source: Mapping[str, Any]) -> str:
    told = []
    if "header" in source:
        told.append(f"the names stand in row {source['header']}, below a title")
    if "footer" in source:
        told.append("the rows at the end that begin so stand below the table")
    if "from_path" in source:
        [column] = re.compile(source["from_path"]).groupindex
        told.append(f"the column “{column}” is what tells the files apart")
    return f"likely: {'; '.join(told)}" if told else ""


def _part(name: str, part: Part, indent: int) -> Iterator[str]:
    """One setting with its comment; a long table stands line by line."""
    space = " " * indent
    comment = f"{part.confidence}: {part.reason}".removesuffix(": ")
    line = f"{space}{key(name)}: {scalar(part.value)}"
    values = part.value.get("values") if isinstance(part.value, dict) else None
    if not values or (len(line) <= _WIDTH and part.confidence != "gap"):
        yield _commented(line, comment)
        return
    yield _commented(f"{space}{key(name)}:", comment)
    for setting, value in part.value.items():
        if setting != "values":
            yield f"{space}  {setting}: {scalar(value)}"
    yield f"{space}  values:"
    yield from (f"{space}    {key(text)}: {scalar(value)}" for text, value in values.items())


def _commented(line: str, comment: str) -> str:
    return f"{line:<{_COLUMN}} # {_harmless(comment)}" if comment else line


def _harmless(text: str) -> str:
    """On one line, and without what a terminal or an editor acts on."""
    return " ".join(visible(text).split())
