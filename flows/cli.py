"""The command line: arguments only. What a command needs is loaded when it runs, so that
`unitsync --help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="unitsync",
    help="Keeps the units of storEDGE and Travtus in step with an inventory that lives elsewhere.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
state_app = typer.Typer(help="Back up, restore or verify the state.", no_args_is_help=True)
app.add_typer(state_app, name="state")

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Pipelines = Annotated[
    list[str] | None, typer.Argument(help="Pipelines by name; all when none is named.")
]
OnePipeline = Annotated[
    str | None, typer.Argument(help="A pipeline by name; all when none is named.")
]
DEFAULT_CONFIG = Path("unitsync.yaml")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo works.")] = Path("unitsync-demo"),
    prefect: Annotated[bool, typer.Option(help="Run the nights as Prefect flow runs.")] = False,
) -> None:
    """Sync two example inventories with the sandbox, two nights, and write the report."""
    from flows.commands import demo as command

    raise typer.Exit(command.run(folder, prefect=prefect))


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
        list[str] | None, typer.Option(help="A facility or community; may be repeated.")
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
        typer.Option(help="Whom a run changed, rejected or found out of step: its id, or `last`."),
    ] = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="Send every field again, unchanged ones too.")
    ] = False,
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
        requests_per_second=requests_per_second,
        dry_run=dry_run,
        yes=yes,
        direct=direct,
        as_json=json,
    )
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
def runs(
    run: Annotated[
        str | None,
        typer.Argument(help="One run in detail: its id, the beginning of it, or `last`."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 30,
    json: Json = False,
) -> None:
    """Show the history of runs, or of one what needs a person, with what to type next."""
    from flows.commands import runs as command

    raise typer.Exit(command.run(config, limit, run, as_json=json))


@app.command()
def report(
    run: Annotated[
        str, typer.Argument(help="A run: its id, the beginning of it, or `last`.")
    ] = "last",
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


@app.command()
def why(
    unit: Annotated[str, typer.Argument(help="A unit by its source key, its name or its id.")],
    config: Config = DEFAULT_CONFIG,
    scope: Annotated[
        str | None, typer.Option(help="Only in this scope, where several units are called so.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Only what was so when this run ended: its id, or the beginning of it."),
    ] = None,
    json: Json = False,
) -> None:
    """Show everything that ever happened to one unit."""
    from flows.commands import why as command

    raise typer.Exit(command.run(config, unit, scope=scope, as_of=as_of, as_json=json))


@app.command()
def allow(
    run: Annotated[str, typer.Argument(help="A run: its id, the beginning of it, or `last`.")],
    scopes: Annotated[list[str], typer.Argument(help="The scopes, as that run names them.")],
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


@app.command()
def schema() -> None:
    """Print the JSON Schema of unitsync.yaml, for editors."""
    from flows.commands import schema as command

    raise typer.Exit(command.run())


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


def main() -> None:
    """The command `unitsync`."""
    app()


def _named(pipeline: str | None) -> list[str]:
    return [pipeline] if pipeline else []
