"""What is wrong with a configuration, in words for the person who wrote it.

Every problem names its place, what was found there, what is allowed and what to do. A problem
never holds the value of a secret or of an environment variable, and never the jargon of a library.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

# Below this likeness difflib's guesses are other words rather than misspelt ones.
_LIKENESS = 0.6
# A message lists at most so many allowed words: storEDGE has 40 unit fields.
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what was found, what is allowed, and a hint.

    `line` and `column` count from 1; both are 0 where the place is not known.
    """

    path: str
    found: str
    allowed: str = ""
    hint: str = ""
    line: int = 0
    column: int = 0

    def render(self, file: str) -> str:
        """The problem as it is printed: its place on one line, the rest indented below."""
        place = f"{file}:{self.line}:{self.column}" if self.line else file
        lines = [f"{place}  {self.path}".rstrip(), f"  {self.found}"]
        lines += [f"  allowed: {self.allowed}"] if self.allowed else []
        lines += [f"  {self.hint}"] if self.hint else []
        return "\n".join(lines)


class ConfigError(Exception):
    """The configuration cannot be used; nothing was touched.

    `problems` are sorted by their place in the file. The text of the exception is the whole
    message for a person.
    """

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__(self._render())

    def _render(self) -> str:
        count = len(self.problems)
        number = "1 problem" if count == 1 else f"{count} problems"
        cure = "Correct it" if count == 1 else "Correct them"
        blocks = [problem.render(self.file) for problem in self.problems]
        last = f"{number} in the configuration; nothing was touched. {cure} and run: unitsync check"
        return "\n".join([*blocks, last])


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """A hint naming the allowed word that `found` most resembles, or "" when none does."""
    folded = {word.casefold(): word for word in allowed}
    close = get_close_matches(found.casefold(), folded, n=1, cutoff=_LIKENESS)
    return f'did you mean "{folded[close[0]]}"?' if close else ""


def split_hint(message: str) -> tuple[str, str]:
    """A sentence that ends in its own "did you mean" or "write", as what was found and the hint."""
    found, separator, near = message.partition("; did you mean ")
    if separator:
        return found, f"did you mean {near.removesuffix('?')}?"
    found, separator, cure = message.partition("; write ")
    return found, f"write {cure}" if separator else ""


def listed(words: Iterable[str]) -> str:
    """Allowed words as a person reads them: `a, b or c`, shortened when there are many."""
    every = list(words)
    if len(every) > _LISTED:
        return f"{', '.join(every[:_LISTED])} and {len(every) - _LISTED} more"
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} or {every[-1]}"
