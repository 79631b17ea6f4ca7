"""The commands that look back at runs, and what a person decides then: arguments only, as in
`flows.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.arguments import (
    DEFAULT_CONFIG,
    Config,
    Json,
    Run,
)
from flows.arguments import (
    runs as runs_of_state,
)
from flows.arguments import (
    scopes as scopes_of_state,
)

history_app = typer.Typer()


@history_app.command()
def runs(
    run: Annotated[
        str | None,
        typer.Argument(
            help="One run in detail: its id, the beginning of it, or `last`.",
            autocompletion=runs_of_state,
        ),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 30,
    json: Json = False,
) -> None:
    """Show the history of runs, or of one what needs a person, with what to type next."""
    from flows.commands import runs as command

    raise typer.Exit(command.run(config, limit, run, as_json=json))


@history_app.command()
def report(
    run: Run = "last",
    config: Config = DEFAULT_CONFIG,
    kind: Annotated[
        str, typer.Option("--format", help="html, or all tables as csv (zipped), xlsx or json.")
    ] = "html",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; else one in the folder of reports.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write the report of a run again, the same as then, or everything of it as tables."""
    from flows.commands import report as command

    raise typer.Exit(command.run(config, run, kind=kind, to=out, show=show))


@history_app.command()
def why(
    unit: Annotated[str, typer.Argument(help="A unit by its source key, its name or its id.")],
    config: Config = DEFAULT_CONFIG,
    scope: Annotated[
        str | None,
        typer.Option(
            help="Only in this scope, where several units are called so.",
            autocompletion=scopes_of_state,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Only what was so when this run ended: its id, or the beginning of it.",
            autocompletion=runs_of_state,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show everything that ever happened to one unit."""
    from flows.commands import why as command

    raise typer.Exit(command.run(config, unit, scope=scope, as_of=as_of, as_json=json))


@history_app.command()
def allow(
    run: Run,
    scopes: Annotated[
        list[str],
        typer.Argument(help="The scopes, as that run names them.", autocompletion=scopes_of_state),
    ],
    reason: Annotated[str, typer.Option(help="Why; it is kept and shown.")],
    duration: Annotated[
        str, typer.Option("--for", help="For how long: 30m, 6h, 2d; 7d at most.")
    ] = "24h",
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Let through, once, what the guardrails of a run held in these scopes."""
    from flows.commands import allow as command

    code = command.run(config, run, scopes, reason=reason, duration=duration, as_json=json)
    raise typer.Exit(code)


@history_app.command()
def review(
    config: Config = DEFAULT_CONFIG,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; else 8001, or a free one.")
    ] = None,
    show: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open the browser; the default on a terminal."),
    ] = None,
) -> None:
    """Look around in a read-only copy of the state, in the browser."""
    from flows.commands import review as command

    raise typer.Exit(command.run(config, port, show=show))
