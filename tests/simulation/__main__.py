"""The simulation from the command line: `make simulate N=10000`, or one world with its trace.

    python -m tests.simulation --nights 10000      so many nights, on all cores
    python -m tests.simulation --seeds 1000        so many worlds
    python -m tests.simulation --loops             the exhaustive loops
    python -m tests.simulation --bugs              the planted bugs, each until it is found
    python -m tests.simulation --seed 268 --trace  one world, step by step

The exit code is 1 if a promise was broken, or if something that must happen never did.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from tests.simulation.campaign import Failure, Tally, campaign, kept_seeds, live
from tests.simulation.exhaustive import LOOPS, loop
from tests.simulation.night import MEMORY
from tests.simulation.planted_bugs import BUGS, planted
from tests.simulation.sometimes import never

CHUNK = 16
# Below this, it is chance whether every fault has met every kind of request.
ENOUGH_NIGHTS = 10_000
BUG_SEEDS = 200

Part = tuple[Tally, list[Failure]]


def main() -> int:
    options = _options()
    if options.seed is not None:
        return _one(options.seed, trace=options.trace)
    if options.bugs:
        return _bugs()
    started, total, failures = time.monotonic(), Tally(), []
    with ProcessPoolExecutor(options.workers, initializer=_hurry) as pool:
        looping = [pool.submit(loop, name, options.every) for name in LOOPS if options.loops]
        for tally, failed in _worlds(pool, options.nights, options.seeds):
            total.add(tally)
            failures += failed
        for looped in looping:
            total.add(looped.result())
    _table(total, time.monotonic() - started)
    for failure in failures:
        print(failure)
    by_chance = options.loops and not (options.nights or options.seeds)
    unseen = list(never(total)) if total.nights >= ENOUGH_NIGHTS and not by_chance else []
    for name in unseen:
        print(f"never happened: {name}")
    print(f"{len(failures)} worlds broke a promise" if failures else "every promise was kept")
    return 1 if failures or unseen else 0


def _hurry() -> None:
    """What was imported stays, and a night leaves few cycles: looking for them was an eighth of
    all time (measured). The copy that a preview plans on waits for no disk either."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    tempfile.tempdir = str(MEMORY) if MEMORY else None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.simulation", description=__doc__)
    parser.add_argument("--nights", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--loops", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="of a loop, every so many steps")
    parser.add_argument("--bugs", action="store_true")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _worlds(pool: ProcessPoolExecutor, nights: int, seeds: int) -> Iterator[Part]:
    """The worlds that failed once, then one after the other until there are enough."""
    if not nights and not seeds:
        return
    yield pool.submit(campaign, kept_seeds()).result()
    chunks = (range(start, start + CHUNK) for start in itertools.count(0, CHUNK))
    lived, running = 0, set[Future[Part]]()
    for chunk in chunks:
        if (seeds and chunk.start >= seeds) or (nights and lived >= nights):
            break
        running.add(pool.submit(campaign, [seed for seed in chunk if not seeds or seed < seeds]))
        if len(running) > os.cpu_count():
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for part in done:
                lived += part.result()[0].nights
                yield part.result()
    for part in running:
        yield part.result()


def _table(total: Tally, seconds: float) -> None:
    print(f"{total.nights:,} nights, {total.steps:,} steps, {seconds:.0f} s")
    for kind in sorted(total.counts):
        print(f"\n{kind}")
        for name, times in sorted(total.counts[kind].items()):
            print(f"  {times:9,}  {name}")
    print()


def _one(seed: int, *, trace: bool) -> int:
    tally, failure = live(seed, told=print if trace else lambda text: None)
    print(failure or f"seed {seed}: {tally.nights} nights, every promise was kept")
    return 1 if failure else 0


def _bugs() -> int:
    """From the first seed on, so that it can be seen how soon each bug falls."""
    unfound = 0
    for name in BUGS:
        started = time.monotonic()
        with planted(name):
            found = (failure for seed in range(BUG_SEEDS) if (failure := live(seed)[1]))
            failure = next(found, None)
        unfound += failure is None
        said = f"seed {failure.seed}: {failure.message[:90]}" if failure else "not found"
        print(f"{name:42} {time.monotonic() - started:6.1f} s  {said}", flush=True)
    return 1 if unfound else 0


if __name__ == "__main__":
    sys.exit(main())
