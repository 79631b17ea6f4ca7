"""What the sandbox received, newest last, without credentials.

It keeps the last requests only; the counts are of all of them.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from connectors.sandbox.messages import Call, SandboxRequest

LONGEST = 10_000  # requests; a night of 100,000 units in batches of 50 sends 2,000
REDACTED = "[redacted]"
SECRET_MEMBERS = frozenset({"client_secret"})


@dataclass(frozen=True, slots=True)
class Received:
    """One request and what became of it; `status` is None when the connection was cut."""

    number: int
    received_at: datetime
    vendor: str
    call: Call
    request: SandboxRequest
    status: int | None
    fault: str | None

    def as_row(self) -> dict[str, Any]:
        """The request as people see it."""
        return {
            "number": self.number,
            "received_at": self.received_at.isoformat(),
            "vendor": self.vendor,
            "endpoint": self.call.endpoint,
            "scope": self.call.scope,
            "method": self.request.method,
            "path": self.request.path,
            "query": [list(pair) for pair in self.request.query],
            "headers": _shown_headers(self.request),
            "body": _shown_body(self.request, self.call),
            "status": self.status,
            "fault": self.fault,
        }


class RequestLog:
    """The requests to the vendors; those to the sandbox itself are not among them."""

    def __init__(self) -> None:
        self._received: deque[Received] = deque(maxlen=LONGEST)
        self._endpoints: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._number = 0

    def add(
        self,
        received_at: datetime,
        vendor: str,
        call: Call,
        request: SandboxRequest,
        status: int | None,
        fault: str | None,
    ) -> None:
        """Note a request."""
        self._number += 1
        self._endpoints[call.endpoint] += 1
        self._kinds[call.kind] += 1
        bare = replace(request)  # without the parsed body, which is several times its text
        self._received.append(
            Received(self._number, received_at, vendor, call, bare, status, fault)
        )

    def forget(self) -> None:
        """Start again with nothing."""
        self._received.clear()
        self._endpoints.clear()
        self._kinds.clear()

    def rows(self) -> list[dict[str, Any]]:
        """The last requests, newest last."""
        return [received.as_row() for received in self._received]

    def counts(self) -> dict[str, Any]:
        """How many requests came, also those that a fault met, by endpoint and by kind."""
        return {
            "requests": dict(sorted(self._endpoints.items())),
            "reads": self._kinds["read"],
            "writes": self._kinds["write"],
            "tokens": self._kinds["token"],
        }


def _shown_headers(request: SandboxRequest) -> dict[str, str]:
    headers = dict(request.headers)
    if "authorization" in headers:
        headers["authorization"] = f"{headers['authorization'].partition(' ')[0]} {REDACTED}"
    return headers


def _shown_body(request: SandboxRequest, call: Call) -> Any:
    text = request.body.decode("utf-8", "replace")
    if call.kind == "token":
        return {
            name: REDACTED if name in SECRET_MEMBERS else value for name, value in parse_qsl(text)
        }
    try:
        return json.loads(text)
    except ValueError:
        return text
