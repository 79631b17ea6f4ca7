"""Marked secrets, and whether anything of them was written somewhere, in whatever form.

A secret that was encoded on the way is still a secret: in base64, whatever stands around it there,
percent-encoded, escaped for JSON or HTML, in hexadecimal, or in UTF-16.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

# What is the user's own, and holds lock codes by right.
SOURCES = (".csv",)
# Fewer characters of base64 stand in a random id by chance.
CHANCE = 8


def forms(secret: str) -> set[bytes]:
    """The secret in every form in which it might be written."""
    texts = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        repr(secret)[1:-1],
        secret.encode().hex(),
    }
    return {text.encode() for text in texts} | {secret.encode("utf-16-le"), *_base64(secret)}


def _base64(secret: str) -> Iterator[bytes]:
    """As it looks in base64 at each of the three places where it may begin; the ends vary."""
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):
            encoded = encode(bytes(before) + secret.encode()).rstrip(b"=")
            form = encoded[4 if before else 0 : -2]
            if len(form) >= CHANCE:
                yield form


def leaks(secrets: Iterable[str], written: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Each secret, shortened, with the place where it was found in some form."""
    return [
        (f"{secret[:12]}…", place)
        for secret in secrets
        for form in forms(secret)
        for place, content in written.items()
        if form in content
    ]


def files_below(folder: Path) -> dict[str, bytes]:
    """Everything that was written below a folder, the user's own sources left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in SOURCES
    }
