"""The run's pusher: as it is for threads, or spread over the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from flows.config_errors import ConfigError
from flows.pushing import Pusher
from flows.settings import Settings


@contextmanager
def spreading(settings: Settings, pusher: Pusher) -> Iterator[Pusher]:
    """The pusher as it is for threads; on Dask, with its scopes carried to the workers.

    Raises ConfigError where Dask is not installed, WorkersUnreachable where there is no worker.
    """
    execution = settings.execution
    if execution.address is None:
        yield pusher
        return
    if find_spec("distributed") is None:
        found, allowed = "engine dask needs a package that is not installed", "threads"
        hint = "install the extra: pip install 'unitsync[dask]'"
        problem = settings.problem("execution.engine", found, allowed, hint)
        raise ConfigError(settings.file, [problem])
    from flows.crew import Crew  # Dask takes half a second to import, and may not be installed

    with Crew.at(execution.address) as crew:
        yield crew.spread(pusher)
