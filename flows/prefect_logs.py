"""The log of a run on Prefect's pages: each line goes to the flow run, or to the task it is of.

Promises that an error whose own words explain it to a person stands there in those words, once, and
not as a traceback.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.exceptions import MissingContextError, ParameterTypeError, SignatureMismatchError
from prefect.logging import get_run_logger

from flows.console import is_expected
from flows.logs import LOGGER, bound_to
from flows.summary import RunSummary

# What Prefect's engine says once more of what it has just said of the same exception.
_AGAIN = "Engine execution exited"


class NightEnded(Exception):
    """A run that has a summary, and yet did not end as one would wish."""

    def __init__(self, summary: RunSummary, message: str) -> None:
        super().__init__(message)
        self.summary = summary


def _plainly(record: logging.LogRecord) -> bool:
    """Whether the record is kept, without the traceback of what is no bug."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ParameterTypeError | SignatureMismatchError):
        record.msg, record.args, record.exc_info = str(error), (), None
    elif isinstance(error, NightEnded) or (isinstance(error, Exception) and is_expected(error)):
        record.exc_info = None
        return not record.getMessage().startswith(_AGAIN)
    return True


logging.getLogger("prefect.flow_runs").addFilter(_plainly)


class _ToPrefect(logging.Handler):
    """Hands records to Prefect's run logger: that of the task, or where a thread is in none, of the
    flow run in which this was made."""

    def __init__(self) -> None:
        super().__init__()
        self._of_flow = get_run_logger()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            log = get_run_logger()
        except MissingContextError:
            log = self._of_flow
        log.log(record.levelno, "%s%s", record.getMessage(), bound_to(record))


@contextmanager
def logged() -> Iterator[None]:
    """Until the end of the block, what the run says goes to the flow run around it."""
    handler, level, propagates = _ToPrefect(), LOGGER.level, LOGGER.propagate
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
        LOGGER.propagate = propagates
