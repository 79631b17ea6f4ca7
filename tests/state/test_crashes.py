"""Real deaths: a process is killed at the worst moments, and another one opens what it left."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

RunPython = Callable[[str, Path], subprocess.CompletedProcess[str]]

BEGIN = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from state.store import Store
from transforms.plan import Change, Result

def die():
    os.kill(os.getpid(), signal.SIGKILL)

path = Path(sys.argv[1])
store = Store.open(path, clock=lambda: datetime(2026, 1, 5, tzinfo=UTC), new_id=lambda: "lineage")
store.begin_run("killed", "sync", ["storage"])
changes = [
    Change("unit", "facility", key, f"A{key}", "create", {}, {"name": f"A{key}"}, digest="d")
    for key in ("1", "2", "3")
]
results = [Result(c, "applied", "ok", 200, remote_id=f"r{c.key}", known=c.after) for c in changes]
store.plan_changes("storage", "killed", changes)

def send():
    return store.request_sent(
        "storage", "facility", "killed", "POST", "/units", "create", [c.identity for c in changes]
    )
"""
AFTER_SENT = BEGIN + "send()\ndie()\n"
BEFORE_SENT = BEGIN + "die()\n"
AFTER_ANSWER = BEGIN + "store.request_answered(send(), 200, 'ok', None, results)\ndie()\n"
DURING_ANSWER = (
    BEGIN
    + """
request = send()
with store._transactions.reading() as db:
    # The outcomes are written and the known rows are about to be: the transaction is half done.
    db.set_trace_callback(lambda sql: die() if sql.startswith("INSERT INTO units") else None)
store.request_answered(request, 200, "ok", None, results)
"""
)
DURING_CREATION = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from state import schema
from state.store import Store

migrate = schema.migrate
def half(connection):
    migrate(connection)
    os.kill(os.getpid(), signal.SIGKILL)
schema.migrate = half
Store.open(Path(sys.argv[1]), clock=lambda: datetime(2026, 1, 5, tzinfo=UTC), new_id=lambda: "x")
"""


def killed(run_python: RunPython, script: str, path: Path) -> None:
    finished = run_python(script, path)
    assert finished.returncode == -signal.SIGKILL, finished.stderr


def test_killed_between_sending_and_the_answer_the_request_and_the_scope_are_in_doubt(
    run_python: RunPython, path: Path, next_night: Callable[..., Any]
) -> None:
    killed(run_python, AFTER_SENT, path)

    night = next_night()

    (request,) = night.store.unanswered("storage", "facility")
    assert [change.key for change in request.changes] == ["1", "2", "3"]
    assert night.in_flight() == "killed"
    assert night.known("1", "2", "3") == {}
    assert set(night.outcomes("killed").values()) == {"sent"}
    assert night.store.run("killed")["status"] == "died"


def test_killed_before_sending_nothing_is_in_doubt(
    run_python: RunPython, path: Path, next_night: Callable[..., Any]
) -> None:
    killed(run_python, BEFORE_SENT, path)

    night = next_night()

    assert night.store.unanswered("storage", "facility") == []
    assert night.store.scope_records("storage") == {}
    assert set(night.outcomes("killed").values()) == {"abandoned"}


def test_killed_in_the_middle_of_recording_an_answer_none_of_it_is_known(
    run_python: RunPython, path: Path, next_night: Callable[..., Any]
) -> None:
    killed(run_python, DURING_ANSWER, path)

    night = next_night()

    assert night.known("1", "2", "3") == {}
    assert set(night.outcomes("killed").values()) == {"sent"}
    assert len(night.store.unanswered("storage", "facility")) == 1


def test_killed_right_after_the_answer_was_recorded_all_of_it_is_known(
    run_python: RunPython, path: Path, next_night: Callable[..., Any]
) -> None:
    killed(run_python, AFTER_ANSWER, path)

    night = next_night()

    assert list(night.known("1", "2", "3")) == ["1", "2", "3"]
    assert set(night.outcomes("killed").values()) == {"applied"}
    assert night.store.unanswered("storage", "facility") == []
    assert night.in_flight() == "killed"


def test_killed_while_creating_the_state_the_next_night_is_the_first(
    run_python: RunPython, path: Path, next_night: Callable[..., Any]
) -> None:
    killed(run_python, DURING_CREATION, path)

    night = next_night()

    assert (night.store.lineage, night.store.serial) == ("lineage-1", 1)
