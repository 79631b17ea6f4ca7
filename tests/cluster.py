"""A Dask scheduler and its workers: processes of their own, as somebody would start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed import Client

# An import of Dask and unitsync takes two seconds, and more beside other tests.
START_SECONDS = 60
ALONE = ("--no-nanny", "--nthreads", "1", "--no-dashboard")


@dataclass
class Cluster:
    """What they write goes to files in `folder`. `workers` are those that nobody has killed."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    client: Client | None = None

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return self.client.scheduler.address

    def start(self) -> None:
        """The scheduler alone."""
        self._run("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show")
        file = self.folder / "scheduler.json"
        while not file.exists():
            assert self.processes[0].poll() is None, self.written("scheduler")
        self.client = Client(scheduler_file=str(file), timeout=START_SECONDS, set_as_default=False)

    def have(self, workers: int) -> None:
        """So many workers, with new ones in place of those that were killed."""
        while len(self.workers) < workers:
            self.workers.append(self._run("worker", *ALONE))
        self.client.wait_for_workers(workers, timeout=START_SECONDS)

    def stranger(self, packages: Path) -> None:
        """One more worker, for which the packages in this folder come before those of ours."""
        before = len(self.client.nthreads())
        self.workers.append(self._run("worker", *ALONE, PYTHONPATH=str(packages)))
        self.client.wait_for_workers(before + 1, timeout=START_SECONDS)

    def kill(self) -> None:
        """One worker, as `kill -9` does."""
        worker = self.workers.pop()
        worker.kill()
        worker.wait()

    @contextmanager
    def one_silent(self) -> Iterator[None]:
        """One worker says nothing more, and nobody has noticed yet."""
        self.workers[-1].send_signal(signal.SIGSTOP)
        yield
        self.workers[-1].send_signal(signal.SIGCONT)

    @contextmanager
    def one_frozen(self) -> Iterator[None]:
        """One worker says nothing more, and after a while, which is not waited for, is given up."""
        worker = self.workers.pop()
        addresses = {pid: address for address, pid in self.client.run(os.getpid).items()}
        frozen = addresses[worker.pid]
        worker.send_signal(signal.SIGSTOP)
        self.client.run_on_scheduler(
            lambda dask_scheduler: dask_scheduler.stream_comms[frozen].abort()
        )
        yield
        worker.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """All that was started."""
        if self.client is not None:
            self.client.close()
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def written(self, who: str = "") -> str:
        """What they wrote to their logs."""
        return "".join(path.read_text() for path in sorted(self.folder.glob(f"{who}*.log")))

    def _run(self, what: str, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        number = len(self.processes)
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        with (self.folder / f"{what}{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--scheduler-file", "scheduler.json"],
                cwd=self.folder,
                env=os.environ | environment,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process


@contextmanager
def cluster(folder: Path, workers: int = 0) -> Iterator[Cluster]:
    """A scheduler with so many workers, until the end of the block."""
    made = Cluster(folder)
    try:
        made.start()
        if workers:
            made.have(workers)
        yield made
    finally:
        made.stop()
