"""Lock codes do not come back out of what an API says."""

from __future__ import annotations

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.redact import HIDDEN, Redactor
from connectors.spellings import spellings


def taught(*codes):
    redact = Redactor()
    redact.learn({f"u{n}": {"combination_lock_number": code} for n, code in enumerate(codes)})
    return redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("34196", "•••"),
        ("code 34196 is taken", "code ••• is taken"),
        ("'34196', \"34196\" and (34196).", "'•••', \"•••\" and (•••)."),
        ("34196-B", "•••-B"),
        ("lock_34196", "lock_•••"),
        ("lock=34196;", "lock=•••;"),
        ("341960 and 134196", "341960 and 134196"),
        ("%2234196%22", "%22•••%22"),
        ("\\n34196\\u00fc34196", "\\n•••\\u00fc•••"),
        ("&#34;34196&quot;", "&#34;•••&quot;"),
        ("", ""),
    ],
)
def test_a_code_is_hidden_wherever_it_stands_as_a_word(text, expected):
    assert expected == taught("34196")(text)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("12-34", "is 12-34.", "is •••."),
        ("12-34", "112-34 12-345", "112-34 12-345"),
        ("#77 A", "#77 A!", "#•••!"),
        ("ab12", "AB12", "•••"),
        ("Ä9", "ä9", "•••"),
        ("1*2*3", "1*2*3*4", "•••*4"),
    ],
)
def test_a_code_of_several_parts_is_hidden_as_a_whole(code, text, expected):
    assert expected == taught(code)(text)


@pytest.mark.parametrize("form", sorted(spellings('a"ü+1')))
def test_a_code_is_hidden_however_it_is_escaped(form):
    assert "<•••>" == taught('a"ü+1')(f"<{form}>")


@given(st.text(min_size=1).filter(lambda code: any(each.isalnum() for each in code)))
def test_no_spelling_of_a_code_comes_through(code):
    redact = taught(code)

    assert [] == [form for form in spellings(code) if HIDDEN not in redact(f'"{form}"')]


def test_the_longer_of_two_codes_is_hidden_whole():
    assert "••• •••" == taught("12", "12-34")("12-34 12")


def test_what_was_not_learnt_stays():
    assert "code 1234 of A101" == Redactor()("code 1234 of A101")


@pytest.mark.parametrize("code", ["", "-", "--", '"'])
def test_a_code_without_letters_and_digits_hides_nothing(code):
    assert "a - b -- c %22 &quot;" == taught(code)("a - b -- c %22 &quot;")


def test_codes_may_be_numbers_and_are_learnt_over_time():
    redact = taught(34196)
    redact.learn({"u9": {"overlock_lock_number": "57201"}})

    assert "••• •••" == redact("34196 57201")


def test_threads_may_learn_while_others_read():
    redact = Redactor()

    def learn(start):
        for number in range(start, start + 500):
            redact.learn({"u": {"lock": f"L{number}"}})
            assert HIDDEN == redact(f"L{number}")

    threads = [threading.Thread(target=learn, args=(start,)) for start in (0, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert HIDDEN == redact("L999")


WORDS = st.text("ab12-_ #", min_size=1, max_size=5)


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=6))
def test_no_code_is_left_as_a_word_of_its_own(codes, words):
    said = taught(*codes)(" ".join([*words, *codes]))

    for code in codes:
        if start := re.search(r"[^\W_]", code):
            told = code[start.start() :]
            end = r"(?![^\W_])" if told[-1].isalnum() else ""
            assert not re.search(rf"(?<![^\W_]){re.escape(told)}{end}", said)
