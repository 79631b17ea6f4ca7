"""`unitsync demo`: the two example inventories, two nights, against both vendors' sandbox.

Promises that nothing leaves this machine, and that it replaces and deletes only what a demo made:
a folder that holds anything else is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from rich.text import Text

from connectors.clock import SystemClock
from connectors.sandbox import DEMO_CREDENTIALS, SandboxServer, demo_sandbox
from flows.console import answering, err, out
from flows.engine import run_engine
from flows.report_text import shown
from flows.settings import load
from flows.summary import RunSummary
from flows.sync import Night, preview
from flows.tallies import tallied
from flows.world import World
from transforms.plan import Change
from transforms.rows import together

SOURCES = ("storage_units", "apartments")
CONFIG = "unitsync.yaml"
# Says that the folder is a demo's own, which may delete from it what a demo makes, by these names.
MARKER = ".unitsync-demo"
MADE = (
    CONFIG,
    *(f"{name}.csv" for name in SOURCES),
    "unitsync.db*",
    "backups/*.db",
    "reports/*Z-*.html",
)

# A night that changed more is a first night, and its report is the place to read it.
TOLD = 20

Engine = Callable[[Path], RunSummary]


class FolderTaken(Exception):
    """The folder holds files that no demo made."""


def run(folder: Path, *, prefect: bool) -> int:
    """Lives through both nights in `folder` and says what happened; 0 when all went well."""

    def work() -> int:
        try:
            _clear(folder)
        except (OSError, FolderTaken) as error:
            err.print(f"{error}; choose another with --folder", markup=False, soft_wrap=True)
            return 2
        with SandboxServer(demo_sandbox(clock=SystemClock())) as sandbox:
            _say(f"Both vendors' APIs answer at {sandbox.url}; nothing leaves this machine.")
            config = configure(folder, sandbox.url)
            return _nights(config, _flow if prefect else _direct)

    return answering("demo", as_json=False, work=work)


def _clear(folder: Path) -> None:
    """A work folder without what an earlier demo left in it."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise FolderTaken(f"{folder} holds files that no demo made")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARKER).write_text("What `unitsync demo` made here, the next one deletes.\n")
    for path in (path for pattern in MADE for path in folder.glob(pattern)):
        if path.is_file():
            path.unlink()


def configure(folder: Path, url: str) -> Path:
    """The example's configuration, for the sandbox. Its credentials open nothing else, so they
    are written out: `unitsync plan` works in the folder afterwards, without any variable."""
    example = (files("examples") / CONFIG).read_text("utf-8")
    text = example[example.index("state:") :]
    for written, meant in {
        "https://api.storedgefms.com": url,
        "https://api.travtus.com": url,
        "${STOREDGE_ACCESS_ID}": DEMO_CREDENTIALS.access_id,
        "${STOREDGE_SECRET_KEY}": DEMO_CREDENTIALS.secret_key,
        "${TRAVTUS_CLIENT_ID}": DEMO_CREDENTIALS.client_id,
        "${TRAVTUS_CLIENT_SECRET}": DEMO_CREDENTIALS.client_secret,
    }.items():
        text = text.replace(written, meant)
    config = folder / CONFIG
    config.write_text(
        "# Made by `unitsync demo`, with the sandbox's own credentials.\n" + text, "utf-8"
    )
    return config


def bring(number: int, folder: Path) -> None:
    """Both inventories as they are on night 1 or 2."""
    for name in SOURCES:
        source = files("examples") / f"{name}_night{number}.csv"
        (folder / f"{name}.csv").write_bytes(source.read_bytes())


def _nights(config: Path, engine: Engine) -> int:
    for number, happened in ((1, "both vendors are empty"), (2, "the inventory has moved on")):
        _say(f"\nNight {number}: {happened}.", "bold")
        bring(number, config.parent)
        foreseen = preview(load(config), World())
        summary = engine(config)
        _tell(foreseen, summary)
        if summary.exit_code:
            return summary.exit_code
    return _last_words(config, summary)


def _direct(config: Path) -> RunSummary:
    return run_engine(config, [], None)


def _flow(config: Path) -> RunSummary:
    from flows.nightly import run_flow

    return run_flow(config, [], None)


def _tell(foreseen: Sequence[Night], summary: RunSummary) -> None:
    for night, pipeline in zip(foreseen, summary.pipelines, strict=True):
        line = Text(f"  {pipeline.pipeline}: ", "bold")
        line.append(tallied(pipeline.counts))
        line.append(f"  ({pipeline.requests} requests, {pipeline.seconds:.1f} s)", "dim")
        out.print(line, soft_wrap=True)
        for note in pipeline.notes:
            _say(f"    {note}", "red")
        for told in _rejections(night):
            _say(f"    rejected {told}", "yellow")
        changes = [change for planned in night.scopes for change in planned.plan.of("unit")]
        for told in _told_changes(changes) if len(changes) <= TOLD else ():
            _say(f"    {told}")


def _rejections(night: Night) -> Iterable[str]:
    if night.desired is not None:
        lines = together(night.desired.rejections)[["row", "key", "message"]]
        for row, key, message in lines.itertuples(index=False):
            yield f"row {row} ({key}): {message}"


def _told_changes(changes: Sequence[Change]) -> Iterable[str]:
    for change in changes:
        unit = f"{change.action} {change.name} ({change.key})"
        fields = ", ".join(
            f"{name} {shown(change.before.get(name))} → {shown(value)}"
            for name, value in change.after.items()
            if change.action != "move" or name == "unit_group"
        )
        yield unit if change.action == "create" else f"{unit}: {fields}"


def _last_words(config: Path, summary: RunSummary) -> int:
    plans = [planned.plan for night in preview(load(config), World()) for planned in night.scopes]
    left = sum(len(plan.changes) for plan in plans)
    if left:
        _say(f"\nA third night would send {left} changes again, which it must not.", "red")
        return 5
    _say("\nA third night would send nothing: both vendors agree with the source.", "green")
    if summary.report:
        _say(f"The report of night 2: {summary.report}")
    _say("Look around, or edit a CSV and plan again:")
    for command in ("plan", "why A105", "runs"):
        _say(f"  unitsync {command} --config {config}")
    return 0


def _say(text: str, style: str = "") -> None:
    out.print(Text(text, style=style), soft_wrap=True)
