"""The run's pusher: as it is for threads, or spread over the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from flows.config_errors import ConfigError
from flows.pushing import Pusher
from flows.report_text import counted
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.crew import Crew


@contextmanager
def spreading(settings: Settings, pusher: Pusher) -> Iterator[Pusher]:
    """The pusher as it is for threads; on Dask, with its scopes carried to the workers.

    Raises ConfigError where Dask is not installed, WorkersUnreachable where there is no worker.
    """
    if settings.execution.address is None:
        yield pusher
        return
    with _crew(settings, settings.execution.address) as crew:
        yield crew.spread(pusher)


def prove_workers(settings: Settings, address: str) -> str:
    """Says who would push at this address; raises as above."""
    with _crew(settings, address) as crew:
        return f"{counted(crew.muster(), 'worker')} at {address}, with the same unitsync as here"


@contextmanager
def _crew(settings: Settings, address: str) -> Iterator[Crew]:
    if find_spec("distributed") is None:
        found, allowed = "engine dask needs a package that is not installed", "threads"
        hint = "install the extra: pip install 'unitsync[dask]'"
        problem = settings.problem("execution.engine", found, allowed, hint)
        raise ConfigError(settings.file, [problem])
    from flows.crew import Crew  # Dask takes half a second to import, and may not be installed

    with Crew.at(address) as crew:
        yield crew
