"""When a request is sent again: how often, how long after, and when no more.

The promise: a request that may already have taken effect is repeated only if its sender called it
safe. The budget is shared by everything a run sends, so that an API which is down costs minutes,
not a night.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from connectors.errors import (
    ApiError,
    CredentialsRefused,
    Forbidden,
    GroupRefused,
    OutcomeUnknown,
    RedirectRefused,
    Rejected,
    RequestTooLarge,
    TokenExpired,
)

__all__ = ["Attempts", "RetryBudget", "RetryPolicy", "parse_retry_after"]

# Four attempts with full jitter span about 2 s on average and 3.5 s at most: enough for a restart
# of one server behind a balancer. A longer outage is the next night's business.
ATTEMPTS = 4
BASE_SECONDS = 0.5
CAP_SECONDS = 30.0
# A server that asks for more than two minutes is not asking for patience tonight.
RETRY_AFTER_CAP_SECONDS = 120.0
# A healthy night of 100,000 units is some 2,000 requests; a tenth of that is beyond bad luck.
RUN_RETRIES = 200

# Said at the door, before anybody has looked at what the request asks for.
_AT_THE_DOOR = (CredentialsRefused, Forbidden, GroupRefused, RedirectRefused, RequestTooLarge)

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and how long between: exponential back-off with full jitter."""

    attempts: int = ATTEMPTS
    base_seconds: float = BASE_SECONDS
    cap_seconds: float = CAP_SECONDS
    retry_after_cap_seconds: float = RETRY_AFTER_CAP_SECONDS

    def delay(self, attempt: int, random: Random, retry_after: float | None = None) -> float | None:
        """Seconds to wait after attempt number `attempt` (from 1); None: give up for this run."""
        if retry_after is None:
            ceiling = min(self.cap_seconds, self.base_seconds * 2 ** (attempt - 1))
            return random.uniform(0, ceiling)
        if retry_after > self.retry_after_cap_seconds:
            return None
        # Never earlier than asked, and not all threads at the same instant.
        return retry_after + random.uniform(0, self.base_seconds)


class RetryBudget:
    """How many retries a whole run may spend. Threads share it."""

    def __init__(self, retries: int = RUN_RETRIES) -> None:
        self._left = retries
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Retries that may still be spent."""
        return self._left

    def spend(self) -> bool:
        """Take one; False when there is none."""
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            return True


class Attempts:
    """The attempts of one request, and what the earlier ones leave behind.

    An attempt with an unknown outcome stays unknown when the next one does not get through: a
    connection refused afterwards does not undo what may have happened. Only a verdict on the
    request itself, which would have been the same before, settles it.
    """

    def __init__(
        self, policy: RetryPolicy, budget: RetryBudget, random: Random, *, safe: bool, limit: int
    ) -> None:
        self._policy = policy
        self._budget = budget
        self._random = random
        self._safe = safe
        self._left = limit
        self._made = 0
        self._renewed = False
        self._unsettled: OutcomeUnknown | None = None

    @property
    def lost_one(self) -> bool:
        """Whether an attempt had no answer, so that the API may still carry it out."""
        return self._unsettled is not None

    def after(self, error: ApiError) -> float:
        """Seconds until the next attempt; raises what the sender must know if there is none."""
        if isinstance(error, OutcomeUnknown):
            self._unsettled = error
        if isinstance(error, TokenExpired):
            return self._after_renewal(error)
        self._made += 1
        self._left -= 1
        delay = self._delay(error) if self._may_repeat(error) else None
        if delay is None or not self._budget.spend():
            raise self._verdict(error)
        return delay

    def _after_renewal(self, error: TokenExpired) -> float:
        """A refused credential was not processed: one fresh one may try at once, and only one."""
        if self._renewed:
            raise self._verdict(as_refused(error))
        self._renewed = True
        return 0.0

    def _may_repeat(self, error: ApiError) -> bool:
        certain = error.outcome in ("not_sent", "rejected")
        return self._left > 0 and error.retry == "now" and (certain or self._safe)

    def _delay(self, error: ApiError) -> float | None:
        return self._policy.delay(self._made, self._random, error.retry_after)

    def _verdict(self, error: ApiError) -> ApiError:
        error.may_come_late = error.may_come_late or self.lost_one
        settles = isinstance(error, Rejected) and not isinstance(error, _AT_THE_DOOR)
        return error if settles or self._unsettled is None else self._unsettled


def as_refused(error: ApiError) -> CredentialsRefused:
    """The same answer, now known to be about the credentials."""
    return CredentialsRefused(
        str(error),
        status=error.status,
        words=error.words,
        error_type=error.error_type,
        request_id=error.request_id,
        body=error.body,
    )


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None when it is absent or makes no sense.

    An absurd number is kept as it is, since it says plainly: not tonight.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
