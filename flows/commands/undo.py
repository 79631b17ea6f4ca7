"""`unitsync undo`: the inverse plan of a run. Writes nothing but the file that `--out` names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.text import Text

from flows.commands.plan import save_plan, show_nights
from flows.console import answering, out, print_json, warn
from flows.forecast import summary_of_preview
from flows.report_text import counted, listed, number, shown
from flows.settings import load
from flows.undo import Inverse, undo_run
from flows.world import World
from transforms.undo import Left

# As many names as one still reads in a line; with --details all of them are told.
_NAMED = 5


def run(
    config: Path,
    named: str,
    pipelines: Sequence[str],
    *,
    to: Path | None,
    details: bool,
    as_json: bool,
) -> int:
    """Shows what takes the run back, and saves it."""

    def work() -> int:
        settings = load(config, pipelines)
        warn(settings.warnings)
        inverse = undo_run(settings, World(), named, pipelines)
        left = [one for each in inverse.left.values() for one in each]
        summary = replace(summary_of_preview(inverse.nights), kind="undo")
        if as_json:
            print_json(
                {**summary.document(), "undoes": inverse.run_id, "left": list(_told(inverse))}
            )
        else:
            _show(inverse, details=details)
        if to is not None and any(night.scopes for night in inverse.nights):
            save_plan(inverse.nights, settings, to)
        return summary.exit_code or int(bool(left))

    return answering("undo", as_json, work)


def _show(inverse: Inverse, *, details: bool) -> None:
    nights = [night for night in inverse.nights if night.scopes]
    if not nights:
        out.print(f"Of run {inverse.run_id} there is nothing that can be undone.")
    show_nights(nights, details=details)
    for night in inverse.nights:
        if not night.scopes:
            for notice in night.notices:
                out.print(f"{night.job.name}: {notice}", markup=False, soft_wrap=True)
        left = inverse.left[night.job.name]
        for line in _left_lines(night.job.name, left, None if details else _NAMED):
            out.print(Text(line), soft_wrap=True)


def _left_lines(pipeline: str, left: Sequence[Left], most: int | None) -> Iterator[str]:
    """By reason who is left as it is."""
    reasons: dict[str, list[Left]] = {}
    for one in left:
        reasons.setdefault(one.reason, []).append(one)
    if reasons:
        yield f"{pipeline}: left as they are, {counted(len(left), 'change')} or fields of one:"
    for reason, alike in reasons.items():
        names = [_name(one) for one in alike[:most]]
        more = [f"{number(len(alike) - len(names))} more"] if len(alike) > len(names) else []
        yield f"  {listed([*names, *more])}: {reason}"


def _name(one: Left) -> str:
    field = f"{one.field} of " if one.field else ""
    return f"{field}{one.change.entity} {shown(one.change.name)}"


def _told(inverse: Inverse) -> Iterator[dict[str, Any]]:
    for pipeline, left in inverse.left.items():
        for one in left:
            change = one.change
            yield {
                "pipeline": pipeline,
                "scope": change.scope,
                "entity": change.entity,
                "key": change.key,
                "name": change.name,
                "action": change.action,
                "field": one.field,
                "reason": one.reason,
            }
