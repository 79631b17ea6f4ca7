"""A written proposal reads back as it was proposed, whatever stands in names and cells."""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from flows.environment import expand
from flows.yaml_draft import Variable, draft, scalar
from flows.yaml_file import parse
from transforms.proposal import Part, Proposal
from transforms.recognize import propose
from transforms.survey import survey

SOURCE = {"kind": "file", "path": "units.csv"}
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


def read(text: str) -> Any:
    return expand(parse(text, "unitsync.yaml").data, {}).data


@given(TEXTS)
@example("${HOME}")
@example("$${HOME}")
@example("yes")
@example("a: b # c")
@example(r"^(\d+)'x")
@example("007")
@example(" lead")
def test_any_text_reads_back_as_itself(text: str) -> None:
    line = f"a: {{b: {scalar(text)}, c: [{scalar(text)}]}}"

    assert read(line) == {"a": {"b": text, "c": [text]}}


@given(TEXTS, TEXTS)
def test_any_table_reads_back_as_itself(key: str, value: str) -> None:
    part = Part(
        "fields.name", {"column": "c", "values": {key: value, "z": "FILL_IN"}}, "gap", value
    )
    scope = Part("scope", {"const": "S"}, "sure", "")
    proposal = Proposal("storedge", ",", {key: value}, (scope, Part("key", "k", "sure", ""), part))

    pipeline = read(draft(proposal, SOURCE, key, value))["pipelines"]["storage"]

    assert pipeline["fields"] == {"name": part.value}
    assert (pipeline["decimal"], pipeline["ignore"]) == (",", {key: value})


def test_every_setting_of_a_proposal_is_in_the_file() -> None:
    rows = pd.DataFrame(
        {"Unit": ["1", "2"], "Size": ["5x5", "5x8"], "Rate": ["$5", "$6"]}, dtype="str"
    )
    proposal = propose(survey(rows), "storedge")

    pipeline = read(draft(proposal, SOURCE, "units.csv", "2 rows"))["pipelines"]["storage"]

    settings = proposal.settings()
    assert {name: pipeline[name] for name in settings} == settings
    assert pipeline["source"] == SOURCE


def test_an_address_with_a_password_is_a_variable() -> None:
    assert scalar({"path": Variable("UNITSYNC_SOURCE")}) == '{path: "${UNITSYNC_SOURCE}"}'
