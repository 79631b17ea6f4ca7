"""How fast Dask workers push a first night, and that a killed one costs nothing.

    python -m benchmarks.workers                        200 facilities of 500 units, two workers
    python -m benchmarks.workers --workers 1            ... one worker
    python -m benchmarks.workers --workers 0            ... threads, without Dask
    python -m benchmarks.workers --kill 0.5             ... kill -9 of a worker half way
    python -m benchmarks.workers --rate 40              ... requests per second, for all of them

The sandbox, the scheduler, the workers and unitsync are processes of their own on this machine.
The exit code is 1 if a unit is not there, or there twice.
"""

from __future__ import annotations

import argparse
import collections
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sandbox import DEMO_CREDENTIALS
from tests.cluster import Cluster, cluster

CONFIG = """\
execution: {execution}
pipelines:
  storage:
    source: {{kind: file, path: units.csv}}
    target:
      kind: storedge
      access_id: ${{STOREDGE_ACCESS_ID}}
      secret_key: ${{STOREDGE_SECRET_KEY}}
      base_url: {url}
      requests_per_second: {rate}
      concurrency: {concurrency}
    scope: site
    key: id
    fields:
      name: name
      width: width
      length: length
      height: {{const: 8}}
      door_width: {{const: 8}}
      door_height: {{const: 7}}
      door_type: {{const: roll_up}}
      access_type: {{const: indoor}}
      standard_rate: {{column: rate, parse: money}}
      walk_thru_order: number
      unit_type: {{const: f7687db9-654a-4018-8d27-bd0f3bfd25a0}}
      tax_rates: {{const: [b8e13a42-3804-4ede-a763-3b83b3901536]}}
      combination_lock_number: lock
    groups: {{key: group, name: group, reference_unit: majority}}
"""
COLUMNS = ("site", "id", "name", "number", "width", "length", "rate", "lock", "group")


def main() -> int:
    """One night, told in JSON."""
    asked = _asked()
    with tempfile.TemporaryDirectory() as name, ExitStack() as processes:
        folder = Path(name)
        scopes = export(folder / "units.csv", asked.facilities, asked.units)
        url = processes.enter_context(sandbox(asked.latency))
        (folder / "cluster").mkdir()
        dask = processes.enter_context(cluster(folder / "cluster", asked.workers))
        configure(folder, url, dask.address if asked.workers else None, asked)
        night = start(folder)
        victim = kill(dask, url, asked) if asked.kill is not None else ""
        first = end(night, folder)
        held = twice_or_missing(url, scopes, asked)
        told = {"asked": vars(asked), "first": first, **pushed(url), "killed": victim, **held}
        told["state_bytes"] = (folder / "unitsync.db").stat().st_size
        told["received"] = {key: ask(url, "counts")[key] for key in ("reads", "writes")}
        told["unchanged"] = end(start(folder), folder)
        print(json.dumps(told, indent=2))
        return int(first["code"] != 0 or any(held.values()))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facilities", type=int, default=200)
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds until an answer")
    parser.add_argument("--rate", type=float, default=None)
    parser.add_argument("--kill", type=float, default=None, help="after this share of the units")
    return parser.parse_args()


def export(path: Path, facilities: int, units: int) -> list[str]:
    """An inventory; the ids of its facilities."""
    scopes = [str(uuid.UUID(int=number + 1, version=4)) for number in range(facilities)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for scope in scopes:
            for number in range(units):
                size = 5 * (1 + number % 6)
                lock, rate = f"7{number:05}", f"{80 + number % 90}.00"
                key = f"{scope[:8]}-{number}"
                row = (
                    scope,
                    key,
                    f"U{number:04}",
                    number,
                    size,
                    size,
                    rate,
                    lock,
                    f"{size}x{size}",
                )
                writer.writerow(row)
    return scopes


@contextmanager
def running(*command: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block."""
    process = subprocess.Popen([sys.executable, "-m", *command], text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def sandbox(latency: float) -> Iterator[str]:
    """Both APIs, each answer after `latency`; the address."""
    command = ("flows", "sandbox", "--port", "0")
    with running(*command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        url = next(word for word in process.stderr.readline().split() if "://" in word).strip(".")
        ask(url, "faults", {"kind": "delay", "seconds": latency, "count": None})
        yield url


def configure(folder: Path, url: str, address: str | None, asked: argparse.Namespace) -> None:
    """The configuration of the night."""
    execution = (
        "{engine: threads}" if address is None else f'{{engine: dask, address: "{address}"}}'
    )
    rate = "null" if asked.rate is None else asked.rate
    text = CONFIG.format(execution=execution, url=url, rate=rate, concurrency=asked.concurrency)
    (folder / "unitsync.yaml").write_text(text)


def start(folder: Path) -> subprocess.Popen[str]:
    """A night under way; what it says goes to files."""
    credentials = {
        "STOREDGE_ACCESS_ID": DEMO_CREDENTIALS.access_id,
        "STOREDGE_SECRET_KEY": DEMO_CREDENTIALS.secret_key,
    }
    with (folder / "night.json").open("w") as out, (folder / "night.txt").open("w") as err:
        return subprocess.Popen(
            [sys.executable, "-m", "flows", "sync", "--direct", "--json"],
            text=True,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=os.environ | credentials | {"PYTHONPATH": str(Path.cwd())},
        )


def end(night: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    """How a night ended, and what it took."""
    _, status, usage = os.wait4(night.pid, 0)
    night.returncode = os.waitstatus_to_exitcode(status)
    (pipeline,) = json.loads((folder / "night.json").read_text())["pipelines"]
    told = (folder / "night.txt").read_text().splitlines()
    return {
        "code": night.returncode,
        "counts": {name: count for name, count in pipeline["counts"].items() if count},
        "requests": pipeline["requests"],
        "seconds": pipeline["seconds"],
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_megabytes": usage.ru_maxrss // 1024,
        "lost": [line.strip() for line in told if "was lost" in line],
    }


def kill(dask: Cluster, url: str, asked: argparse.Namespace) -> str:
    """Kills a worker as soon as the share of units is there; when that was."""
    total = asked.facilities * asked.units
    while (there := sum(ask(url, "counts")["units"].values())) < asked.kill * total:
        time.sleep(0.02)
    dask.kill()
    return f"a worker was killed when {there} of {total} units were there"


def pushed(url: str) -> dict[str, Any]:
    """How long the writes took, from the first to the last, and the most in one second."""
    rows = ask(url, "requests")["requests"]
    moments = [datetime.fromisoformat(r["received_at"]) for r in rows if r["method"] != "GET"]
    seconds = collections.Counter(moment.replace(microsecond=0) for moment in moments)
    return {
        "writes": len(moments),
        "push_seconds": round((max(moments) - min(moments)).total_seconds(), 1),
        "most_in_a_second": max(seconds.values()),
    }


def twice_or_missing(url: str, scopes: list[str], asked: argparse.Namespace) -> dict[str, int]:
    """Units that the API holds twice, or not."""
    held = [ask(url, f"units?scope={scope}")["units"] for scope in scopes]
    names = [[unit["name"] for unit in units] for units in held]
    return {
        "twice": sum(len(each) - len(set(each)) for each in names),
        "missing": sum(asked.units - len(set(each)) for each in names),
    }


def ask(url: str, page: str, order: Any = None) -> Any:
    """A page of the sandbox's own."""
    body = None if order is None else json.dumps(order).encode()
    request = urllib.request.Request(f"{url}/_sandbox/{page}", body)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
