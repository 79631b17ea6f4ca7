"""The command line: arguments only. What a command needs is loaded when it runs, so that
`unitsync --help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.arguments import (
    DEFAULT_CONFIG,
    Config,
    ConfigOfAny,
    Json,
    OnePipeline,
    Pipelines,
    remembered,
)
from flows.arguments import (
    runs as runs_of_state,
)
from flows.arguments import (
    scopes as scopes_of_state,
)
from flows.cli_history import history_app
from flows.cli_state import state_app

app = typer.Typer(
    name="unitsync",
    help="Keeps the units of storEDGE and Travtus in step with an inventory that lives elsewhere.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(history_app)
app.add_typer(state_app, name="state")


def _version(wanted: bool) -> None:
    """Says which version is installed, and nothing else."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"unitsync {version('unitsync')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
]


@app.callback()
def start(context: typer.Context, config: ConfigOfAny = None, version: Version = False) -> None:
    """Say where one is when no command is named, and pass the configuration on to one that is."""
    if context.invoked_subcommand is None:
        from flows.commands import overview as command

        raise typer.Exit(command.run(remembered(config or DEFAULT_CONFIG)))
    if config is not None:
        from flows.own_commands import defaults

        context.default_map = defaults(config)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo works.")] = Path("unitsync-demo"),
    prefect: Annotated[bool, typer.Option(help="Run the nights as Prefect flow runs.")] = False,
) -> None:
    """Sync two example inventories with the sandbox, two nights, and write the report."""
    from flows.commands import demo as command

    raise typer.Exit(command.run(folder, prefect=prefect))


@app.command()
def init(
    file: Annotated[
        str, typer.Argument(help="An export: a path or a URL, or a folder of exports.")
    ],
    target: Annotated[
        str | None, typer.Option(help="storedge or travtus; else what the columns look like.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write.")] = DEFAULT_CONFIG,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take every guess, and mark it.")
    ] = False,
) -> None:
    """Look at an export and write a first unitsync.yaml for it, with what is not sure marked."""
    from flows.commands import init as command

    raise typer.Exit(command.run(file, target, out, yes=yes))


@app.command()
def check(
    pipeline: OnePipeline = None, config: Config = DEFAULT_CONFIG, json: Json = False
) -> None:
    """Prove configuration, source, mapping and credentials without writing anything."""
    from flows.commands import check as command

    raise typer.Exit(command.run(config, _named(pipeline), as_json=json))


@app.command()
def names(
    pipeline: Annotated[str, typer.Argument(help="A pipeline by name.")],
    field: Annotated[str, typer.Argument(help="unit_type, tier or unit_amenities.")],
    scope: Annotated[list[str], typer.Option(help="A facility to look into; again for more.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print the names and ids that the API shows for a field, as a table for `lookup`."""
    from flows.commands import names as command

    raise typer.Exit(command.run(config, pipeline, field, scope))


@app.command()
def plan(
    pipeline: OnePipeline = None,
    config: Config = DEFAULT_CONFIG,
    out: Annotated[
        Path | None, typer.Option(help="Save the plan, for `unitsync sync --plan`.")
    ] = None,
    details: Annotated[bool, typer.Option(help="Show every change, field by field.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 3 when there are changes.")
    ] = False,
    json: Json = False,
) -> None:
    """Show what a sync would do, without doing it."""
    from flows.commands import plan as command

    code = command.run(
        config,
        _named(pipeline),
        out=out,
        details=details,
        detailed_exitcode=detailed_exitcode,
        as_json=json,
    )
    raise typer.Exit(code)


@app.command()
def sync(
    pipelines: Pipelines = None,
    config: Config = DEFAULT_CONFIG,
    plan: Annotated[Path | None, typer.Option(help="Apply exactly this saved plan, once.")] = None,
    direct: Annotated[bool, typer.Option("--direct", help="Run without Prefect.")] = False,
    json: Json = False,
) -> None:
    """Bring the vendor's API in step with the source: the nightly run."""
    from flows.commands import sync as command

    raise typer.Exit(command.run(config, pipelines or [], plan, direct=direct, as_json=json))


@app.command()
def backfill(
    pipelines: Pipelines = None,
    config: Config = DEFAULT_CONFIG,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="A facility or community; may be repeated.", autocompletion=scopes_of_state
        ),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A unit group by key or name; may be repeated.")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option(help="A unit by key or name; may be repeated.")
    ] = None,
    unit_file: Annotated[
        Path | None, typer.Option(help="A file with a unit's key or name in each line.")
    ] = None,
    changed_since: Annotated[
        str | None,
        typer.Option(help="Changed on this day or later, as the column says that `changed` names."),
    ] = None,
    changed_until: Annotated[
        str | None, typer.Option(help="Changed on this day or before.")
    ] = None,
    only_failed: Annotated[
        bool, typer.Option("--only-failed", help="Whose last change did not come through.")
    ] = False,
    only_rejected: Annotated[
        bool, typer.Option("--only-rejected", help="Whose row the last full run rejected.")
    ] = False,
    from_run: Annotated[
        str | None,
        typer.Option(
            help="Whom a run changed, rejected or found out of step: its id, or `last`.",
            autocompletion=runs_of_state,
        ),
    ] = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="Send every field again, unchanged ones too.")
    ] = False,
    as_sent: Annotated[
        str | None,
        typer.Option(help="Send what this run sent again, not what the source says: its id."),
    ] = None,
    requests_per_second: Annotated[
        float | None, typer.Option(help="For this run, instead of what the target says.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, without doing it.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before a large push.")
    ] = False,
    direct: Annotated[bool, typer.Option("--direct", help="Run without Prefect.")] = False,
    json: Json = False,
) -> None:
    """Bring selected units in step now, and nobody else; all that is asked of them must hold."""
    from flows.commands import backfill as command

    asked = command.Asked(
        scopes=scope or [],
        groups=group or [],
        units=unit or [],
        unit_file=unit_file,
        since=changed_since,
        until=changed_until,
        failed=only_failed,
        rejected=only_rejected,
        from_run=from_run,
    )
    code = command.run(
        config,
        pipelines or [],
        asked,
        resend=resend,
        as_sent=as_sent,
        requests_per_second=requests_per_second,
        dry_run=dry_run,
        yes=yes,
        direct=direct,
        as_json=json,
    )
    raise typer.Exit(code)


@app.command()
def undo(
    run: Annotated[str, typer.Argument(help="A run: its id, the beginning of it, or `last`.")],
    pipelines: Pipelines = None,
    config: Config = DEFAULT_CONFIG,
    out: Annotated[
        Path | None, typer.Option(help="Save the plan, for `unitsync sync --plan`.")
    ] = None,
    details: Annotated[bool, typer.Option(help="Show every change, field by field.")] = False,
    json: Json = False,
) -> None:
    """Show what takes a run back: what it changed goes to what it was before, nothing is sent."""
    from flows.commands import undo as command

    code = command.run(config, run, pipelines or [], to=out, details=details, as_json=json)
    raise typer.Exit(code)


@app.command()
def reconcile(
    pipelines: Pipelines = None,
    config: Config = DEFAULT_CONFIG,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Link live units that the source means.")
    ] = False,
    confirm: Annotated[
        list[str] | None,
        typer.Option(help="Link one more: KEY=ID, as a reconciliation suggested it."),
    ] = None,
    sample: Annotated[
        str, typer.Option(help="The share of all requests that may be spent: 10%.")
    ] = "100%",
    direct: Annotated[bool, typer.Option("--direct", help="Run without Prefect.")] = False,
    json: Json = False,
) -> None:
    """Compare source, known and live; write the report. Nothing is sent to an API."""
    from flows.commands import reconcile as command

    code = command.run(
        config,
        pipelines or [],
        adopt=adopt,
        confirm=confirm or [],
        sample=sample,
        direct=direct,
        as_json=json,
    )
    raise typer.Exit(code)


@app.command()
def serve(config: Config = DEFAULT_CONFIG) -> None:
    """Run the nightly sync, reconciliation and backfill as Prefect deployments, until Ctrl-C."""
    from flows.commands import serve as command

    raise typer.Exit(command.run(config))


@app.command()
def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0: one that is free.")
    ] = 8750,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:
    """Run both vendors' APIs on a local port, with faults to order."""
    from flows.commands import sandbox as command

    raise typer.Exit(command.run(host, port))


@app.command()
def schema() -> None:
    """Print the JSON Schema of unitsync.yaml, for editors."""
    from flows.commands import schema as command

    raise typer.Exit(command.run())


def main() -> None:
    """The command `unitsync`."""
    app()


def _named(pipeline: str | None) -> list[str]:
    return [pipeline] if pipeline else []
