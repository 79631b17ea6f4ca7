"""Ctrl-C and SIGTERM: finish the request in flight, record it, send nothing more."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedWaiting(Exception):
    """A run was stopped by a signal of this number before its turn came; the message says what was
    sent, and what to do."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class Stop(threading.Event):
    """Set when a run must end early, and by which signal: Ctrl-C where nobody says; also while it
    gives way to another run."""

    number: int = signal.SIGINT
    gave_way: bool = False

    def __init__(self) -> None:
        super().__init__()
        self._asked: Callable[[], bool] | None = None
        self._looking = threading.Lock()  # the threads of a run must not take each other for askers

    def by(self, number: int) -> None:
        """Set by a signal."""
        self.number = number
        self.set()

    def is_set(self) -> bool:
        """Whether nothing more may be sent."""
        with self._looking:
            if not self.gave_way and self._asked is not None:
                self.gave_way = self._asked()
        return self.gave_way or self.is_signalled

    @property
    def is_signalled(self) -> bool:
        """Whether the run must end for good."""
        return super().is_set()

    @contextmanager
    def giving_way(self, asked: Callable[[], bool]) -> Iterator[None]:
        """Set also as soon as `asked` is true, until the end of the block."""
        self._asked = asked
        try:
            yield
        finally:
            self._asked, self.gave_way = None, False


@contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """Sets `stop` on the first signal. A second one of its kind kills, as the state survives at any
    instant; one of the other kind does not, for Ctrl-C on `unitsync serve` sends its runs both.

    Does nothing outside the main thread, where signals never arrive.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.by(number)

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
