"""A flow run as its caller meets it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from prefect.states import Completed

from flows.flow_run import result_of
from flows.summary import RunSummary

SUMMARY = RunSummary("run-1", "sync", ())


def test_its_summary_is_at_hand_beside_an_event_loop_too() -> None:
    async def beside() -> RunSummary:
        return result_of(Completed(data=SUMMARY))

    with ThreadPoolExecutor(1) as pool:
        assert SUMMARY == result_of(Completed(data=SUMMARY))
        assert SUMMARY == pool.submit(lambda: asyncio.run(beside())).result()
