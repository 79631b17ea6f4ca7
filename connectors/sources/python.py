"""A function of the user's own as the source: a frame, an Arrow table, or records one by one.

So a dlt resource plugs in, or ten lines that read what no other source does. It promises that an
exception in there is one sentence with its place and no shorter extract, and that what it prints
does not get into the output of a command. Its values become text as those of a file do.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from connectors.errors import SourceUnreadable
from connectors.sources.cells import cell_text, cells_of
from connectors.sources.extract import Chunk, Chunks, chunk, header
from connectors.sources.json_records import flat
from connectors.sources.tables import flat as flat_table
from connectors.sources.tables import text_of

# So many records, as dictionaries, are some 40 MB.
CHUNK_ROWS = 2**15
CALL = r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*$"
WANTED = "a data frame, an Arrow table, or dictionaries one by one"
HERE = __file__
_END = object()

Piece: TypeAlias = Mapping[Any, Any] | pd.DataFrame | pa.Table
Columns = dict[str, Sequence[str | None] | pa.ChunkedArray]


def _importable(call: str) -> str:
    module, _, function = call.partition(":")
    if module.endswith(".py"):
        meant = f"{module.removesuffix('.py')}:{function}"
        raise ValueError(f'"{call}" names a file; did you mean "{meant}"?')
    return call


class PythonSource(BaseModel):
    """Settings of the source kind `python`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: Literal["python"]
    """A function of your own."""
    call: Annotated[str, StringConstraints(pattern=CALL), AfterValidator(_importable)] = Field(
        description="MODULE:FUNCTION; the module may stand beside this file."
    )
    arguments: dict[str, Any] = Field(
        default={}, description="What the function is called with, by name."
    )


def extract(settings: PythonSource, base: Path) -> Chunks:
    """Call the function and read on in what it gives; `base` is where its module may be."""
    return Chunks(settings.call, _chunks(settings, base))


def _chunks(settings: PythonSource, base: Path) -> Iterator[Chunk]:
    row = 0
    for columns, rows in _blocks(_pieces(_called(settings, base), settings.call, base)):
        if rows:
            yield chunk(columns, range(row + 1, row + 1 + rows))
        row += rows
    if not row:
        raise SourceUnreadable(f"{settings.call} gave no rows; nothing was read.")


def _blocks(pieces: Iterable[Piece]) -> Iterator[tuple[Columns, int]]:
    """The columns of so many rows at a time."""
    records: list[Mapping[Any, Any]] = []
    for piece in pieces:
        if isinstance(piece, Mapping):
            records.append(piece)
        if len(records) == CHUNK_ROWS or not isinstance(piece, Mapping):
            yield _of_records(records)
            records = []
        if isinstance(piece, pd.DataFrame):
            yield from _of_frame(piece)
        elif isinstance(piece, pa.Table):
            yield from _of_table(piece)
    yield _of_records(records)


def _of_records(records: Sequence[Mapping[Any, Any]]) -> tuple[Columns, int]:
    rows = [dict(flat(record, cell_text)) for record in records]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}, len(rows)


def _of_frame(frame: pd.DataFrame) -> Iterator[tuple[Columns, int]]:
    names = header([str(name) for name in frame.columns], "the data frame")
    for start in range(0, len(frame), CHUNK_ROWS):
        part = frame.iloc[start : start + CHUNK_ROWS].astype(object)
        columns = [part.iloc[:, place] for place in range(len(names))]
        cells = [cells_of(column.where(column.notna(), None).tolist()) for column in columns]
        yield dict(zip(names, cells, strict=True)), len(part)


def _of_table(table: pa.Table) -> Iterator[tuple[Columns, int]]:
    whole = flat_table(table)
    names = header(whole.column_names, "the Arrow table")
    for start in range(0, len(whole), CHUNK_ROWS):
        part = whole.slice(start, CHUNK_ROWS)
        yield dict(zip(names, map(text_of, part.columns), strict=True)), len(part)


def _pieces(found: Any, call: str, base: Path) -> Iterator[Piece]:
    """Frames, tables and records in whatever was given, however deep in lists and generators."""
    match found:
        case pd.DataFrame() | pa.Table() | Mapping():
            yield found
        case pa.RecordBatch():
            yield pa.Table.from_batches([found])
        case str() | bytes():
            raise _unwanted(call, found)
        case Iterable():
            for item in _each(found, call, base):
                yield from _pieces(item, call, base)
        case _:
            raise _unwanted(call, found)


def _each(items: Iterable[Any], call: str, base: Path) -> Iterator[Any]:
    with _theirs(call, base):
        iterator = iter(items)
    while True:
        with _theirs(call, base):
            item = next(iterator, _END)
        if item is _END:
            return
        yield item


def _unwanted(call: str, found: Any) -> SourceUnreadable:
    kind = "nothing" if found is None else f"a {type(found).__name__}"
    return SourceUnreadable(f"{call} gave {kind} where {WANTED} are needed.")


def _called(settings: PythonSource, base: Path) -> Any:
    name, _, function = settings.call.partition(":")
    module = _module(name, settings.call, base)
    found = getattr(module, function, None)
    if found is None:
        near = get_close_matches(function, dir(module), n=1)
        place = getattr(module, "__file__", None) or "Python itself"
        hint = f" Did you mean “{near[0]}”?" if near else ""
        raise SourceUnreadable(f"The module {name} ({place}) has no “{function}”.{hint}")
    if not callable(found):
        return found
    with _theirs(settings.call, base):
        return found(**settings.arguments)


def _module(name: str, call: str, base: Path) -> ModuleType:
    """The module, which may stand beside the configuration; what is installed comes first, so that
    a file there which is called like a module of Python's own breaks nothing else."""
    beside = str(base.resolve())
    if beside not in sys.path:
        sys.path.append(beside)
    importlib.invalidate_caches()
    try:
        with _theirs(call, base, but=ModuleNotFoundError):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
    if missing.split(".")[0] != name.split(".", maxsplit=1)[0]:
        raise SourceUnreadable(f"{call} needs the module {missing}, which is not installed.")
    near = get_close_matches(name, [file.stem for file in base.glob("*.py")], n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    raise SourceUnreadable(
        f"There is no module {name}, neither installed nor as {name.replace('.', '/')}.py beside "
        f"the configuration.{hint}"
    )


@contextmanager
def _theirs(call: str, base: Path, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """Where code runs that is not ours: it may raise whatever it likes, and print."""
    try:
        with redirect_stdout(sys.stderr):
            yield
    except but:
        raise
    except (Exception, SystemExit) as error:
        said = " ".join(f"{type(error).__name__}: {error}".rstrip(": ").split())
        lost = f"{call} failed with {said}{_place(error, base)}"
    else:
        return
    raise SourceUnreadable(lost) from None


def _place(error: BaseException, base: Path) -> str:
    """The last line beside the configuration that was run, else the last line of all."""
    if isinstance(error, SyntaxError):
        return ""  # it names its own
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != HERE]
    own = [line for line in lines if Path(line.filename).is_relative_to(base.resolve())]
    if not lines:
        return ""
    last = (own or lines)[-1]
    return f" ({Path(last.filename).name}, line {last.lineno}, in {last.name})"
