"""What a person is asked about a proposal: only what could not be seen with confidence.

Each question has the guess as its default. What is answered with nothing stays as it was proposed,
gaps included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from flows.config_errors import listed
from transforms.gaps import GAP, cure
from transforms.parse import Unfit, fit
from transforms.proposal import Part, Proposal
from transforms.schema import TargetSchema

# Question and default to answer; an answer that cannot be is asked for again.
Ask = Callable[[str, str], str]
# A longer table is quicker filled in with an editor.
_TABLE: Final = 12


def answered(
    proposal: Proposal, schema: TargetSchema, ask: Ask, tell: Callable[[str], None]
) -> Proposal:
    """The proposal with the answers in it."""
    for part in proposal.parts:
        for asked in _asked(part, proposal.target, schema, ask, tell):
            proposal = proposal.with_part(asked)
    return proposal


def _asked(
    part: Part, target: str, schema: TargetSchema, ask: Ask, tell: Callable[[str], None]
) -> Iterator[Part]:
    if part.place == "key" and part.confidence != "sure" and part.others:
        yield _key(part, ask, tell)
    elif part.constant_gap:
        question = f"{part.place}, for all units ({cure(target, part.place)})"
        answer = _fitting(question, part, schema, ask, tell)
        if answer is not None:
            yield replace(part, value={"const": answer}, confidence="sure", reason="as you said")
    elif isinstance(part.value, dict) and "values" in part.value:
        yield from _table(part, target, schema, ask, tell)


def _key(part: Part, ask: Ask, tell: Callable[[str], None]) -> Part:
    """Which column, of those that there are."""
    columns = list(dict.fromkeys([str(part.value), *part.others]))
    while True:
        answer = ask(f"key, the column that tells a unit for ever: {listed(columns)}", columns[0])
        if answer == columns[0]:
            return part
        if answer in columns:
            return replace(part, value=answer, confidence="sure", reason="as you said")
        tell(f"There is no column “{answer}”.")


def _table(
    part: Part, target: str, schema: TargetSchema, ask: Ask, tell: Callable[[str], None]
) -> Iterator[Part]:
    values = dict(part.value["values"])
    gaps = [text for text, value in values.items() if value == GAP]
    if not gaps or len(gaps) > _TABLE:
        return
    tell(f"{part.place}: {cure(target, part.place)}.")
    for text in gaps:
        answer = _fitting(f"{part.place} for “{text}”", part, schema, ask, tell)
        if answer is not None:
            values[text] = answer
    closed = GAP not in values.values()
    yield replace(
        part,
        value={**part.value, "values": values},
        confidence="sure" if closed else "gap",
        reason="as you said" if closed else part.reason,
    )


def _fitting(
    question: str, part: Part, schema: TargetSchema, ask: Ask, tell: Callable[[str], None]
) -> Any:
    """An answer that the field can hold; None when it is left open."""
    field = schema.fields.get(part.place.removeprefix("fields."))
    while answer := ask(f"{question}; Enter leaves it open", "").strip():
        if field is None:
            return answer
        try:
            value = fit(answer, field.type)
        except Unfit as unfit:
            tell(f"“{answer}” does not fit: {unfit.need}.")
            continue
        if not field.choices or value in field.choices:
            return [answer] if field.type == "ids" else value
        tell(f"“{answer}” is not {listed(field.choices)}.")
    return None
