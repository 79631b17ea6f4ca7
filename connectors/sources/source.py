"""Any source, by its kind: a file, a database, an API, or a function of one's own.

Each has a settings class and an `extract`, which gives rows in chunks and says of the last one
whether the end of the source is proven (see `extract.Chunk`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from connectors.outside import Outside
from connectors.sources import file, python, rest, sql
from connectors.sources.extract import Chunks
from connectors.sources.file import FileSource
from connectors.sources.python import PythonSource
from connectors.sources.rest import RestSource
from connectors.sources.sql import SqlSource

Source = Annotated[FileSource | SqlSource | RestSource | PythonSource, Field(discriminator="kind")]


def extract(
    settings: FileSource | SqlSource | RestSource | PythonSource, base: Path, outside: Outside
) -> Chunks:
    """The rows of a source; relative paths start at `base`. Nothing is read before the first chunk
    is asked for, which may raise SourceUnreadable, as may every further one."""
    match settings:
        case FileSource():
            return file.extract(settings, base)
        case SqlSource():
            return sql.extract(settings, base)
        case RestSource():
            return rest.extract(settings, outside)
        case PythonSource():
            return python.extract(settings, base)
