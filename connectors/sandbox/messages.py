"""What passes between a front and a vendor: one request, one response, or a cut connection.

The fronts (`server`, `transport`) translate to and from these values and know nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NoReturn
from urllib.parse import unquote

JSON_TYPE = "application/json"

CallKind = Literal["read", "write", "token", "other"]


class BodyIsNotJson(Exception):
    """The body of a request is no JSON document."""


class ConnectionDropped(Exception):
    """The connection is cut without an answer; `processed` says on which side of the work."""

    def __init__(self, *, processed: bool) -> None:
        super().__init__("the sandbox cut the connection")
        self.processed = processed


@dataclass(frozen=True)
class SandboxRequest:
    """A request as it came over the wire: `path` is still percent-encoded, `query` is decoded.

    Header names are in lower case. The scheme is kept because OAuth signs the whole address.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "http"

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The decoded parts of the path; a trailing slash leaves an empty last part."""
        return tuple(unquote(part) for part in self.path.split("/")[1:])

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def payload(self) -> Any:
        """The JSON document of the body, read once."""
        try:
            return json.loads(self.body.decode("utf-8"), parse_constant=_refuse_constant)
        except ValueError as error:
            raise BodyIsNotJson(str(error)) from error

    @property
    def json_object(self) -> dict[str, Any]:
        """The body when it is a JSON object, else an empty one; for labels, never for work."""
        try:
            payload = self.payload
        except BodyIsNotJson:
            return {}
        return payload if isinstance(payload, dict) else {}


@dataclass(frozen=True)
class SandboxResponse:
    """An answer; `delay_seconds` is how long a front must hold it back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0.0

    @cached_property
    def payload(self) -> Any:
        """The JSON document of the body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Call:
    """How a request is named in fault orders, the log and the counts.

    `endpoint` is the method and the path without version and facility, as in
    `POST units/bulk_create`; `scope` is the facility, or the group as the caller named it.
    """

    endpoint: str
    scope: str | None
    kind: CallKind


def json_response(
    status: int, document: object, headers: Mapping[str, str] | None = None
) -> SandboxResponse:
    """An answer with a JSON body."""
    body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    return SandboxResponse(status, {"content-type": JSON_TYPE, **(headers or {})}, body)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
