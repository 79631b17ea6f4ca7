"""The text of a file, line by line, whatever its encoding; what is no text ends in a message."""

from __future__ import annotations

import codecs
import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.errors import SourceUnreadable
from connectors.sources.location import opened
from connectors.words import title_of

# How files begin that are often exported or named by mistake, and what to do about each.
SIGNATURES: dict[bytes, str] = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; set `format: excel`, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old .xls or an encrypted workbook; save it as .xlsx, no password",
    b"PAR1": "a Parquet file; set `format: parquet`",
    b"\x1f\x8b": "compressed with gzip; unpack it",
    b"%PDF": "a PDF; export the data as CSV or Excel",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
}
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
SAMPLE_BYTES = 4096
# Random bytes have ten control characters in a hundred, text has next to none.
BINARY_SHARE = 0.05
MARK = "\ufeff"
# How a page begins that was saved, or answered, where an export was wanted.
PAGE = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+)?html\b", re.IGNORECASE | re.DOTALL
)
TITLE = 80  # characters of it that a message shows
BLOCK_BYTES = 2**20


def refuse_page(file: io.BufferedReader, origin: str) -> None:
    """Raises SourceUnreadable for an HTML page, with its title."""
    sample = file.peek(SAMPLE_BYTES)[:SAMPLE_BYTES]
    if not PAGE.match(sample.removeprefix(codecs.BOM_UTF8)):
        return
    title = " ".join(title_of(sample.decode("utf-8", "replace")).split())[:TITLE]
    called = f" (“{title}”)" if title else ""
    raise SourceUnreadable(
        f"{origin} is a web page{called} and no export. Where it asks for a login, or says that "
        "something went wrong, the address lacks what lets you in; else export as CSV or Excel."
    )


@contextmanager
def lines_of(
    path: str, origin: str, file: io.BufferedReader, encoding: str, end: str
) -> Iterator[Iterator[str]]:
    """The lines of an opened file, each with its `end` ("": any kind of line end), without a byte
    order mark. Raises SourceUnreadable."""
    _refuse_binary(file.peek(SAMPLE_BYTES)[:SAMPLE_BYTES], origin, encoding)
    try:
        with io.TextIOWrapper(file, encoding, newline=end) as text:
            yield _lines(text, origin)
    except UnicodeDecodeError as error:
        byte, line = _place(path, encoding)
        raise SourceUnreadable(
            f"{origin} is not {encoding}: byte {byte}, in line {line}, does not fit. "
            "Windows and older programs write `encoding: cp1252` or `encoding: latin-1`; "
            "set the one that the export uses."
        ) from error


def _lines(text: io.TextIOWrapper, origin: str) -> Iterator[str]:
    """Refuses a file of white space, when it has been read to its end."""
    blank: list[str] = []
    for line in text:
        blank.append(line.removeprefix(MARK) if not blank else line)
        if blank[-1].strip():
            return itertools.chain(blank, text)
    raise SourceUnreadable(f"{origin} holds only white space; nothing was read.")


def _place(path: str, encoding: str) -> tuple[int, int]:
    """The first byte that does not fit, and its line, both from 1."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = lines = 0
    with opened(path) as file:
        while True:
            block = file.read(BLOCK_BYTES)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                at = read + len(block) - len(error.object) + error.start
                within = error.start - (len(error.object) - len(block))
                return at + 1, lines + block.count(b"\n", 0, max(0, within)) + 1
            read += len(block)
            lines += block.count(b"\n")


def _refuse_binary(sample: bytes, origin: str, encoding: str) -> None:
    for signature, advice in SIGNATURES.items():
        if sample.startswith(signature):
            raise SourceUnreadable(f"{origin} is not text: it is {advice}.")
    if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        return
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SourceUnreadable(f"{origin} is UTF-16 text; set `encoding: utf-16`.")
    if len(sample) - len(sample.translate(None, CONTROLS)) > BINARY_SHARE * len(sample):
        raise SourceUnreadable(
            f"{origin} is a binary file, not text; export it as CSV, Excel, JSON or Parquet."
        )
