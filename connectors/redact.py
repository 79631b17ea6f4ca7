"""Keeps lock codes out of the words that an API says back to us.

storEDGE echoes the request in `meta.parameters` and may quote a value in an error message.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

HIDDEN = "•••"


class Redactor:
    """Replaces every secret that it has learnt; safe to share between threads."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._lock = threading.Lock()

    def learn(self, secrets: Mapping[str, Mapping[str, Any]]) -> None:
        """Secrets by unit key and field, about to be sent."""
        values = {str(value) for fields in secrets.values() for value in fields.values()}
        with self._lock:
            self._secrets |= values - {""}

    def __call__(self, text: str) -> str:
        """The text with every word that is a secret hidden."""
        with self._lock:
            return re.sub(
                r"\w+(?:-\w+)*", lambda m: HIDDEN if m[0] in self._secrets else m[0], text
            )
