"""What a run says while it goes on, line by line, bound to the run, pipeline and scope it is of.

For the log of Prefect's pages, or whoever else gives the logger `unitsync` a handler; a person at
a terminal sees the progress instead. A line never shows a name, a value or a secret: it has counts,
the ids of scopes, and the words of our own errors.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from flows.report_text import counted, listed
from transforms.plan import Result

LOGGER = logging.getLogger("unitsync")
LOGGER.addHandler(logging.NullHandler())
BOUND = ("run", "pipeline", "scope")

Log = logging.LoggerAdapter[logging.Logger]


def log_of(**bound: str) -> Log:
    """The log of a `run`, a `pipeline` or a `scope`: each record has them as attributes."""
    return logging.LoggerAdapter(LOGGER, bound)


def bound_to(record: logging.LogRecord) -> str:
    """What a record is bound to, as its line ends: ` [run=… pipeline=… scope=…]`."""
    parts = [f"{name}={getattr(record, name)}" for name in BOUND if hasattr(record, name)]
    return f" [{' '.join(parts)}]" if parts else ""


def log_outcomes(log: Log, results: Iterable[Result], error: Exception | None) -> None:
    """What became of the changes of a scope, as a warning where not all of them were applied."""
    counts = Counter(str(result.outcome) for result in results)
    if not counts:
        return
    level = logging.INFO if set(counts) == {"applied"} else logging.WARNING
    said = listed([f"{count:,} {outcome}" for outcome, count in sorted(counts.items())])
    ended = f"; then {error}" if error is not None else ""
    log.log(level, "%s: %s%s", counted(sum(counts.values()), "change"), said, ended)
