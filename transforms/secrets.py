"""Lock codes leave this module only as keyed hashes: enough to see a change, too little to open.

The key comes from the target's own credential, which never stands in the state; so a stolen state
file does not give up four-digit codes to guessing. Rotating the credential re-sends each lock code
once.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from transforms.cells import HIDDEN

MARK = "hmac:"
_HASH = re.compile(re.escape(MARK) + "[0-9a-f]+")


def blanked(value: Any) -> Any:
    """The same with the keyed hashes of lock codes hidden, wherever in a text of it they stand."""
    match value:
        case str():
            return _HASH.sub(HIDDEN, value)
        case dict():
            return {name: blanked(inner) for name, inner in value.items()}
        case list() | tuple():
            return [blanked(inner) for inner in value]
    return value


@dataclass(frozen=True, slots=True)
class SecretMask:
    """Turns a secret into its keyed hash; the key is never shown."""

    key: bytes = field(repr=False)

    def hashed(self, value: str) -> str:
        """`hmac:` and 32 hexadecimal digits of HMAC-SHA256."""
        return MARK + hmac.digest(self.key, value.encode(), "sha256").hex()[:32]

    def split(
        self, frame: pd.DataFrame, fields: Iterable[str]
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The frame with its secret columns hashed, and the secret columns as they were."""
        columns = [name for name in fields if name in frame.columns]
        hashes = {name: self._hashed_column(frame[name]) for name in columns}
        return frame.assign(**hashes), frame[columns]

    def _hashed_column(self, values: pd.Series) -> pd.Series:
        hashes = {value: self.hashed(value) for value in values.dropna().unique()}
        return values.map(hashes).astype("str")
