"""Two nights at once on one state: the second is told who is first, and touches nothing."""

from __future__ import annotations

import threading

from tests.real.place import SYNC


def test_a_second_run_is_refused_by_name_and_touches_nothing(place, inventory):
    creating, second_is_over = threading.Event(), threading.Event()

    def watch(number: int, side: str) -> None:
        """The vendor does not go on until the second run is over."""
        if side == "arrived" and place.sandbox.counts()["writes"] == 2:
            creating.set()
            second_is_over.wait(60)

    place.wire.watch = watch
    first = place.start(*SYNC)
    assert creating.wait(60)

    second = place.run(*SYNC)
    runs, reports = place.rows_of("SELECT run_id FROM runs"), list(place.folder.glob("reports/*"))
    place.wire.watch = lambda number, side: None
    second_is_over.set()
    ended = place.end_of(first)

    assert 4 == second.code
    assert f"(process {first.pid} on " in second.message
    assert "Nothing was touched" in second.message
    assert ("error", []) == (second.document["status"], second.document["pipelines"])
    assert ([(ended.document["run_id"],)], []) == (runs, reports)
    assert 0 == ended.code
    assert [] == inventory.differences(place.sandbox)
