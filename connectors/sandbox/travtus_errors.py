"""How Travtus says no: the errors of seed 000, word for word, and the few that others document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A request is answered with an error."""

    def __init__(
        self, status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {document}")
        self.status = status
        self.document = document
        self.headers = dict(headers or {})


_DOCUMENTED: Mapping[str, tuple[int, str]] = {
    "missing_authorization": (
        400,
        (
            "Your request does not include an 'Authorization' header"
            " with a bearer token for your account."
        ),
    ),
    "expired_token": (
        401,
        (
            "The bearer token you have provided in the 'Authorization' header has expired."
            " Please obtain a new one."
        ),
    ),
    "invalid_authorization": (
        401,
        "The bearer token you have provided in the 'Authorization' header is invalid.",
    ),
    "no_group": (
        400,
        "You must either provide a group id or group external reference in the request body.",
    ),
    "both_group_identifiers_provided": (
        400,
        (
            "You have provided both a group id and group external reference"
            " for the create/update units operation. Please only provide one of the two."
        ),
    ),
    "no_access_to_group": (401, "You do not have access to the group you have provided."),
    "group_not_found": (404, "We could not find a group with the ID you have provided."),
    "not_found": (404, "We could not find any units that match your query."),
}


def refusal(error_type: str) -> Refusal:
    """A documented error, by its type."""
    status, message = _DOCUMENTED[error_type]
    return Refusal(status, {"error": {"type": error_type, "message": message}})


def bad_request(message: str) -> Refusal:
    """A request that no documented error covers, in the standard envelope."""
    return Refusal(400, {"error": {"type": "invalid_request", "message": message}})
