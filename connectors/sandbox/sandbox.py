"""Both vendors behind one door, with the faults that were ordered and a log of what came in.

`handle` is the whole of it; the fronts only carry. One request is answered at a time, so that the
models stay as simple as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.clock import Clock
from connectors.sandbox.faults import Fault, FaultPlan, enact
from connectors.sandbox.ids import IdSource
from connectors.sandbox.late import LateWork
from connectors.sandbox.messages import (
    BodyIsNotJson,
    ConnectionDropped,
    SandboxRequest,
    SandboxResponse,
    json_response,
)
from connectors.sandbox.request_log import RequestLog
from connectors.sandbox.storedge import OPEN_FACILITY, USUAL_HABITS, StoredgeVendor
from connectors.sandbox.storedge_facility import FacilitySettings, StoredgeHabits
from connectors.sandbox.travtus import TravtusVendor
from connectors.sandbox.vendor import Vendor


class Edit(BaseModel):
    """A change by hand: which unit or group of which vendor, and its new fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vendor: str
    entity: Literal["unit", "group"]
    id: str
    fields: dict[str, Any]


class Sandbox:
    """The vendors, the fault plan and the request log; also what stands under `/_sandbox/`."""

    def __init__(self, vendors: Sequence[Vendor], *, clock: Clock) -> None:
        self._vendors = tuple(vendors)
        self._clock = clock
        self._faults = FaultPlan()
        self._late = LateWork()
        self._log = RequestLog()
        self._lock = RLock()
        self._controls: Mapping[tuple[str, str], Callable[[SandboxRequest], SandboxResponse]] = {
            ("GET", "faults"): lambda _: json_response(200, {"faults": self.open_faults()}),
            ("POST", "faults"): self._order_fault,
            ("DELETE", "faults"): self._acknowledged(self.clear_faults),
            ("GET", "requests"): lambda _: json_response(200, {"requests": self.requests()}),
            ("DELETE", "requests"): self._acknowledged(self.forget_requests),
            ("GET", "units"): lambda r: json_response(200, {"units": self.units(_scope(r))}),
            ("GET", "groups"): lambda r: json_response(200, {"groups": self.groups(_scope(r))}),
            ("GET", "counts"): lambda _: json_response(200, self.counts()),
            ("POST", "edit"): self._edit,
            ("POST", "reset"): self._acknowledged(self.reset),
        }

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Answer a request; `ConnectionDropped` when a fault cuts the connection."""
        with self._lock:
            if request.segments[0] == "_sandbox":
                return self._control(request)
            for vendor in self._vendors:
                if vendor.owns(request):
                    return self._exchange(vendor, request)
            return json_response(404, {"error": "no vendor answers here"})

    def order_fault(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._faults.order(fault)

    def open_faults(self) -> list[dict[str, Any]]:
        """The faults that were ordered and have not all happened."""
        with self._lock:
            return self._faults.open_orders()

    def clear_faults(self) -> None:
        """Forget the faults that were ordered."""
        with self._lock:
            self._faults.clear()

    def requests(self) -> list[dict[str, Any]]:
        """What was received, newest last, without credentials."""
        with self._lock:
            return self._log.rows()

    def forget_requests(self) -> None:
        """Start the log and the counts of requests again."""
        with self._lock:
            self._log.forget()

    def units(self, scope: str | None = None) -> list[dict[str, Any]]:
        """The units of a scope, or all, with everything that was written to them."""
        with self._lock:
            return [row for vendor in self._vendors for row in vendor.unit_rows(scope)]

    def groups(self, scope: str | None = None) -> list[dict[str, Any]]:
        """The groups of a scope, or all."""
        with self._lock:
            return [row for vendor in self._vendors for row in vendor.group_rows(scope)]

    def counts(self) -> dict[str, Any]:
        """Requests by endpoint, reads, writes, and units and groups by scope."""
        with self._lock:
            sizes = {scope: size for v in self._vendors for scope, size in v.sizes().items()}
            return {
                **self._log.counts(),
                "units": {scope: units for scope, (units, _) in sizes.items()},
                "groups": {scope: groups for scope, (_, groups) in sizes.items()},
            }

    def edit(
        self, vendor: str, entity: str, remote_id: str, fields: Mapping[str, Any]
    ) -> str | None:
        """Change a unit or group as a person would by hand; the complaint, or None when done."""
        with self._lock:
            for candidate in self._vendors:
                if candidate.name == vendor:
                    return candidate.edit(entity, remote_id, fields)
            return f"no vendor is called {vendor}"

    def reset(self) -> None:
        """Forget units, groups, tokens, faults and the log."""
        with self._lock:
            for vendor in self._vendors:
                vendor.reset()
            self._faults.clear()
            self._late.forget()
            self._log.forget()

    def _exchange(self, vendor: Vendor, request: SandboxRequest) -> SandboxResponse:
        call = vendor.call(request)
        fault = self._faults.take(vendor.name, call)
        received = (self._clock.now(), vendor.name, call, request)
        kind = None if fault is None else fault.kind
        try:
            if fault is None:
                response = vendor.handle(request)
                self._late.listed(vendor.name, call)
            else:
                response = enact(fault, vendor, call, request, self._late)
        except ConnectionDropped:
            self._log.add(*received, None, kind)
            raise
        self._log.add(*received, response.status, kind)
        return response

    def _control(self, request: SandboxRequest) -> SandboxResponse:
        path = "/".join(request.segments[1:])
        control = self._controls.get((request.method, path))
        if control is not None:
            return control(request)
        if allowed := sorted(method for method, known in self._controls if known == path):
            headers = {"allow": ", ".join(allowed)}
            return json_response(405, {"error": "method not allowed"}, headers)
        pages = sorted(f"{method} /_sandbox/{known}" for method, known in self._controls)
        return json_response(404, {"error": "the sandbox has no such page", "pages": pages})

    def _order_fault(self, request: SandboxRequest) -> SandboxResponse:
        try:
            payload = request.payload
            orders = payload if isinstance(payload, list) else [payload]
            faults = [Fault.model_validate(order) for order in orders]
        except (BodyIsNotJson, ValidationError) as error:
            return json_response(400, {"error": str(error)})
        for fault in faults:
            self._faults.order(fault)
        return json_response(201, {"faults": self._faults.open_orders()})

    def _edit(self, request: SandboxRequest) -> SandboxResponse:
        try:
            edit = Edit.model_validate(request.payload)
        except (BodyIsNotJson, ValidationError) as error:
            return json_response(400, {"error": str(error)})
        complaint = self.edit(edit.vendor, edit.entity, edit.id, edit.fields)
        return json_response(400 if complaint else 200, {"error": complaint})

    def _acknowledged(
        self, action: Callable[[], None]
    ) -> Callable[[SandboxRequest], SandboxResponse]:
        def control(_: SandboxRequest) -> SandboxResponse:
            action()
            return json_response(200, {"done": True})

        return control


def demo_sandbox(
    *,
    clock: Clock,
    seed: str = "sandbox",
    facility: FacilitySettings | None = None,
    habits: StoredgeHabits = USUAL_HABITS,
    matches_addresses: bool = True,
) -> Sandbox:
    """A sandbox with both vendors, the demo credentials, and any facility and group on sight."""
    new_id = IdSource(seed)
    storedge = StoredgeVendor(
        clock=clock, new_id=new_id, default_facility=facility or OPEN_FACILITY, habits=habits
    )
    travtus = TravtusVendor(clock=clock, new_id=new_id, matches_addresses=matches_addresses)
    return Sandbox([storedge, travtus], clock=clock)


def _scope(request: SandboxRequest) -> str | None:
    return dict(request.query).get("scope")
