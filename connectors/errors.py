"""What can go wrong in the outside world, as one tree.

    ConnectorError
    ├── SourceUnreadable
    └── ApiError
        ├── ListingUnreadable
        ├── NotSent
        │   ├── ApiUnreachable
        │   │   └── TokenUnavailable
        │   ├── RequestUnsendable
        │   └── Stopped
        ├── OutcomeUnknown
        │   ├── MalformedReply
        │   │   ├── ReplyTooLarge
        │   │   └── ReplyTruncated
        │   ├── ReplyLost
        │   └── ServerFault
        ├── Rejected
        │   ├── Conflict
        │   ├── CredentialsRefused
        │   ├── Forbidden
        │   ├── GroupRefused
        │   ├── NotFound
        │   ├── RedirectRefused
        │   ├── RequestTooLarge
        │   └── TokenExpired
        └── Throttled

Every class answers two questions. `outcome`: what became of the request at the other end
("not_sent", "rejected", "unknown" or "done"). `retry`: when the same request may be sent again
("now", "next_run" or "never"); for an unknown outcome "now" holds only for a request that is safe
to repeat, and any other is settled by reading. A class that forgets to answer inherits the
careful answers: unknown, next run.

An error never shows a secret: `words` are redacted before they get here, and neither `str()` nor
`repr()` looks into `body`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

__all__ = [
    "ApiError",
    "ApiUnreachable",
    "Conflict",
    "ConnectorError",
    "CredentialsRefused",
    "Forbidden",
    "GroupRefused",
    "ListingUnreadable",
    "MalformedReply",
    "NotFound",
    "NotSent",
    "OutcomeUnknown",
    "RedirectRefused",
    "Rejected",
    "ReplyLost",
    "ReplyTooLarge",
    "ReplyTruncated",
    "RequestOutcome",
    "RequestTooLarge",
    "RequestUnsendable",
    "Retry",
    "ServerFault",
    "SourceUnreadable",
    "Stopped",
    "Throttled",
    "TokenExpired",
    "TokenUnavailable",
]

RequestOutcome = Literal["not_sent", "rejected", "unknown", "done"]
Retry = Literal["now", "next_run", "never"]


class ConnectorError(Exception):
    """Something in the outside world did not work."""

    outcome: ClassVar[RequestOutcome] = "unknown"
    retry: ClassVar[Retry] = "next_run"

    def __init__(self, message: str = "") -> None:
        # `python -OO` strips docstrings, and then the name must do.
        super().__init__(message or self.__doc__ or type(self).__name__)


class SourceUnreadable(ConnectorError):
    """The source could not be read."""

    outcome: ClassVar[RequestOutcome] = "not_sent"
    retry: ClassVar[Retry] = "next_run"


class ApiError(ConnectorError):
    """A request did not end in an answer that can be used."""

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        words: str = "",
        error_type: str | None = None,
        request_id: str | None = None,
        body: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Keep the answer: its status, the API's own words, its error type, id and body.

        `retry_after` is the number of seconds that the API asked us to wait.
        """
        super().__init__(message)
        self.status = status
        self.words = words
        self.error_type = error_type
        self.request_id = request_id
        self.body = body
        self.retry_after = retry_after
        # Whether this attempt, or an earlier one of the same request, may still be carried out.
        self.may_come_late = self.outcome == "unknown"


class ListingUnreadable(ApiError):
    """The collection is not proven complete, and unreadable is not empty."""

    outcome: ClassVar[RequestOutcome] = "unknown"
    retry: ClassVar[Retry] = "next_run"


class NotSent(ApiError):
    """The request was certainly not processed, because it never left."""

    outcome: ClassVar[RequestOutcome] = "not_sent"
    retry: ClassVar[Retry] = "now"


class ApiUnreachable(NotSent):
    """No connection to the API could be made."""


class TokenUnavailable(ApiUnreachable):
    """The token endpoint gave no usable token, so the request itself was not sent."""

    # The token request has already been through its own attempts.
    retry: ClassVar[Retry] = "next_run"


class RequestUnsendable(NotSent):
    """The request could not be put into the form that HTTP demands, so it was not sent."""

    retry: ClassVar[Retry] = "never"


class Stopped(NotSent):
    """The run was asked to stop, so nothing more is sent."""

    retry: ClassVar[Retry] = "next_run"


class OutcomeUnknown(ApiError):
    """The request was sent, and whether it took effect is not known."""

    outcome: ClassVar[RequestOutcome] = "unknown"
    retry: ClassVar[Retry] = "now"


class MalformedReply(OutcomeUnknown):
    """The answer is not the JSON object that the API promises."""


class ReplyTooLarge(MalformedReply):
    """The answer is larger than any honest answer."""

    # It would be as large the next time.
    retry: ClassVar[Retry] = "next_run"


class ReplyTruncated(MalformedReply):
    """The answer has another length than its own header says."""


class ReplyLost(OutcomeUnknown):
    """The connection failed, or the time ran out, before the answer was complete."""


class ServerFault(OutcomeUnknown):
    """The API reports a fault of its own, which says nothing about the effect."""


class Rejected(ApiError):
    """The API said no."""

    outcome: ClassVar[RequestOutcome] = "rejected"
    retry: ClassVar[Retry] = "never"


class Conflict(Rejected):
    """The API said no, because the request contradicts what it holds."""


class CredentialsRefused(Rejected):
    """The API does not accept the credentials."""

    retry: ClassVar[Retry] = "next_run"


class Forbidden(Rejected):
    """The credentials are good, but may not do this."""

    retry: ClassVar[Retry] = "next_run"


class GroupRefused(Rejected):
    """The group does not exist, or these credentials may not see it."""

    retry: ClassVar[Retry] = "next_run"


class NotFound(Rejected):
    """The API does not know what the request names."""


class RedirectRefused(Rejected):
    """The API answered with a redirect, which is never followed with credentials."""

    retry: ClassVar[Retry] = "next_run"


class RequestTooLarge(Rejected):
    """The request is larger than the API takes; a smaller one may pass."""


class TokenExpired(Rejected):
    """The credential of this attempt was refused; a fresh one may be accepted."""

    retry: ClassVar[Retry] = "now"


class Throttled(ApiError):
    """The API has had too many requests and did not process this one."""

    outcome: ClassVar[RequestOutcome] = "rejected"
    retry: ClassVar[Retry] = "now"
