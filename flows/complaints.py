"""Why rows were rejected, in a few lines: the first row of each reason, and where to correct it."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from flows.job import Job
from flows.report_text import counted, visible
from transforms.reshape import Desired

# A wrong mapping rejects every row for one reason or two; the rest is in the report of a run.
REASONS = 5

Reason = tuple[str, str]  # field, rule


class Line(NamedTuple):
    """One line of the rejections."""

    row: int
    field: str
    rule: str
    message: str


def complaints_of(job: Job, desired: Desired) -> list[str]:
    """The most frequent reasons first, each with its first row; those of as many rows stand in the
    order of their rows."""
    counts, first = Counter[Reason](), dict[Reason, Line]()
    for rejections in desired.rejections.each():
        lines = rejections.drop_duplicates(["row", "field", "rule"]).sort_values("row")
        counts.update(zip(lines["field"], lines["rule"], strict=True))
        earliest = lines.drop_duplicates(["field", "rule"])[list(Line._fields)]
        for line in (Line(*values) for values in earliest.to_numpy().tolist()):
            reason = line.field, line.rule
            first[reason] = min(first.get(reason, line), line)
    frequent = sorted(counts, key=lambda reason: (-counts[reason], first[reason].row))
    told = [_told(job, counts[reason], first[reason]) for reason in frequent[:REASONS]]
    more = len(frequent) - REASONS
    return told + ([f"and {counted(more, 'more reason')}"] if more > 0 else [])


def _told(job: Job, count: int, line: Line) -> str:
    setting = _setting(job, line.field)
    columns = [column for path, column in job.pipeline.mapping.columns() if _within(path, setting)]
    cells = f", {' + '.join(columns)}" if columns else ""
    more = f" (and {counted(count - 1, 'more row')})" if count > 1 else ""
    said = visible(line.message)
    return f"rejected: row {line.row}{cells}: {said}{more} {_cure(job, setting, line.rule)}"


def _setting(job: Job, field: str) -> str:
    """The setting of the pipeline that says how a field is made; "" where none does."""
    if field in ("scope", "key") or field.startswith("groups."):
        return field
    return f"fields.{field}" if field in job.pipeline.mapping.fields else ""


def _within(path: str, setting: str) -> bool:
    return path == setting or (path.startswith(f"{setting}.") and bool(setting))


def _cure(job: Job, setting: str, rule: str) -> str:
    if not setting:
        return "Correct the row in the export."
    place = job.settings.place(f"pipelines.{job.name}.{setting}")
    if rule == "values":
        return f"Add it to the values in {place}, or correct the export."
    return f"Correct the export, or the mapping in {place}."
