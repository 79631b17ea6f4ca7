"""How commands speak to a person: results on standard output, all else on standard error.

`answering` is the one place where a run ends: every expected error becomes one message with its
exit code, and no traceback reaches a user.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from connectors.errors import ApiError, SourceUnreadable
from flows.allow import AllowRefused
from flows.config_errors import ConfigError
from flows.execution import WorkersUnreachable
from flows.naming import RunUnknown
from flows.own_commands import completed
from flows.saved_plan import PlanRefused
from flows.selection import SelectionRefused
from flows.stopping import StoppedWaiting
from flows.terminal import err, out
from flows.undo import UndoRefused
from state.errors import StateError

__all__ = [
    "TRACEBACK",
    "OutputLost",
    "ReportUnwritable",
    "UsageError",
    "answering",
    "err",
    "is_expected",
    "out",
    "print_json",
    "warn",
]

# With this variable set, an unexpected error also shows where it happened.
TRACEBACK = "UNITSYNC_TRACEBACK"


class OutputLost(Exception):
    """Standard output is full, or nobody reads it any more."""


class UsageError(Exception):
    """An option says what no option can."""


class ReportUnwritable(Exception):
    """The disk does not take the report that was asked for."""


_EXIT_CODES: dict[type[Exception], int] = {
    ConfigError: 2,
    UsageError: 2,
    PlanRefused: 2,
    AllowRefused: 2,
    RunUnknown: 2,
    SelectionRefused: 2,
    UndoRefused: 2,
    SourceUnreadable: 4,
    WorkersUnreachable: 4,
    ApiError: 4,
    StateError: 4,
    ReportUnwritable: 4,
    OutputLost: 1,
}


def warn(warnings: Iterable[str]) -> None:
    """What works and yet looks wrong."""
    for warning in warnings:
        err.print(f"warning: {warning}", markup=False, soft_wrap=True, style="yellow")


def say(said: str) -> None:
    """What a person who waits should know meanwhile."""
    err.print(f"{said} …", markup=False, soft_wrap=True, style="yellow")


def print_json(document: Any) -> None:
    """Exactly one JSON document on standard output; raises OutputLost where it cannot be taken."""
    try:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail once more, with a traceback, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputLost(
            f"standard output cannot be written ({error.strerror}). What was done is done and kept:"
            " see `unitsync runs`"
        ) from None


def is_expected(error: Exception) -> bool:
    """Whether the error is one that its own words explain to a person; else it is a bug."""
    return isinstance(error, (*_EXIT_CODES, StoppedWaiting))


def answering(kind: str, as_json: bool, work: Callable[[], int]) -> int:
    """The exit code of `work`, or of the error that ended it, which is told in one message."""
    try:
        return work()
    except StoppedWaiting as stopped:
        return _refuse(kind, as_json, str(stopped), 128 + stopped.number)
    except KeyboardInterrupt:
        return _refuse(kind, as_json, "interrupted; nothing more was sent", 128 + signal.SIGINT)
    except tuple(_EXIT_CODES) as error:
        code = next(code for known, code in _EXIT_CODES.items() if isinstance(error, known))
        return _refuse(kind, as_json, str(error), code)
    except Exception as error:  # noqa: BLE001
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        message = (
            f"this is a bug in unitsync ({type(error).__name__}: {error}); nothing more was sent. "
            f"Please report it with what `{TRACEBACK}=1` shows"
        )
        return _refuse(kind, as_json, message, 5)


def _refuse(kind: str, as_json: bool, message: str, code: int) -> int:
    err.print(message, markup=False, soft_wrap=True, style="red")
    if as_json:
        status = "broken" if code == 5 else "error"
        empty: dict[str, Any] = {
            "run_id": None,
            "kind": kind,
            "status": status,
            "pipelines": [],
            "report": None,
        }
        with suppress(OutputLost):  # the message stands on standard error
            print_json({**empty, "error": completed(message)})
    return code
