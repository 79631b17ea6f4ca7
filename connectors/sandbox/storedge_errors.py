"""How storEDGE says no: a refusal with its status, and the lists that name the offenders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.storedge_facility import ConflictItems


class Refusal(Exception):
    """A request is answered with an error; `members` stand beside `meta` in the body."""

    def __init__(
        self,
        status: int,
        message: str,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.members = dict(members or {})
        self.headers = dict(headers or {})


class ErrorHash:
    """Errors collected by type; knows which items of the request are concerned."""

    def __init__(self, *labels: str) -> None:
        self._labels = labels
        self._errors: dict[str, list[dict[str, Any]]] = {}
        self.offenders: set[int] = set()

    def add(self, error_type: str, index: int, item: Mapping[str, Any], message: str) -> None:
        """Note that the item at this position breaks this rule."""
        entry = {label: item.get(label) for label in self._labels}
        self._errors.setdefault(error_type, []).append({**entry, "message": message})
        self.offenders.add(index)

    def raise_if_any(self, status: int = 400) -> None:
        """Refuse the request when anything was noted."""
        if self._errors:
            raise Refusal(
                status, "Some of the parameters were invalid", {"error_hash": self._errors}
            )


class Conflicts:
    """The list under `errors` that a group name or a reference unit runs into."""

    def __init__(self, kind: str, form: ConflictItems) -> None:
        self._kind = kind
        self._form = form
        self._items: list[Any] = []
        self.offenders: set[int] = set()

    def add(self, index: int, subject: Mapping[str, Any], message: str) -> None:
        """Note a conflict; the message names what is in conflict."""
        self._items.append(message if self._form == "text" else {**subject, "message": message})
        self.offenders.add(index)

    def as_errors(self) -> dict[str, list[Any]]:
        """The member of `errors`, empty when there was no conflict."""
        return {self._kind: self._items} if self._items else {}
