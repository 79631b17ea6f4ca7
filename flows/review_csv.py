"""CSV from a review, harmless in a spreadsheet.

Datasette writes a cell as it is, so a unit's name could be a formula. Its CSV is sent on row by
row, as it comes, with the cells disarmed as in every other export.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.exports import disarmed

_TYPES = ("text/plain", "text/csv")


def with_harmless_csv(app: ASGIApp) -> ASGIApp:
    """The application, with the cells of every CSV that it answers disarmed."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        is_csv = False

        async def send_disarmed(message: Message) -> None:
            nonlocal is_csv
            if message["type"] == "http.response.start":
                is_csv = Headers(scope=message).get("content-type", "").startswith(_TYPES)
            elif is_csv:
                message = {**message, "body": _row(message["body"])}
            await send(message)

        await app(scope, receive, send_disarmed)

    return answer


def _row(body: bytes) -> bytes:
    """What Datasette sends at once is a whole row."""
    text = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(body.decode(), newline=""))
    csv.writer(text).writerows(map(_cells, rows))
    return text.getvalue().encode()


def _cells(row: Iterable[str]) -> list[str]:
    return [cell if _is_number(cell) else disarmed(cell) for cell in row]


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
