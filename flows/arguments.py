"""The arguments that commands share, and what a shell completes in them.

What completes is loaded when somebody presses Tab, so that `unitsync --help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_CONFIG = Path("unitsync.yaml")


def remembered(config: Path) -> Path:
    """The same; the commands in all messages name it from here on."""
    from flows.own_commands import started_with

    started_with(None if config == DEFAULT_CONFIG else config)
    return config


def pipelines(ctx: typer.Context, incomplete: str) -> list[str]:
    """The pipelines of the configuration."""
    from flows import completion

    return completion.pipelines(_config(ctx), incomplete)


def runs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The last runs of the state."""
    from flows import completion

    return completion.runs(_config(ctx), incomplete)


def scopes(ctx: typer.Context, incomplete: str) -> list[str]:
    """The scopes of the state."""
    from flows import completion

    return completion.scopes(_config(ctx), incomplete)


def _config(ctx: typer.Context) -> Path:
    """The configuration that was named before, for the command or for all."""
    above = ctx.parent.params if ctx.parent else {}
    return Path(ctx.params.get("config") or above.get("config") or DEFAULT_CONFIG)


ConfigOfAny = Annotated[
    Path | None, typer.Option("--config", "-c", help="The configuration file, for any command.")
]
Config = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", callback=remembered)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Pipelines = Annotated[
    list[str] | None,
    typer.Argument(help="Pipelines by name; all when none is named.", autocompletion=pipelines),
]
OnePipeline = Annotated[
    str | None,
    typer.Argument(help="A pipeline by name; all when none is named.", autocompletion=pipelines),
]
Run = Annotated[
    str,
    typer.Argument(
        help="A run: its id, the beginning of it, or `last`.",
        autocompletion=runs,
    ),
]
