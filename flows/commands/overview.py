"""`unitsync` alone: where one is, and what to do next."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from flows.overview import overview
from flows.terminal import out


def run(config: Path) -> int:
    """Says it; nothing could go wrong for this command."""
    found = overview(config, datetime.now(UTC))
    for line in found.told:
        out.print(Text(line), soft_wrap=True)
    for need in found.needs:
        out.print(Text(need, style="red"), soft_wrap=True)
    width = max(len(step.command) for step in found.steps)
    out.print(Text("Next:", style="bold"))
    for step in found.steps:
        command = Text(f"  {step.command:<{width}}", style="cyan")
        out.print(command.append(f"  {step.does}", "default"), soft_wrap=True)
    out.print(Text("All commands: unitsync --help", style="dim"))
    return 0
