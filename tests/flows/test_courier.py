"""A worker is lost at every step of a push, on either side of it: everything arrives once."""

from __future__ import annotations

import itertools
import pickle
from contextlib import closing

import pytest

from flows.courier import Courier, NoWorkerLeft, WorkerLost
from flows.pushing import in_threads
from flows.sync import sync

from .conftest import OTHER


class Worker:
    """A worker in this process, which is lost at its `end`th word, before or after it is heard."""

    def __init__(self, end=-1, side="before"):
        self.end, self.side, self.words = end, side, []

    def pusher(self, push, shards):
        push.carrier = lambda push: closing(Courier(push, lambda push: Lane(push.job, self)))
        return in_threads(push, shards)

    def hear(self, word, journal, said):
        moment = len(self.words), self.side
        self.words.append(word)
        if (self.end, "before") == moment:
            raise WorkerLost("the worker was lost")
        answer = getattr(journal, word)(*pickle.loads(pickle.dumps(said)))
        if (self.end, "after") == moment:
            raise WorkerLost("the worker was lost")
        return answer


class Lane:
    def __init__(self, job, worker):
        self.job, self.worker = job, worker

    def push(self, work, journal):
        return self.job.target.push(pickle.loads(pickle.dumps(work)), Told(self.worker, journal))[1]

    def close(self):
        """There is nothing to let go."""

    def abandon(self, loss):
        self.job = None


class Told:
    def __init__(self, worker, journal):
        self.worker, self.journal = worker, journal

    def __getattr__(self, word):
        return lambda *said: self.worker.hear(word, self.journal, said)


@pytest.fixture
def nights(rows):
    """A first night, and one with a bit of everything: names that swap, a reference unit that
    leaves, a new group and an emptied one, a rate, a newcomer."""
    unit = rows[0]
    first = [unit(n, group=f"g{n % 2}", group_name=f"G{n % 2}") for n in range(1, 7)]
    first.append(unit(9, site=OTHER, group="g9", group_name="G9"))
    second = [
        unit(1, name="A2", group="g0", group_name="G0"),
        unit(2, name="A1", group="g2", group_name="New"),
        unit(3, rate="120.00", group="g1", group_name="Renamed"),
        unit(4, group="g0", group_name="G0", lock="90909"),
        unit(5, group="g1", group_name="Renamed", width=12),
        unit(6, group="g2", group_name="New"),
        unit(7, group="g0", group_name="G0"),
        unit(9, site=OTHER, group="g9", group_name="G9", rate="101.00"),
    ]
    return first, second


def shown(desk):
    """The units and groups at the vendor, without ids."""
    groups = {group["id"]: group["name"] for group in desk.sandbox.groups()}
    names = {unit["id"]: unit["name"] for unit in desk.sandbox.units()}
    units = [
        {**unit, "id": "", "unit_group_id": groups.get(unit["unit_group_id"])}
        for unit in desk.sandbox.units()
    ]
    tables = (
        units,
        [(g["name"], names.get(g["reference_unit_id"])) for g in desk.sandbox.groups()],
    )
    return [sorted(table, key=str) for table in tables]


def lone(desk):
    """One lane, so that its words come in the same order each time."""
    desk.configure("requests_per_second: null", "requests_per_second: null\n      concurrency: 1")
    return desk


def night(desk, rows, worker):
    desk.export(*rows)
    summary = sync(desk.settings(), desk.world(), pusher=worker.pusher)
    desk.clock.advance(86_400)
    return summary


def moments(words):
    """Between two requests, before a request leaves that is in the journal already, and before
    anything is heard of it."""
    first = words.index("sent", 1)
    return [
        (first, "before"),
        *((number, "after" if word == "sent" else "before") for number, word in enumerate(words)),
    ]


def test_a_worker_lost_at_any_step_costs_nothing(desks, nights):
    desk, whole = lone(desks()), [Worker(), Worker()]
    for rows, worker in zip(nights, whole, strict=True):
        night(desk, rows, worker)
    expected = shown(desk)
    losses = itertools.zip_longest(*(moments(worker.words) for worker in whole))

    for ends in losses:
        desk = lone(desks())
        for rows, end in zip(nights, ends, strict=True):
            summary = night(desk, rows, Worker(*(end or ())))
            assert "ok" == summary.status, (ends, summary)
            assert bool(end) == len(summary.pipelines[0].notices), (ends, summary)
            assert [] == desk.rows_of("SELECT * FROM requests WHERE state = 'sent'"), ends
        assert expected == shown(desk), ends
        assert "ok" == desk.sync().status, ends
        assert expected == shown(desk), ends


def test_what_a_lost_worker_had_made_is_found_and_never_sent_again(desk, nights):
    lone(desk)
    worker = Worker(3)  # heard of the second request, and not of its answer
    desk.export(*nights[0])

    summary = sync(desk.settings(), desk.world(), pusher=worker.pusher)

    assert "ok" == summary.status
    assert [] == desk.rows_of("SELECT * FROM requests WHERE status >= 400")
    assert {f"A{n}" for n in range(1, 7)} == set(desk.live())


def test_a_scope_that_no_worker_takes_is_not_sent_and_planned_again(desk, nights):
    def nobody(push, shards):
        def open_lane(push):
            raise NoWorkerLeft("no Dask worker is left")

        push.carrier = lambda push: closing(Courier(push, open_lane))
        return in_threads(push, shards)

    desk.export(*nights[0])
    summary = sync(desk.settings(), desk.world(), pusher=nobody)

    assert ("error", 0, 0) == (
        summary.status,
        desk.writes(),
        summary.pipelines[0].counts["created"],
    )
    assert ("no Dask worker is left",) == summary.pipelines[0].notes
    assert 7 == desk.sync().pipelines[0].counts["created"]


def test_a_lost_scope_that_cannot_be_read_again_is_left_to_the_next_night(desk, nights):
    lone(desk)
    worker = Worker(3)  # heard of the second request, and not of its answer
    desk.export(*nights[0])
    desk.fault("status", "GET units", status=403, skip=2)

    summary = sync(desk.settings(), desk.world(), pusher=worker.pusher)

    counts = summary.pipelines[0].counts
    assert ("attention", 6, 1) == (summary.status, counts["unknown"], counts["created"]), summary
    desk.sync()
    assert {f"A{n}" for n in range(1, 7)} == set(desk.live())
