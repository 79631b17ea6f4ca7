"""`unitsync sandbox`: both vendors on a local port, until Ctrl-C."""

from __future__ import annotations

import uuid

from connectors.clock import SystemClock
from connectors.sandbox import DEMO_CREDENTIALS, demo_sandbox, serve
from flows.console import answering, err


def run(host: str, port: int) -> int:
    """Serves until it is stopped; says where, and with which credentials."""

    def work() -> int:
        # A seed of its own: a sandbox that starts again does not give out the same ids.
        sandbox = demo_sandbox(clock=SystemClock(), seed=str(uuid.uuid4()))
        try:
            serve(sandbox, host, port, announce=_announce)
        except OSError as error:
            err.print(f"{host}:{port} cannot be used: {error.strerror}; try another --port")
            return 4
        return 0

    return answering("sandbox", False, work)


def _announce(url: str) -> None:
    for line in (
        f"Both APIs answer at {url}. Set, for the target settings of unitsync.yaml:",
        f"  export STOREDGE_ACCESS_ID={DEMO_CREDENTIALS.access_id}",
        f"  export STOREDGE_SECRET_KEY={DEMO_CREDENTIALS.secret_key}",
        f"  export TRAVTUS_CLIENT_ID={DEMO_CREDENTIALS.client_id}",
        f"  export TRAVTUS_CLIENT_SECRET={DEMO_CREDENTIALS.client_secret}",
        f"  base_url: {url}        token_url: {url}/oauth2/token",
        f"What it received: {url}/_sandbox/counts, …/requests, …/units, …/groups. Ctrl-C stops it.",
    ):
        err.print(line, markup=False, soft_wrap=True)
