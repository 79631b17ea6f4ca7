"""`unitsync review`: the state in a browser, to look around in, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import webbrowser
from pathlib import Path
from threading import Thread

from flows.console import answering, err, out
from flows.review import PortTaken, review
from flows.settings import load_shared


def run(config: Path, port: int | None, *, show: bool | None) -> int:
    """Serves until it is ended; Ctrl-C is how to end it, and so all is well. `show` is None where
    nobody said: then a browser opens for a person at a terminal."""
    opens = sys.stdout.isatty() if show is None else show

    def announce(url: str) -> None:
        out.print(url, markup=False, soft_wrap=True)
        err.print("A copy of the state as it is now, to read only. Ctrl-C ends it.")
        if opens:
            # A browser of the terminal would otherwise wait for a server that waits for it.
            Thread(target=_open, args=(url,), daemon=True).start()

    def work() -> int:
        try:
            ended_by = review(load_shared(config).state, port, announce=announce)
        except PortTaken as error:
            err.print(str(error), markup=False, soft_wrap=True, style="red")
            return 4
        return 0 if ended_by == signal.SIGINT else 128 + ended_by

    return answering("review", as_json=False, work=work)


def _open(url: str) -> None:
    if not webbrowser.open(url):
        err.print("no browser could be opened", style="yellow")
