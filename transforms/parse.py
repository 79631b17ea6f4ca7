"""From the text of one cell to one value, or the reason why it is none.

Nothing is guessed: a decimal comma, an ambiguous thousands comma, a date that does not start with
its year and a third decimal of an amount are refused with a hint. The reason never quotes the
text, because the text may be a secret.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Callable
from typing import Any, Literal

from transforms.schema import FieldType

Parse = Literal["money", "number", "boolean", "text", "date"]

DIGITS = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
# As France and Switzerland write thousands, which can be nothing else: 1 234.50, 1'234.50.
SPACED = re.compile(r"[^0-9]*[0-9]{1,3}([ \u00a0\u202f'’][0-9]{3})+([.,][0-9]*)?[^0-9]*")
SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u202f'’](?=[0-9])")
DECIMAL_COMMA = re.compile(r"[+-]?[0-9. ]*,[0-9]*")
AMOUNT = re.compile(r"(?P<sign>[+-]?)[$€£]? ?(?P<minus>-?)(?P<digits>[0-9.,]+)")
YEAR_FIRST = re.compile(r"[0-9]{4}[-/]?[0-9]{2}[-/]?[0-9]{2}.*")
TRUE = frozenset({"true", "1", "yes", "y", "t"})
FALSE = frozenset({"false", "0", "no", "n", "f"})
# Beyond this a double, and with it JSON in most languages, skips whole numbers.
LARGEST_INTEGER = 2**53
# An amount computed in binary is off by some 1e-13; a real third decimal by 1e-3.
CENT_NOISE = 1e-7


class Unfit(ValueError):
    """A value does not fit. `rule` names the rule, `need` says in words what is allowed."""

    def __init__(self, rule: str, need: str) -> None:
        """Keep both for the rejection."""
        super().__init__(need)
        self.rule = rule
        self.need = need


# What a text is read as that a decimal comma changes the meaning of.
NUMERIC = frozenset({"money", "number", "integer"})
_EXCHANGED = str.maketrans(".,", ",.")


def with_point(text: Any) -> Any:
    """A number with a decimal comma as one with a point: `1.234,50` becomes `1,234.50`."""
    return text.translate(_EXCHANGED) if isinstance(text, str) else text


def number(text: str) -> float:
    """`12`, `12.50`, `1e3`, `1,234.50`, `1 234.50`; `1,234` could be 1.234 and is refused."""
    text = _joined(text)
    grouped = THOUSANDS.fullmatch(text)
    if grouped and (grouped[2] is not None or text.count(",") > 1):
        text = text.replace(",", "")
    if not DIGITS.fullmatch(text):
        raise Unfit("number", f"a number such as 12.5 is needed{_comma_hint(text)}")
    return _finite(float(text))


def integer(text: str) -> int:
    """A whole number: `12`, `12.0`, `1,234`, `1 234`."""
    text = _joined(text)
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if not DIGITS.fullmatch(text):
        raise Unfit("integer", f"a whole number is needed{_comma_hint(text)}")
    return _integer(_finite(float(text)))


def money(text: str) -> float:
    """`$1,234.50`, `1234.5000`, `(12.00)` for minus 12; at most two decimals."""
    amount = text = _joined(text)
    if text.startswith("(") and text.endswith(")"):
        amount = "-" + text[1:-1].strip()
    found = AMOUNT.fullmatch(amount)
    digits = found["sign"] + found["minus"] + found["digits"] if found else amount
    if THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "")
    if not DIGITS.fullmatch(digits):
        hint = _comma_hint(digits)
        raise Unfit("money", f"an amount such as 1234.50 or $1,234.50 is needed{hint}")
    return _cents(_finite(float(digits)))


def _joined(text: str) -> str:
    return SPACES.sub("", text) if SPACED.fullmatch(text) else text


def boolean(text: str) -> bool:
    """true, false, 1, 0, yes, no, y, n, t, f in any case."""
    folded = text.casefold()
    if folded not in TRUE | FALSE:
        raise Unfit("boolean", "true, false, 1, 0, yes, no, y or n is needed")
    return folded in TRUE


def date(text: str) -> str:
    """An ISO date from a date or a moment that starts with its year."""
    need = "a date with its year first, such as 2026-01-31, is needed"
    if not YEAR_FIRST.fullmatch(text):
        raise Unfit("date", need)
    try:
        return datetime.datetime.fromisoformat(text.replace("/", "-")).date().isoformat()
    except ValueError:
        raise Unfit("date", need) from None


def identity(text: str) -> str:
    """The text itself."""
    return text


PARSERS: dict[Parse, Callable[[str], Any]] = {
    "money": money,
    "number": number,
    "boolean": boolean,
    "text": identity,
    "date": date,
}


def fit(value: Any, kind: FieldType) -> Any:
    """A text, or a value from the settings, as the type of an API field.

    Lists and objects become canonical JSON text.
    """
    return FITTERS[kind](value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Unfit("finite", "a finite number is needed")
    return value


def _integer(value: float) -> int:
    if not value.is_integer():
        raise Unfit("integer", "a whole number is needed")
    if abs(value) > LARGEST_INTEGER:
        raise Unfit("integer", "a whole number of at most 15 digits is needed")
    return int(value)


def _cents(value: float) -> float:
    if abs(value - round(value, 2)) > CENT_NOISE:
        raise Unfit("money", "an amount has at most two decimals")
    return round(value, 2)


def _comma_hint(text: str) -> str:
    if DECIMAL_COMMA.fullmatch(text) and any(digit in text for digit in "0123456789"):
        return (
            "; write a decimal point, because a comma could mean thousands or decimals, or say "
            'decimal: "," of the whole source'
        )
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fit_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_number(value):
        return str(int(value)) if float(value).is_integer() else repr(value)
    if not isinstance(value, str):
        raise Unfit("text", "a text is needed")
    return value.strip()


def _fit_number(value: Any) -> float:
    if _is_number(value):
        return _finite(float(value))
    return number(_needed_text(value, "number", "a number is needed"))


def _fit_money(value: Any) -> float:
    if _is_number(value):
        return _cents(_finite(float(value)))
    return money(_needed_text(value, "money", "an amount is needed"))


def _fit_integer(value: Any) -> int:
    if _is_number(value):
        return _integer(_finite(float(value)))
    return integer(_needed_text(value, "integer", "a whole number is needed"))


def _fit_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if _is_number(value):
        value = _fit_text(value)
    return boolean(_needed_text(value, "boolean", "true or false is needed"))


def _needed_text(value: Any, rule: str, need: str) -> str:
    if not isinstance(value, str):
        raise Unfit(rule, need)
    return value.strip()


def _fit_ids(value: Any) -> str:
    """A JSON array of texts, from a list, JSON text, or text split at `;`, `|` or `,`."""
    if isinstance(value, str):
        text = value.strip()
        value = _json(text, "ids") if text.startswith("[") else re.split(r"[;|,]", text)
    if not isinstance(value, list) or not all(type(item) in (str, int) for item in value):
        raise Unfit("ids", "a list of ids is needed, such as a;b or a JSON array of texts")
    ids = [str(item).strip() for item in value]
    return _canonical_json([item for item in ids if item])


def _fit_objects(value: Any) -> str:
    """A JSON array of objects."""
    if isinstance(value, str):
        value = _json(value, "objects")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unfit("objects", "a JSON array of objects is needed")
    return _canonical_json(value)


def _json(text: str, rule: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unfit(rule, "valid JSON is needed") from None


def _canonical_json(value: list[Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


FITTERS: dict[FieldType, Callable[[Any], Any]] = {
    "text": _fit_text,
    "number": _fit_number,
    "money": _fit_money,
    "integer": _fit_integer,
    "boolean": _fit_boolean,
    "ids": _fit_ids,
    "objects": _fit_objects,
}
