"""The error tree: every class answers its two questions, and none shows a secret."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from connectors import errors
from connectors.errors import ApiError, ConnectorError, NotSent, OutcomeUnknown, Rejected


def tree() -> list[type[ConnectorError]]:
    found = [ConnectorError]
    for kind in found:
        found.extend(kind.__subclasses__())
    return [kind for kind in found if kind.__module__ == errors.__name__]


def drawn() -> dict[str, str]:
    """Each class of the drawing, with its parent there."""
    assert errors.__doc__ is not None
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in errors.__doc__.splitlines():
        found = re.fullmatch(r"    ([│├└─ ]*)([A-Z]\w+)", line)
        if found:
            del path[len(found[1]) // 4 :]
            parents[found[2]] = path[-1] if path else "Exception"
            path.append(found[2])
    return parents


def test_the_drawing_is_the_tree() -> None:
    """The tree on top of the module is what the classes say."""
    actual = {kind.__name__: kind.__base__.__name__ for kind in tree() if kind.__base__}

    assert drawn() == actual


def test_all_names_are_exported_in_order() -> None:
    """`__all__` holds every public name, sorted."""
    defined = {kind.__name__ for kind in tree()} | {"RequestOutcome", "Retry"}

    assert errors.__all__ == sorted(defined)


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_every_class_answers_its_questions(kind: type[ConnectorError]) -> None:
    """Outcome and retry are set, and the docstring is one sentence and the default message."""
    assert kind.outcome in ("not_sent", "rejected", "unknown", "done")
    assert kind.retry in ("now", "next_run", "never")
    assert kind.__doc__ is not None
    assert re.fullmatch(r"[A-Z][^.\n]*\.", kind.__doc__)
    assert str(kind()) == kind.__doc__
    assert str(kind("what happened")) == "what happened"


@pytest.mark.parametrize(
    ("family", "outcome"),
    [(NotSent, "not_sent"), (OutcomeUnknown, "unknown"), (Rejected, "rejected")],
)
def test_a_family_shares_its_outcome(family: type[ApiError], outcome: str) -> None:
    """Whoever catches a family knows what became of the request."""
    members = [kind for kind in tree() if issubclass(kind, family)]

    assert {kind.outcome for kind in members} == {outcome}


def test_a_class_that_answers_nothing_is_treated_with_care() -> None:
    """The inherited answers are unknown and next run."""

    class Forgetful(ApiError):
        """Somebody was in a hurry."""

    assert (Forgetful.outcome, Forgetful.retry) == ("unknown", "next_run")


def test_an_error_keeps_the_answer_when_it_travels() -> None:
    """A worker's error reaches the coordinator whole, words, status and body included."""
    sent = Rejected(
        "PUT /units: status 400: taken",
        status=400,
        words="taken",
        error_type="name",
        request_id="r-1",
        body={"error_hash": {}},
        retry_after=3.0,
    )
    received = pickle.loads(pickle.dumps(sent))

    assert type(received) is Rejected
    assert str(received) == str(sent)
    assert vars(received) == vars(sent)


def test_neither_text_nor_repr_looks_into_the_body() -> None:
    """A lock code in a kept body is not shown by printing the error."""
    error = Rejected("no", body={"combination_lock_number": "0815"})

    assert "0815" not in str(error) + repr(error)


def test_the_module_needs_no_http_library() -> None:
    """Sources raise these errors too, and the command line must start fast."""
    assert "httpx" not in inspect.getsource(errors)
