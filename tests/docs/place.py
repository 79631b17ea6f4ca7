"""The folder in which a reader of a page works, with both vendors at hand, and commands in it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from connectors.clock import SystemClock
from connectors.sandbox import SandboxServer, demo_sandbox
from flows.cli import app
from flows.commands.demo import bring
from state.store import Store
from tests.bench import CREDENTIALS
from tests.docs.pages import ROOT, Command

# Where the pages say that the sandbox is; in a test it is wherever there is room.
SANDBOX = "http://127.0.0.1:8750"
_EXPAND = 'unitsync() { printf "%s\\0" "$@"; }; '


class Place:
    """A folder and the sandbox; `words` are what a reader puts for the capitals of a page."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.url = folder, url
        self.words: dict[str, str] = {}
        self._environment = monkeypatch

    def write(self, name: str, text: str) -> None:
        """A file of the page."""
        (self.folder / name).write_text(self._here(text), "utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces what a file really holds."""
        text = (self.folder / name).read_text("utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), "utf-8")

    def order(self, **fault: object) -> None:
        """A fault of the sandbox, as `unitsync sandbox` takes them."""
        httpx.post(f"{self.url}/_sandbox/faults", json=fault).raise_for_status()

    def clear(self) -> None:
        """No fault any more."""
        httpx.delete(f"{self.url}/_sandbox/faults").raise_for_status()

    def requests(self) -> int:
        """How many requests both vendors have received."""
        return len(httpx.get(f"{self.url}/_sandbox/requests").json()["requests"])

    def change_live_rate(self) -> None:
        """What somebody at the vendor does by hand to one unit."""
        units = httpx.get(f"{self.url}/_sandbox/units").json()["units"]
        unit = next(one for one in units if "standard_rate" in one)
        fields = {"standard_rate": float(unit["standard_rate"]) + 2}
        edit = {"vendor": "storedge", "entity": "unit", "id": unit["id"], "fields": fields}
        httpx.post(f"{self.url}/_sandbox/edit", json=edit).raise_for_status()

    def run(self, line: str, code: int = 0) -> str:
        """What a command prints; it must end with `code`."""
        line = self._here(line)
        for word, meant in self.words.items():
            line = re.sub(rf"\b{word}\b", meant, line)
        program, _, rest = line.partition(" ")
        if program == "export":
            name, _, value = rest.partition("=")
            self._environment.setenv(name, value)
            return ""
        ended, said = self._unitsync(line) if program == "unitsync" else self._shell(line)
        assert code == ended, f"$ {line}\n{said}"
        return said

    def follow(self, command: Command) -> None:
        """Runs a command of a page, which must say what stands there."""
        said = " ".join(self.run(command.line, command.code).split())
        for line in command.said:
            words = re.escape(self._here(" ".join(line.split()))).replace("…", ".*?")
            found = re.search(words, said)
            assert found, f"$ {command.line}\ndoes not say: {line}\nbut: {said}"
            said = said[found.end() :]

    def _here(self, text: str) -> str:
        return text.replace(SANDBOX, self.url)

    def _unitsync(self, line: str) -> tuple[int, str]:
        line, _, file = line.partition(" > ")
        expanded = subprocess.run(
            ["bash", "-c", _EXPAND + line], cwd=self.folder, capture_output=True, check=True
        )
        done = CliRunner().invoke(app, expanded.stdout.decode().split("\0")[:-1])
        if file:
            (self.folder / file).write_text(done.stdout, "utf-8")
        return done.exit_code, done.output

    def _shell(self, line: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout


@contextmanager
def reading(begins: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A reader at the beginning of a page."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with SandboxServer(demo_sandbox(clock=SystemClock())) as sandbox:
        place = Place(folder, sandbox.url, monkeypatch)
        BEGINNINGS[begins](place)
        yield place


def _examples(place: Place) -> None:
    text = (ROOT / "examples" / "unitsync.yaml").read_text("utf-8")
    place.write("unitsync.yaml", re.sub(r"https://api\.(storedgefms|travtus)\.com", SANDBOX, text))
    bring(1, place.folder)


def _nights(number: int, *, apartments: bool = True) -> Callable[[Place], None]:
    def live(place: Place) -> None:
        _examples(place)
        if not apartments:
            text = (place.folder / "unitsync.yaml").read_text("utf-8")
            place.write("unitsync.yaml", text[: text.index("  apartments:")])
        for night in range(1, number + 1):
            bring(night, place.folder)
            place.run("unitsync sync --direct")

    return live


BEGINNINGS: dict[str, Callable[[Place], None]] = {
    "nothing": lambda place: None,
    "examples": _examples,
    "one night": _nights(1),
    "two nights": _nights(2),
    "one night of storage": _nights(1, apartments=False),
    "two nights of storage": _nights(2, apartments=False),
}


def last_run(place: Place) -> str:
    """The id of the last run."""
    with Store.open_for_reading(place.folder / "unitsync.db") as store:
        return store.runs(1)[0]["run_id"]
