"""How far a run is never falls, and ends at 100 where everything was done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from flows.progress import Progress


def test_each_pipeline_weighs_the_same_however_large() -> None:
    progress = Progress()
    watcher = progress.watcher()
    for name in ("large", "small"):
        watcher.stage(name, "extract")
    assert progress.percent == 0

    watcher.begin("large", 1000)
    watcher.advance("large", 500)
    assert progress.percent == 25
    watcher.advance("large", 500)
    watcher.begin("small", 1)
    watcher.advance("small", 1)
    assert progress.percent == 100


def test_a_pipeline_without_changes_is_done_as_it_begins() -> None:
    progress = Progress()
    watcher = progress.watcher()

    watcher.begin("quiet", 0)

    assert progress.percent == 100


def test_nothing_is_done_before_anything_was_seen() -> None:
    assert Progress().percent == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from(("stage", "begin", "advance")), st.integers(0, 9)
    )
)


@given(STEPS)
def test_it_never_falls_and_stays_within_a_hundred(steps: list[tuple[str, str, int]]) -> None:
    progress = Progress()
    watcher = progress.watcher()
    seen = [0]
    for pipeline, step, number in steps:
        watcher.stage(pipeline, "push")
        if step != "stage":
            getattr(watcher, step)(pipeline, number)
        seen.append(progress.percent)

    assert seen == sorted(seen)
    assert seen[-1] <= 100


def test_it_may_be_told_from_many_threads() -> None:
    progress = Progress()
    watcher = progress.watcher()
    watcher.begin("storage", 1000)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(1000):
            pool.submit(watcher.advance, "storage", 1)

    assert progress.percent == 100
