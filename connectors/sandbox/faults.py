"""Faults that people and tests order: which requests meet them, and what happens then.

A fault has two sides, before and after the vendor did its work. The "after" side is the one that
makes duplicates: the caller cannot tell that its request was processed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.sandbox.late import LateWork
from connectors.sandbox.messages import (
    JSON_TYPE,
    Call,
    ConnectionDropped,
    SandboxRequest,
    SandboxResponse,
)
from connectors.sandbox.vendor import Vendor

FaultKind = Literal[
    "status",
    "status_after",
    "partial",
    "delay",
    "drop_before",
    "drop_after",
    "malformed",
    "expired_token",
    "late",
]


class Fault(BaseModel):
    """An order: `count` matching requests, after the first `skip`, meet this fault.

    `status` answers without processing, `status_after` processes first, `partial` processes only
    the first `keep` items (by default half of them). `delay` processes at once and answers after
    `seconds`. `malformed` processes and breaks the body, or sends `body` in its place.
    `expired_token` ends the token of the request. `late` drops the connection, and processes after
    the next listing of what the request adds to, or after `skip_listings` more. `count: null` is
    for ever.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    vendor: Literal["storedge", "travtus"] | None = None
    endpoint: str = "*"
    scope: str | None = None
    count: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    status: int = Field(default=500, ge=200, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    seconds: float = Field(default=0.0, ge=0)
    body: Any = None
    keep: int | None = Field(default=None, ge=0)
    skip_listings: int = Field(default=0, ge=0)

    def meets(self, vendor: str, call: Call) -> bool:
        """Whether a request is one of those that this order is about."""
        return (
            self.vendor in (None, vendor)
            and self.endpoint in ("*", call.endpoint)
            and self.scope in (None, call.scope)
        )


@dataclass(slots=True)
class _Order:
    fault: Fault
    skip: int
    left: int | None


class FaultPlan:
    """The orders that are still open. A request meets the oldest that matches it."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def order(self, fault: Fault) -> None:
        """Add an order."""
        self._orders.append(_Order(fault, fault.skip, fault.count))

    def clear(self) -> None:
        """Forget every order."""
        self._orders.clear()

    def open_orders(self) -> list[dict[str, Any]]:
        """The orders with what is left of them."""
        return [
            {**order.fault.model_dump(), "skip": order.skip, "count": order.left}
            for order in self._orders
        ]

    def take(self, vendor: str, call: Call) -> Fault | None:
        """The fault that a request meets, which uses it up by one."""
        for order in self._orders:
            if not order.fault.meets(vendor, call):
                continue
            if order.skip:
                order.skip -= 1
                continue
            self._use(order)
            return order.fault
        return None

    def _use(self, order: _Order) -> None:
        if order.left is not None:
            order.left -= 1
            if order.left == 0:
                self._orders.remove(order)


def enact(
    fault: Fault, vendor: Vendor, call: Call, request: SandboxRequest, late: LateWork
) -> SandboxResponse:
    """What a request gets that meets a fault; a dropped connection is raised."""
    match fault.kind:
        case "status":
            return _ordered_answer(fault, vendor, request)
        case "status_after":
            vendor.handle(request)
            return _ordered_answer(fault, vendor, request)
        case "partial":
            vendor.handle(_shortened(request, fault.keep))
            return _ordered_answer(fault, vendor, request)
        case "delay":
            return replace(vendor.handle(request), delay_seconds=fault.seconds)
        case "drop_before":
            raise ConnectionDropped(processed=False)
        case "drop_after":
            vendor.handle(request)
            raise ConnectionDropped(processed=True)
        case "late":
            work, listings = vendor.admit(request), 1 + fault.skip_listings
            late.put_off(vendor.name, call, work, listings)
            raise ConnectionDropped(processed=False)
        case "expired_token":
            return vendor.handle_expired(request)
        case "malformed":
            return _malformed(fault, vendor.handle(request))


def _ordered_answer(fault: Fault, vendor: Vendor, request: SandboxRequest) -> SandboxResponse:
    answer = vendor.failure(fault.status, request)
    body = answer.body if fault.body is None else _body(fault.body)
    return SandboxResponse(fault.status, _headers(answer.headers, fault), body)


def _malformed(fault: Fault, answer: SandboxResponse) -> SandboxResponse:
    body = answer.body[: len(answer.body) // 2] if fault.body is None else _body(fault.body)
    return SandboxResponse(answer.status, _headers(answer.headers, fault), body)


def _headers(headers: Mapping[str, str], fault: Fault) -> dict[str, str]:
    return {**headers, **{name.lower(): value for name, value in fault.headers.items()}}


def _body(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _shortened(request: SandboxRequest, keep: int | None) -> SandboxRequest:
    """The request with only its first items, which stands for work that was cut short."""
    if request.content_type != JSON_TYPE:
        return request
    shortened = {
        name: value[: len(value) // 2 if keep is None else keep]
        if isinstance(value, list)
        else value
        for name, value in request.json_object.items()
    }
    return replace(request, body=json.dumps(shortened).encode())
