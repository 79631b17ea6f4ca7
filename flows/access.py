"""What the credentials open: every scope of the source is read once, and nothing is kept of it.

The first reading proves the credentials themselves, for neither API has an address that does only
that. A scope that cannot be read hinders no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.errors import (
    ApiError,
    ApiUnreachable,
    CredentialsRefused,
    Forbidden,
    GroupRefused,
    NotFound,
)
from flows.job import Job
from flows.report_text import counted, listed
from flows.sync import Watcher
from flows.world import World

# So many scopes are named when they cannot be read; of 5,000 more would help nobody.
NAMED = 5
# The API answered, and so knows who asks; only this scope is not theirs.
_NOT_THEIRS = (Forbidden, GroupRefused, NotFound)
_CREDENTIALS = {"storedge": "access_id and secret_key", "travtus": "client_id and client_secret"}


def named(scopes: Sequence[str]) -> str:
    """The first few by name, and how many more there are."""
    more = [f"{len(scopes) - NAMED:,} more"] if len(scopes) > NAMED else []
    return listed([*scopes[:NAMED], *more])


class AccessMissing(Exception):
    """The API refuses the credentials, cannot be reached, or does not show every scope."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of a job as they were found: what each holds, or why it cannot be read."""

    job: Job
    world: World = field(repr=False)
    names: Sequence[str]
    found: dict[str, tuple[int, int] | ApiError] = field(default_factory=dict)

    def prove_credentials(self) -> None:
        """Reads the first scope; raises AccessMissing where it says nothing for the credentials."""
        first = self.names[0]
        found = self.found[first] = self._read(first)
        if isinstance(found, ApiError) and not isinstance(found, _NOT_THEIRS):
            raise AccessMissing(self._told(found))

    def prove_access(self, watcher: Watcher) -> None:
        """Reads all others; raises AccessMissing with those that cannot be read."""
        rest = [scope for scope in self.names if scope not in self.found]
        watcher.begin(self.job.name, len(rest))
        with self.world.pool(self.job.target.concurrency) as pool:
            for scope, found in zip(rest, pool.map(self._read, rest), strict=True):
                self.found[scope] = found
                watcher.advance(self.job.name, 1)
        if lost := self._lost():
            raise AccessMissing("\n".join(self._complaints(lost)))

    def credentials_told(self) -> str:
        """By whom they were accepted."""
        return f"accepted by {self.job.pipeline.target.base_url}"

    def access_told(self) -> str:
        """How much there is to see."""
        held = [one for one in self.found.values() if not isinstance(one, ApiError)]
        units, groups = (sum(counts) for counts in zip(*held, strict=True))
        seen = counted(units, "unit")
        seen += f" and {counted(groups, 'group')}" if self.job.policy.groups else ""
        told = f"{counted(len(held), 'scope')} can be read; {seen} there now"
        empty = [scope for scope in self.names if self.found[scope] == (0, 0)]
        if not empty:
            return told
        return f"{told}\nnothing is there yet in {named(empty)}; a wrong id looks the same"

    def _read(self, scope: str) -> tuple[int, int] | ApiError:
        try:
            live = self.job.target.read(scope)
        except ApiError as error:
            return error
        return len(live.units), len(live.groups)

    def _lost(self) -> Mapping[str, ApiError]:
        return {scope: one for scope, one in self.found.items() if isinstance(one, ApiError)}

    def _complaints(self, lost: Mapping[str, ApiError]) -> Iterator[str]:
        yield f"{len(lost):,} of {counted(len(self.names), 'scope')} cannot be read"
        for scope, error in list(lost.items())[:NAMED]:
            yield f"{scope}: {self._told(error)}"
        if len(lost) > NAMED:
            yield f"and {len(lost) - NAMED:,} more"

    def _told(self, error: ApiError) -> str:
        """What the API said, and what to do about it."""
        target = f"pipelines.{self.job.name}.target"
        place = self.job.settings.place
        match error:
            case CredentialsRefused():
                names = _CREDENTIALS[self.job.pipeline.target.kind]
                cure = f"check {names} in {place(target)}"
                return f"the API does not accept the credentials ({error}); {cure}"
            case ApiUnreachable():
                cure = f"check base_url in {place(target)} and the network"
                return f"the API cannot be reached ({error}); {cure}"
            case Forbidden() | GroupRefused() | NotFound():
                column = self.job.pipeline.scope.column
                where = f'in column "{column}"' if column else "under `scope`"
                return (
                    f"{error}; correct the id {where}, or ask the vendor to let these credentials "
                    "see it"
                )
        return f"{error}; if it stays so, ask the vendor"
