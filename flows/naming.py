"""How a person names a run: by its id, by the beginning of one, or as the last."""

from __future__ import annotations

from flows.config_errors import listed
from state.archive import Archive

LAST = "last"


class RunUnknown(Exception):
    """No run, or more than one, goes by that name; the message says what to do."""


def run_named(archive: Archive, named: str) -> str:
    """The id of the one run that is meant."""
    if not named.strip():
        raise RunUnknown(f"a run has to be named: by its id, the beginning of one, or as `{LAST}`")
    found = archive.run_ids("" if named == LAST else named)
    if named in found or (named == LAST and found):
        return named if named in found else found[0]
    if not archive.runs(1):
        raise RunUnknown("there is no run yet; `unitsync plan` shows what the first would do")
    if not found:
        raise RunUnknown(
            f"there is no run {named!r}; name the id of a run, the beginning of one, or `{LAST}`. "
            "`unitsync runs` lists them"
        )
    if len(found) > 1:
        raise RunUnknown(f"{named!r} is the beginning of {listed(found)}; name one of them")
    return found[0]
