"""Fingerprints of rows and scopes, vectorised: how a night without changes reads no rows.

A row's fingerprint is 128 bits over its fields by name and value; an absent field adds nothing, so
neither the order of the columns nor a field that is empty everywhere changes it. A scope's digest
is an order-free sum over its rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Words = npt.NDArray[np.uint64]

# Two keys of SipHash (as pandas uses it) make 128 bits: with 64, one in 10^9 nights of 100,000
# changed rows would overlook a change.
_KEYS = ("unitsync-finger1", "unitsync-finger2")


def fingerprints(frame: pd.DataFrame, version: str) -> pd.Series:
    """One 32-digit hexadecimal fingerprint per row, indexed like the frame."""
    first, second = (_row_words(frame, version, key) for key in _KEYS)
    return pd.Series(_hex(first, second), index=frame.index, dtype="str")


def scope_digests(scopes: pd.Series, *digests: pd.Series) -> pd.Series:
    """One digest per scope, over the fingerprints of its rows in any order."""
    frame = pd.DataFrame({"scope": scopes.to_numpy()})
    frame["digest"] = ""
    for digest in digests:
        frame["digest"] += digest.to_numpy()
    sums = pd.DataFrame(
        {key: _mix(_text_words(frame["digest"], key)).view(np.int64) for key in _KEYS}
    )
    by_scope = sums.groupby(frame["scope"].to_numpy(), sort=True).sum()
    words = [by_scope[key].to_numpy().view(np.uint64) for key in _KEYS]
    return pd.Series(_hex(*words), index=by_scope.index, dtype="str")


def _row_words(frame: pd.DataFrame, version: str, key: str) -> Words:
    total = np.full(len(frame), _name_word(version, key), dtype=np.uint64)
    for name in frame.columns:
        total += _column_words(frame[name], key, _name_word(str(name), key))
    return _mix(total)


def _column_words(column: pd.Series, key: str, name_word: np.uint64) -> Words:
    codes, uniques = pd.factorize(column)
    values = _values(pd.Series(uniques))
    words = pd.util.hash_array(values, hash_key=key, categorize=False) if len(values) else values
    salted = np.append(_mix(words.astype(np.uint64) ^ name_word), np.uint64(0))
    return np.asarray(salted[codes], dtype=np.uint64)


def _values(uniques: pd.Series) -> npt.NDArray[np.generic]:
    """Numbers and booleans as float64, so that 20 and 20.0 agree; all else as text."""
    if pd.api.types.is_numeric_dtype(uniques.dtype):
        return uniques.to_numpy(dtype=np.float64) + 0.0  # -0.0 becomes 0.0
    return uniques.to_numpy(dtype=object)


def _text_words(column: pd.Series, key: str) -> Words:
    return pd.util.hash_array(column.to_numpy(dtype=object), hash_key=key, categorize=False)


def _name_word(name: str, key: str) -> np.uint64:
    words = pd.util.hash_array(np.array([name], dtype=object), hash_key=key, categorize=False)
    return np.uint64(words[0])


def _mix(words: Words) -> Words:
    """The finaliser of SplitMix64: sums of mixed words do not cancel out by accident."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _hex(first: Words, second: Words) -> list[str]:
    return [f"{a:016x}{b:016x}" for a, b in zip(first.tolist(), second.tolist(), strict=True)]
