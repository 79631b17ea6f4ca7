"""`unitsync serve`: the three deployments, run from this process until it is stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.console import answering, err, warn
from flows.schedule import Schedule
from flows.settings import load

if TYPE_CHECKING:  # they load Prefect
    from flows.deployments import Offer
    from flows.prefect_server import Server


def run(config: Path) -> int:
    """Offers them at Prefect's server, and runs what is due or asked for; Ctrl-C is how to stop it,
    and so all is well."""

    def work() -> int:
        settings = load(config)  # a wrong configuration is told now, and not on the first night
        warn(settings.warnings)
        from flows.prefect_server import ServerUnreachable, prefect_server

        try:
            with prefect_server() as server:
                _serve(config.resolve(), settings.schedule, server)
        except ServerUnreachable as error:
            err.print(str(error), markup=False, soft_wrap=True, style="red")
            return 4
        return 0

    return answering("serve", as_json=False, work=work)


def _serve(config: Path, schedule: Schedule, server: Server) -> None:
    from flows.deployments import offers, run_until_stopped

    made = offers(schedule)
    for line in _announcement(made, server):
        err.print(line, markup=False, soft_wrap=True)
    run_until_stopped([offer.deployment(config) for offer in made])


def _announcement(made: Sequence[Offer], server: Server) -> Iterator[str]:
    yield f"Until Ctrl-C, at {server.page}:"
    now = datetime.now(UTC)
    for offer in made:
        at = offer.next_at(now)
        when = (
            f"next on {at:%A}, {at.day} {at:%B %Y, %H:%M %Z}" if at else "when somebody starts it"
        )
        yield f"  {offer.name:<14}{when}"
    if all(offer.cron is None for offer in made):
        yield "Nothing is scheduled: `schedule:` in the configuration says when what runs."
    yield "Start one there (Deployments, Run), or: prefect deployment run nightly-sync/nightly-sync"
    if server.ours:
        yield (
            "PREFECT_API_URL is not set, so this server runs with unitsync and ends with it; its "
            "history is kept. For `prefect` in another terminal:"
        )
        yield f"  export PREFECT_API_URL={server.url}"
