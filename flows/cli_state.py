"""The commands `unitsync state …`: arguments only, as in `flows.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.arguments import DEFAULT_CONFIG, Config

state_app = typer.Typer(help="Back up, restore or verify the state.", no_args_is_help=True)


@state_app.command("backup")
def state_backup(config: Config = DEFAULT_CONFIG) -> None:
    """Take a backup of the state now."""
    from flows.commands import state as command

    raise typer.Exit(command.backup(config))


@state_app.command("restore")
def state_restore(
    backup: Annotated[Path, typer.Argument(help="The backup to go back to.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Go back to a backup; what the API did since is read again by the next run."""
    from flows.commands import state as command

    raise typer.Exit(command.restore(config, backup))


@state_app.command("verify")
def state_verify(config: Config = DEFAULT_CONFIG) -> None:
    """Check the state file, row by row."""
    from flows.commands import state as command

    raise typer.Exit(command.verify(config))
