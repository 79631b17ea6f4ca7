"""A real Prefect server, asked over HTTP as its own pages ask it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx

# A start takes some ten seconds on a quiet machine, and much longer beside other tests.
PATIENCE_SECONDS = 180
PREFECT: Mapping[str, str] = {
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
}


@contextmanager
def prefect_command(
    *arguments: str, environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[str]]:
    """Something of Prefect's that goes on until the end of the block, and what it writes in a file
    beside it."""
    log = (folder / f"{'-'.join(arguments[:2])}.log").open("w")
    command = [sys.executable, "-m", "prefect", *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **PREFECT, **environment},
        stdout=log,
        stderr=log,
        text=True,
    )
    with log:
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


class Pages:
    """What the server at this port knows, while `process` lives."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.url = f"http://127.0.0.1:{port}/api"
        self._process = process
        headers = {"Content-Type": "application/json"}
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """The answer, as JSON."""
        answer = self._send(method, path, body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def answers(self) -> bool:
        """Whether the server is up."""
        with suppress(httpx.TransportError):
            return self._client.get("/health").is_success
        return False

    def server(self) -> int:
        """The process of the server that `process` has started."""
        threads = Path(f"/proc/{self._process.pid}/task").iterdir()
        children = [int(pid) for one in threads for pid in (one / "children").read_text().split()]
        [pid] = [
            child for child in children if b"server" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
        return pid

    def deployment(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"/deployments/name/{name}/{name}")

    def deployed(self) -> bool:
        """Whether all three are there."""
        with suppress(httpx.TransportError):
            return len(self.ask("POST", "/deployments/filter", limit=10)) == 3
        return False

    def start(self, name: str, **parameters: Any) -> str:
        """The id of a new flow run; raises HTTPStatusError where it is refused."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        return self.ask("POST", path, parameters=parameters)["id"]

    def refusal(self, name: str, **parameters: Any) -> str:
        """The server's words about parameters that cannot be."""
        path = f"/deployments/{self.deployment(name)['id']}/create_flow_run"
        answer = self._send("POST", path, {"parameters": parameters})
        assert answer.status_code == 409, answer.text
        return answer.json()["detail"]

    def cancel(self, run: str) -> None:
        """As the button does."""
        self.ask("POST", f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"})

    def state(self, run: str) -> dict[str, Any]:
        return self.ask("GET", f"/flow_runs/{run}")["state"]

    def name_of(self, run: str) -> str:
        return self.state(run)["name"]

    def end_of(self, run: str) -> str:
        """The name of its last state, once it has one."""
        last = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")
        self.until(lambda: self.state(run)["type"] in last)
        return self.name_of(run)

    def log(self, run: str) -> list[str]:
        entries = self.ask("POST", "/logs/filter", logs={"flow_run_id": {"any_": [run]}})
        return [entry["message"] for entry in entries]

    def artifacts(self, run: str) -> dict[str, Any]:
        shown = self.ask("POST", "/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
        return {artifact["key"]: artifact["data"] for artifact in shown}

    def _send(self, method: str, path: str, body: Any) -> httpx.Response:
        """Once more where its SQLite is busy, as Prefect's own client does."""
        answers: list[httpx.Response] = []

        def answered() -> bool:
            content = json.dumps(body) if body else None  # in ASCII, so that it can say anything
            answers.append(self._client.request(method, path, content=content))
            return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

        self.until(answered)
        return answers[-1]

    def until(self, happened: Callable[[], bool]) -> None:
        """Waits for something, as long as the process lives that is to bring it about."""
        latest = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert time.monotonic() < latest
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.2)
            assert self._process.poll() is None, self._process.communicate()
