"""The two streams on which commands speak to a person: results on `out`, all else on `err`.

Promises that no name, value or message from outside acts on the terminal, that colour is left out
where NO_COLOR says so or nobody looks, and that the commands in a message can be copied as they
stand. Loads nothing large, for what must answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from flows.own_commands import ends, option
from flows.unseen import UNSEEN

# What a terminal acts on; the ends of lines are ours.
_ACTING = UNSEEN | {ord("\n"): "\n"}

# What does not go to a terminal is not folded at 80 columns: a table stays a table in a log.
_WIDTH_ELSEWHERE = 160


class HarmlessConsole(Console):
    """A console on which nothing from outside acts, and commands are whole."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As Rich does, with what would act replaced."""
        if isinstance(renderable, Text) and (places := list(ends(renderable.plain))):
            renderable = Text(option(), renderable.style).join(renderable.divide(places))
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else text.translate(_ACTING), style, control)


out = HarmlessConsole(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)
err = HarmlessConsole(
    stderr=True, highlight=False, width=None if sys.stderr.isatty() else _WIDTH_ELSEWHERE
)
