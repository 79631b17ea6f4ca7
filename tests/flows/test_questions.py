"""Only what could not be seen is asked, with the guess as the default."""

from __future__ import annotations

import pandas as pd

from flows.questions import answered
from transforms import storedge
from transforms.gaps import GAP
from transforms.proposal import Proposal
from transforms.recognize import propose
from transforms.survey import survey

ROWS = pd.DataFrame(
    {
        "Unit": ["1", "2"],
        "Code": ["a", "b"],
        "Ref": ["x", "y"],
        "Size": ["5x5x8", "5x8x8"],
        "Type": ["Inside", "Parking"],
        "Rate": ["$5", "$6"],
    },
    dtype="str",
)


class Person:
    """Answers what it has an answer for, once each; else the default."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.told: list[str] = []

    def ask(self, question: str, default: str) -> str:
        self.asked.append(question)
        for start, replies in self.answers.items():
            if question.startswith(start) and replies:
                return replies.pop(0)
        return default

    def answer(self) -> Proposal:
        proposal = propose(survey(ROWS), "storedge")
        return answered(proposal, storedge.schema(), self.ask, self.told.append)


def test_a_person_who_only_presses_enter_gets_the_proposal_as_it_was() -> None:
    assert Person().answer() == propose(survey(ROWS), "storedge")


def test_what_is_sure_is_not_asked() -> None:
    person = Person()
    person.answer()

    asked = {question.partition(",")[0].partition(" ")[0] for question in person.asked}
    assert asked == {
        "scope",
        "key",
        "fields.door_width",
        "fields.door_height",
        "fields.door_type",
        "fields.unit_type",
    }


def test_an_answer_stands_in_the_proposal_and_one_that_does_not_fit_is_asked_again() -> None:
    person = Person(
        **{
            "key": ["Cod", "Ref"],
            "scope": ["f-1"],
            "fields.door_width": ["wide", "8"],
            "fields.door_type": ["curtain", "swing"],
            "fields.unit_type for “Inside”": ["id-1"],
        }
    )

    proposal = person.answer()

    assert proposal.part("key").value == "Ref"
    assert proposal.part("scope").value == {"const": "f-1"}
    assert proposal.part("fields.door_width").value == {"const": 8}
    assert proposal.part("fields.door_type").value == {"const": "swing"}
    assert proposal.part("fields.unit_type").value["values"] == {"Inside": "id-1", "Parking": GAP}
    assert "There is no column “Cod”." in person.told
    assert "“wide” does not fit: a number such as 12.5 is needed." in person.told
    assert "“curtain” is not none, roll_up or swing." in person.told
