"""Ctrl-C and SIGTERM: finish the request in flight, record it, send nothing more."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop(threading.Event):
    """Set when a run must end early, and by which signal: Ctrl-C where nobody says."""

    number: int = signal.SIGINT

    def by(self, number: int) -> None:
        """Set by a signal."""
        self.number = number
        self.set()


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
