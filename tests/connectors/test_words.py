"""The API's own words, out of every envelope that the vendors are known to send."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.words import error_type_of, hide, tidy, words_of, words_of_text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"type": "no_group", "message": "Give one."}}, "Give one."),
        ({"error": {"message": "An error occurred."}}, "An error occurred."),
        ({"error": {"type": "no_group"}}, "type: no_group"),
        ({"name": ["This field is required."], "timezone": ["Unknown."]},
         "name: This field is required.; timezone: Unknown."),
        ({"non_field_errors": ["At least one."]}, "At least one."),
        ({"error": "invalid_client", "error_description": "No such client."},
         "invalid_client; No such client."),
        ({"message": "Too Many Requests"}, "Too Many Requests"),
        ({"detail": "Not found."}, "Not found."),
        ({"units": [], "meta": {"error_code": 2, "message": "Invalid OAuth Request"}},
         "Invalid OAuth Request"),
        ({"error_hash": {"name": [{"name": "A101", "message": "is taken"}],
                         "width": [{"name": "A102", "message": "must be above 0"}]}},
         "name: A101: is taken; width: A102: must be above 0"),
        ({"error_hash": {"id": [{"id": "6f", "name": "A1", "message": "unknown"}]}},
         "id: A1: unknown"),
        ({"meta": {"error_hash": {"name": [{"id": "6f", "message": "is taken"}]}}},
         "name: 6f: is taken"),
        ({"errors": {"name_assignments": ["10x10 is taken"]}}, "name_assignments: 10x10 is taken"),
        ({"meta": {"errors": {"reference_unit_assignments": [{"message": "not a member"}]}}},
         "reference_unit_assignments: not a member"),
        ({"errors": ["one", "one", "two"]}, "one; two"),
        ({"errors": []}, ""),
        ({"code": 17}, "code: 17"),
        ({}, ""),
    ],
)  # fmt: skip
def test_the_words_of_every_known_envelope_are_found(body: dict[str, Any], expected: str) -> None:
    """A person reads sentences with their offender, not JSON."""
    assert words_of(body) == expected


def test_echoed_records_are_never_quoted() -> None:
    """A reply that repeats units, with lock codes and tenants, is not a sentence."""
    body = {
        "units": [{"combination_lock_number": "0815", "current_tenant_id": "t-1"}],
        "meta": {"message": "no", "parameters": {"combination_lock_number": "0815"}},
    }

    assert words_of(body) == "no"


def test_a_deep_reply_is_read_as_far_as_people_would() -> None:
    """Nesting without end neither breaks the reader nor fills the report."""
    deep: Any = "bottom"
    for _ in range(5_000):
        deep = [deep]

    assert words_of({"errors": [deep, "top"]}) == "top"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"type": "expired_token"}}, "expired_token"),
        ({"error": "invalid_client"}, "invalid_client"),
        ({"error": {"message": "typeless"}}, None),
        ({"error": {"type": 7}}, None),
        ({"error": []}, None),
        ({}, None),
    ],
)
def test_the_type_of_an_error_is_found(body: dict[str, Any], expected: str | None) -> None:
    """The machine's name of an error, where there is one."""
    assert error_type_of(body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Unauthorized", "Unauthorized"),
        ("<html><head><title>502 Bad &amp; Gateway</title></head>…", "502 Bad & Gateway"),
        ("  <!DOCTYPE html><TITLE lang=en>\nSign in\n</TITLE>", "\nSign in\n"),
        ("<html><body>secret form</body></html>", ""),
        ("", ""),
    ],
)
def test_plain_text_is_quoted_and_a_page_by_its_title(text: str, expected: str) -> None:
    """Of an HTML page nothing but the title is worth keeping."""
    assert words_of_text(text) == expected


def test_words_are_redacted_before_they_are_cut() -> None:
    """A secret that lies across the cut does not survive in half."""
    text = "x" * 1_995 + "hunter2hunter2"
    actual = tidy(text, lambda words: words.replace("hunter2hunter2", "…"))

    assert actual == "x" * 1_995 + "…"


def test_words_are_on_one_short_line() -> None:
    """Line breaks become blanks, and 2,000 characters are enough."""
    assert tidy("one\r\n  two\tthree", str) == "one two three"
    assert len(tidy("word " * 5_000, str)) == 2_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key a/b+c is wrong", "key … is wrong"),
        ("?key=a%2Fb%2Bc&x=1", "?key=…&x=1"),
        ("%22a%2fb%2bc%22 and \\na/b+c", "%22…%22 and \\n…"),
        ("a/b+cd and xa/b+c are others", "a/b+cd and xa/b+c are others"),
    ],
)
def test_a_secret_is_hidden_as_a_word(text: str, expected: str) -> None:
    """As it is and however it is escaped, but not where it is only a part of another word."""
    assert hide(["a/b+c", ""], text) == expected
