"""When a request is sent again, how long after, and when no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import errors
from connectors.errors import ApiError
from connectors.retry import Attempts, RetryBudget, RetryPolicy, parse_retry_after

NOW = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)


def attempts(*, safe: bool, limit: int = 4, budget: RetryBudget | None = None) -> Attempts:
    return Attempts(RetryPolicy(), budget or RetryBudget(), Random("a"), safe=safe, limit=limit)


def outcome_of(steps: list[ApiError], *, safe: bool, limit: int = 4) -> ApiError | None:
    """What the sender learns after these failures; None while another attempt is due."""
    way = attempts(safe=safe, limit=limit)
    for step in steps:
        try:
            way.after(step)
        except ApiError as error:
            return error
    return None


@pytest.mark.parametrize("attempt", range(1, 12))
def test_waits_have_full_jitter_under_a_doubling_ceiling(attempt: int) -> None:
    """Each wait lies between nothing and the ceiling, which doubles up to its cap."""
    policy = RetryPolicy()
    random = Random(f"jitter/{attempt}")
    delays = [policy.delay(attempt, random) or 0.0 for _ in range(300)]
    ceiling = min(30.0, 0.5 * 2 ** (attempt - 1))

    assert 0 <= min(delays) < 0.1 * ceiling
    assert 0.9 * ceiling < max(delays) <= ceiling


def test_the_same_random_gives_the_same_waits() -> None:
    """Jitter is drawn from the injected random only, so a night can be replayed."""
    policy = RetryPolicy()
    one, two = Random("seed"), Random("seed")

    assert [policy.delay(n, one) for n in range(1, 6)] == [
        policy.delay(n, two) for n in range(1, 6)
    ]


@pytest.mark.parametrize("asked", [0.0, 7.0, 120.0])
def test_retry_after_is_obeyed(asked: float) -> None:
    """The wait is never shorter than the API asked for."""
    delay = RetryPolicy().delay(1, Random("a"), asked)

    assert delay is not None
    assert asked <= delay <= asked + 0.5


@pytest.mark.parametrize("asked", [120.1, 86_400.0, float("inf")])
def test_a_retry_after_beyond_the_cap_ends_it_for_this_run(asked: float) -> None:
    """A server that asks for a day gets the next night."""
    assert RetryPolicy().delay(1, Random("a"), asked) is None
    assert outcome_of([errors.Throttled(retry_after=asked)], safe=True) is not None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 17 ", 17.0),
        ("1.5", 1.5),
        ("86400", 86_400.0),
        ("9" * 400, float("inf")),
        ("-5", None),
        ("+5", None),
        ("nan", None),
        ("1e3", None),
        ("soon", None),
        ("٣", None),
        ("Mon, 05 Jan 2026 02:00:30 GMT", 30.0),
        ("Mon, 05 Jan 2026 02:00:30 -0000", 30.0),
        ("Mon, 05 Jan 2026 01:00:00 GMT", 0.0),
        ("Tue, 06 Jan 2026 02:00:00 GMT", 86_400.0),
        ("Wed, 99 Foo 2026 02:00:00 GMT", None),
        ("Wed, 01 Jan 99999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, expected: float | None) -> None:
    """Seconds and dates are understood, and nonsense counts as no header at all."""
    assert parse_retry_after(header, NOW) == expected


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ .*"))
def test_no_retry_after_can_break_a_night(header: str) -> None:
    """Whatever a server sends, it is a number that is not negative, or nothing."""
    seconds = parse_retry_after(header, NOW)

    assert seconds is None or seconds >= 0


def test_a_date_is_read_by_the_wall_clock() -> None:
    """The same date asks for less when it is nearer."""
    header = "Mon, 05 Jan 2026 02:01:00 GMT"

    assert parse_retry_after(header, NOW + timedelta(seconds=20)) == 40.0


def test_the_budget_is_shared_and_never_overspent() -> None:
    """However many threads ask, a run spends what it has and no more."""
    budget = RetryBudget(50)
    with ThreadPoolExecutor(8) as threads:
        spent = sum(threads.map(lambda _: budget.spend(), range(200)))

    assert spent == 50
    assert budget.left == 0


def test_an_empty_budget_ends_the_attempts() -> None:
    """A run whose budget is spent takes the first failure as the last."""
    way = attempts(safe=True, budget=RetryBudget(1))
    way.after(errors.ApiUnreachable("first"))
    with pytest.raises(errors.ApiUnreachable, match="second"):
        way.after(errors.ApiUnreachable("second"))


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("kind", [errors.ApiUnreachable, errors.Throttled])
def test_what_was_certainly_not_processed_is_sent_again(kind: type[ApiError], safe: bool) -> None:
    """Connection refused and 429 are repeated for any request, up to the limit."""
    assert outcome_of([kind()] * 3, safe=safe) is None
    assert type(outcome_of([kind()] * 4, safe=safe)) is kind


UNKNOWN = [errors.ReplyLost, errors.ServerFault, errors.MalformedReply, errors.ReplyTruncated]


@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_unknown_outcome_is_repeated_only_if_that_is_safe(kind: type[ApiError]) -> None:
    """A create whose answer is lost is never sent again blindly."""
    assert outcome_of([kind()], safe=True) is None
    assert type(outcome_of([kind()], safe=False)) is kind


@pytest.mark.parametrize(
    "kind",
    [
        errors.Rejected,
        errors.Conflict,
        errors.CredentialsRefused,
        errors.Forbidden,
        errors.GroupRefused,
        errors.NotFound,
        errors.RedirectRefused,
        errors.ReplyTooLarge,
        errors.RequestTooLarge,
        errors.RequestUnsendable,
        errors.Stopped,
        errors.TokenUnavailable,
    ],
)
def test_an_answer_that_would_be_the_same_ends_it(kind: type[ApiError]) -> None:
    """What another attempt cannot change is not attempted again."""
    assert type(outcome_of([kind()], safe=True)) is kind


@pytest.mark.parametrize(
    "last",
    [
        errors.ApiUnreachable,
        errors.Throttled,
        errors.Stopped,
        errors.TokenUnavailable,
        errors.CredentialsRefused,
        errors.RedirectRefused,
        errors.RequestTooLarge,
        errors.Forbidden,
        errors.GroupRefused,
    ],
)
def test_unknown_stays_unknown_when_the_next_attempt_does_not_get_through(
    last: type[ApiError],
) -> None:
    """A connection refused afterwards does not undo what may have happened before."""
    lost = errors.ReplyLost("the first one")
    actual = outcome_of([lost, last()], safe=True, limit=2)

    assert actual is lost


def test_a_verdict_on_the_request_settles_an_unknown_attempt() -> None:
    """A request that is invalid now was invalid before, and the offenders' names are kept."""
    verdict = errors.Rejected("taken", body={"error_hash": {}})

    assert outcome_of([errors.ReplyLost(), verdict], safe=True) is verdict


def test_a_refused_credential_gets_one_fresh_one() -> None:
    """The first refusal is repeated at once, without cost; the second is final."""
    budget = RetryBudget(0)
    way = attempts(safe=False, limit=1, budget=budget)

    assert way.after(errors.TokenExpired()) == 0
    with pytest.raises(errors.CredentialsRefused, match="still") as caught:
        way.after(errors.TokenExpired("still", status=401, words="expired", error_type="t"))
    assert (caught.value.status, caught.value.words) == (401, "expired")


def test_the_limit_of_a_request_wins_over_the_policy() -> None:
    """One attempt is one attempt, even for what may be repeated."""
    assert type(outcome_of([errors.Throttled()], safe=True, limit=1)) is errors.Throttled
