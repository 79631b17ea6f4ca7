"""What the keys of the `--json` document mean; a test holds the list against real documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flows.summary import COUNTS, PipelineSummary, RunSummary

RUN: Mapping[str, str] = {
    "run_id": "the id that the commands take; empty in a preview, which is no run; null where "
    "nothing ran",
    "kind": "sync, plan, backfill, reconcile, undo, check, …",
    "status": "ok, attention (a person should look), error (could not run), broken (a promise was "
    "broken, or a bug): the worst of the pipelines",
    "pipelines": "one for each pipeline, as below",
    "report": "where the report was written, or null",
    "goes_on_as": "only of a backfill that gave way to a sync: the run that goes on with the rest",
    "goes_on_from": "only of a run that goes on: the one before",
    "undoes": "only of `undo`: the run that would be taken back",
    "left": "only of `undo`: what stays as it is, and why",
    "error": "only where nothing ran: the message",
}
PIPELINE: Mapping[str, str] = {
    "pipeline": "its name",
    "status": "as above",
    "counts": "as below",
    "requests": "sent to the vendor, reads included; of a plan, those that planning took",
    "seconds": "how long it took",
    "standings": "only of `reconcile`: how many units and groups stand how",
    "coverage": "only of `reconcile`: of how many `scopes` how many were `read`",
    "sample": "only of `check`: by scope, the first units as they would be sent, secrets masked",
    "checks": "only of `check`: each with `check`, `status` (ok, failed, skipped), `message` and "
    "`seconds`",
}
COUNTED: Mapping[str, str] = {
    "extracted": "rows of the source, after identical duplicates collapsed",
    "collapsed": "how many rows did",
    "rejected": "rows that did not pass validation",
    "unchanged": "units that are in step",
    "created": "units made; of a plan: to be made, and so on",
    "updated": "units updated",
    "moved": "units moved to another group",
    "retired": "units taken off the market",
    "missing": "known units that a complete extract does not have",
    "failed": "units whose change the API refused",
    "held": "units whose change waits for a person",
    "unknown": "units whose change was sent and not answered",
    "groups_created": "groups made",
    "groups_updated": "groups updated",
}
PARTS = {"": RUN, "pipelines": PIPELINE, "pipelines.counts": COUNTED}


def example() -> str:
    """A document of a sync, as the command prints it."""
    counts = dict.fromkeys(COUNTS, 0)
    pipeline = PipelineSummary("storage", "ok", counts, requests=0, seconds=0.0)
    run = RunSummary("5f0c…", "sync", (pipeline,), report="reports/….html")
    return json.dumps(run.document(), indent=2, ensure_ascii=False)


def keys_without_meaning(document: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """The keys of a document that no table explains."""
    for key, value in document.items():
        if key not in PARTS[at]:
            yield f"{at}.{key}"
        path = f"{at}.{key}".strip(".")
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and path in PARTS:
                yield from keys_without_meaning(part, path)
