"""What the sandbox asks of a vendor model. A model answers; it never waits and never does I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from connectors.sandbox.messages import Call, SandboxRequest, SandboxResponse


class Vendor(Protocol):
    """What the sandbox asks of a vendor model."""

    name: str

    def owns(self, request: SandboxRequest) -> bool:
        """Whether the path belongs to this vendor."""

    def call(self, request: SandboxRequest) -> Call:
        """The name of the request."""

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Answer a request."""

    def admit(self, request: SandboxRequest) -> Callable[[], SandboxResponse]:
        """Judge the credentials of a request now; what is returned answers it, whenever called."""

    def handle_expired(self, request: SandboxRequest) -> SandboxResponse:
        """Answer as if the credentials of the request had just expired."""

    def failure(self, status: int, request: SandboxRequest) -> SandboxResponse:
        """An error in the vendor's own envelope."""

    def unit_rows(self, scope: str | None) -> list[dict[str, Any]]:
        """Every unit, for inspection."""

    def group_rows(self, scope: str | None) -> list[dict[str, Any]]:
        """Every group, for inspection."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How many units and groups each scope holds."""

    def edit(self, entity: str, remote_id: str, fields: Mapping[str, Any]) -> str | None:
        """Change something by hand; the complaint, or None when it was done."""

    def reset(self) -> None:
        """Forget everything."""
