"""Rows that have one key: identical ones collapse, different ones contradict each other.

Rows are the same when every mapped value and every unmappable cell is the same, whatever their
source text (5.0 and 5.0000 are one width). Of identical rows the first stays. Of different rows
none does: which of them is right is never guessed. Rows without scope or key are no duplicates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from transforms.normalize import Normalized

IDENTITY = ["_scope", "_key"]
LISTED = 5  # rows that a message still names readably
# A field as a person knows it; the settings name the group's columns so.
SETTINGS = {
    "_group": "groups.key",
    "_group_name": "groups.name",
    "_marked": "groups.reference_unit",
    "_enclosed": "groups.fully_enclosed",
}


def collapse(normalized: Normalized) -> tuple[Normalized, int]:
    """Without the repetitions of identical rows, and how many those were."""
    frame, problems = normalized.frame, normalized.problems
    shared = shares_key(frame)
    if not shared.any():
        return normalized, 0
    candidates = _with_problems(frame[shared], problems)
    repeated = candidates.index[candidates.duplicated()]
    kept = frame[~frame.index.isin(repeated)]
    return Normalized(kept, problems[~problems["row"].isin(repeated)]), len(repeated)


def shares_key(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """The rows whose scope and key stand in another row too."""
    named = (frame["_scope"] != "") & (frame["_key"] != "")
    return (frame.duplicated(IDENTITY, keep=False) & named).to_numpy()


def conflicts(normalized: Normalized) -> list[pd.DataFrame]:
    """One line for each row that contradicts another of its key; nothing is left to choose."""
    frame = normalized.frame[shares_key(normalized.frame)]
    return [] if frame.empty else [_lines(_with_problems(frame, normalized.problems))]


def others(members: Sequence[Any], member: Any) -> str:
    """The other members, the first few by name: `7`, `7 and 9`, `7, 9, 11, 12, 14 and 30 more`."""
    named = [str(other) for other in members[: LISTED + 1] if other != member][:LISTED]
    unnamed = len(members) - 1 - len(named)
    *most, last = [*named, f"{unnamed} more"] if unnamed else named
    return f"{', '.join(most)} and {last}" if most else last


def _with_problems(frame: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """One more column per field with problems: the rule and text of the cell in each row."""
    concerned = problems[problems["row"].isin(frame.index)]
    cells = concerned["rule"] + "\n" + concerned["value"]
    texts = cells.groupby([concerned["row"], concerned["field"]]).agg("\n".join).unstack()
    return frame.join(texts.add_prefix("!")) if len(concerned) else frame


def _lines(frame: pd.DataFrame) -> pd.DataFrame:
    groups = frame.groupby(IDENTITY, sort=False).ngroup().to_numpy()
    differing = _differing(frame, groups)
    members: dict[int, list[int]] = {}
    for row, group in zip(frame.index.tolist(), groups.tolist(), strict=True):
        members.setdefault(group, []).append(row)
    messages = [
        _message(row, members[group], differing[group])
        for row, group in zip(frame.index.tolist(), groups.tolist(), strict=True)
    ]
    return pd.DataFrame(
        {
            "row": frame.index,
            "scope": frame["_scope"].to_numpy(),
            "key": frame["_key"].to_numpy(),
            "field": "key",
            "rule": "conflicting_rows",
            "value": frame["_key"].to_numpy(),
            "message": messages,
        }
    )


def _differing(frame: pd.DataFrame, groups: npt.NDArray[np.integer[Any]]) -> dict[int, list[str]]:
    """The fields in which the rows of each group differ."""
    found: dict[int, list[str]] = {}
    for column in frame.columns.difference(IDENTITY, sort=False):
        codes, _ = pd.factorize(frame[column], use_na_sentinel=False)
        coded = pd.Series(codes).groupby(groups)
        spread = coded.max() - coded.min()
        name = str(column).removeprefix("!")
        for group in spread.index[spread > 0]:
            fields = found.setdefault(int(group), [])
            if SETTINGS.get(name, name) not in fields:
                fields.append(SETTINGS.get(name, name))
    return found


def _message(row: int, members: list[int], differing: list[str]) -> str:
    fields = ", ".join(differing)
    return (
        f"The key also stands in row {others(members, row)} with other values ({fields}); "
        "one row per key is allowed, and which is right cannot be known."
    )
