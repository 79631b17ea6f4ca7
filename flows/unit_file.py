"""A file of unit keys or names, one a line; blank lines mean nobody."""

from __future__ import annotations

from pathlib import Path

from flows.selection import SelectionRefused


def names_in(file: Path) -> list[str]:
    """The names; raises SelectionRefused."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SelectionRefused(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SelectionRefused(f"{file} is no text in UTF-8; save it as that") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise SelectionRefused(f"{file} names nobody; write one key or name per line")
    return names
