"""What storEDGE may well take for nobody: a facility or a unit type that looks like no id.

Only the API can know, for ids are nowhere said to be of one form (contracts B.3, B.8): so this is
told by `unitsync check`, and nothing is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from connectors.targets.settings import StoredgeSettings
from flows.job import Job
from flows.report_text import counted, visible
from transforms.reshape import Desired
from transforms.shapes import UUID

_NUMBER = re.compile(r"\d+")
_TOLD = 3  # of each kind


def doubts_of(job: Job, desired: Desired) -> list[str]:
    """A line for each value in doubt, the first few of a kind, with how many rows have it and the
    setting that makes it."""
    if not isinstance(job.pipeline.target, StoredgeSettings):
        return []
    rows = {scope: desired.row_counts(scope)[0] for scope in desired.scopes()}
    types = Counter[str]()
    for units in desired.units.each():
        types.update(units["unit_type"].dropna().tolist() if "unit_type" in units else ())
    names = f"`unitsync names {job.name} unit_type --scope FACILITY` lists those that it shows"
    return [
        *_lines(job, "scope", "facility", rows, "the operator has it"),
        *_lines(job, "fields.unit_type", "unit type", types, names),
    ]


def _lines(
    job: Job, setting: str, what: str, rows: dict[str, int] | Counter[str], cure: str
) -> Iterator[str]:
    odd = [text for text in rows if not UUID.fullmatch(text) and not _NUMBER.fullmatch(text)]
    place = job.settings.place(f"pipelines.{job.name}.{setting}")
    for text in odd[:_TOLD]:
        yield (
            f"doubtful: “{visible(text)}” of {counted(rows[text], 'row')} looks like no id of a "
            f"{what} (such as f7687db9-654a-4018-8d27-bd0f3bfd25a0); {cure}. {place} says what is "
            "sent."
        )
    if len(odd) > _TOLD:
        yield f"and {len(odd) - _TOLD} more like that"
