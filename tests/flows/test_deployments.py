"""What is offered of unitsync, by `unitsync serve`, by `prefect.yaml` and as an image."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from flows.deployments import from_settings, offers
from flows.schedule import Schedule

ROOT = Path(__file__).parents[2]
YAML = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def nights(cron, start, days):
    """When the nightly sync runs, in New York, that many times after `start`."""
    nightly, *_ = offers(Schedule(sync=cron, timezone="America/New_York"))
    times = []
    for _ in range(days):
        at = nightly.next_at(start)
        times.append(f"{at:%d %H:%M %Z}")
        start = at + timedelta(hours=12)
    return times


@pytest.mark.parametrize(
    ("cron", "start", "expected"),
    [
        ("30 2 * * *", datetime(2026, 10, 31, 12), ["01 02:30 EST", "02 02:30 EST"]),
        ("30 1 * * *", datetime(2026, 10, 31, 12), ["01 01:30 EDT", "02 01:30 EST"]),
        ("30 2 * * *", datetime(2026, 3, 7, 12), ["08 01:30 EST", "09 02:30 EDT"]),
    ],
)
def test_the_time_of_a_night_stays_the_same_when_the_clock_changes(cron, start, expected):
    assert expected == nights(cron, start.replace(tzinfo=UTC), 2)


def test_what_has_no_schedule_never_runs_by_itself(desk):
    assert [None] * 3 == [offer.next_at(datetime.now(UTC)) for offer in offers(Schedule())]
    assert [[]] * 3 == [offer.deployment(desk.config).schedules for offer in offers(Schedule())]


def test_a_work_pool_is_offered_the_same_three(desk):
    for written, offer in zip(YAML["deployments"], offers(Schedule()), strict=True):
        made = offer.deployment(desk.config)
        assert (made.name, made.entrypoint) == (written["name"], written["entrypoint"])
        assert set(written["parameters"]) == set(made.parameters)
        limit = written.get("concurrency_limit")
        assert made.concurrency_limit == (limit and limit["limit"])
        if limit:
            assert made.concurrency_options.collision_strategy == limit["collision_strategy"]
        for schedule in written["schedules"]:
            assert {"{{ settings.timezone }}"} == {schedule["timezone"]}


def test_a_work_pool_has_the_schedules_of_the_settings(desk):
    desk.configure(
        "reports: reports", 'reports: reports\nschedule: {sync: "0 2 * * *", timezone: Asia/Tokyo}'
    )

    given = from_settings(str(desk.config))

    assert ("0 2 * * *", True, "Asia/Tokyo") == tuple(
        given[name] for name in ("sync", "sync_active", "timezone")
    )
    assert not given["reconcile_active"]
    asked = re.findall(r"\{\{ settings\.(\w+) \}\}", (ROOT / "prefect.yaml").read_text("utf-8"))
    assert set(asked) == set(given)


def test_the_image_is_made_of_what_the_package_is_made_of():
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    rooms = {name.partition(".")[0] for name in packages["packages"]}
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for source in line.split()
    }

    assert rooms <= copied
    assert all((ROOT / source).exists() for source in copied)
    allowed = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert set(allowed) == copied


def test_the_image_runs_as_nobody_in_particular():
    users = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)

    assert users
    assert all(user.isdigit() and int(user) for user in users)
