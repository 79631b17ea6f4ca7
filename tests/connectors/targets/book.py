"""A small journal for the tests: as strict as the state store, and kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from transforms.diff import GROUP_FIELD
from transforms.group import ATTRIBUTES, REFERENCE
from transforms.plan import Change, KnownGroup, KnownUnit, Result

OPEN = ("planned", "sent", "unknown")


@dataclass
class Entry:
    """One request as the journal has it."""

    number: int
    method: str
    path: str
    purpose: str
    carried: tuple[tuple[str, str], ...]
    status: int | None = None
    words: str = ""
    request_id: str | None = None
    closed: bool = False


class Book:
    """A Journal. Each change is planned once and ends once; what is confirmed becomes known."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.states: dict[tuple[str, str], str] = {}
        self.words: dict[tuple[str, str], str] = {}
        self.units: dict[str, KnownUnit] = {}
        self.groups: dict[str, KnownGroup] = {}

    def plan(self, changes: list[Change]) -> None:
        self.states = {change.identity: "planned" for change in changes}
        self.words = {}

    def open_entries(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.closed]

    def sent(self, method, path, purpose, changes):
        carried = tuple(change.identity for change in changes)
        assert carried, "an empty request"
        assert len(set(carried)) == len(carried), f"twice in one request: {carried}"
        for identity in carried:
            assert self.states[identity] == "planned", (identity, self.states[identity])
            self.states[identity] = "sent"
        self.entries.append(Entry(len(self.entries), method, path, purpose, carried))
        return len(self.entries) - 1

    def answered(self, request, status, words, request_id, results):
        entry = self._entry(request)
        entry.status, entry.words, entry.request_id = status, words, request_id
        told = self._record(results, awaiting=("sent",))
        assert told == set(entry.carried), "an answer must decide on everything that was sent"
        entry.closed = all(self.states[identity] != "unknown" for identity in entry.carried)

    def learned(self, request, results):
        told = self._record(results, awaiting=("unknown",))
        assert told <= set(self._entry(request).carried)

    def settled(self, request, results):
        entry = self._entry(request)
        self._record(results, awaiting=("unknown",))
        assert all(self.states[identity] != "unknown" for identity in entry.carried)
        entry.closed = True

    def decided(self, results):
        assert all(result.outcome != "unknown" for result in results)
        self._record(results, awaiting=("planned",))

    def close(self, doubtful: list[Change], found: list[Result]) -> None:
        """The next night's look at what was left open: what is adopted on the way is known, and
        what is not there is known no more. All of it is planned anew."""
        told = {result.change.identity for result in found}
        lost = [change for change in doubtful if change.identity not in told]
        self._record(found, awaiting=("sent", "unknown"))
        self._record(
            [Result(c, "failed", forget=tuple(c.after)) for c in lost if c.action != "create"],
            awaiting=("sent", "unknown"),
        )
        for entry in self.open_entries():
            entry.closed = True

    def _entry(self, request: int) -> Entry:
        entry = self.entries[request]
        assert not entry.closed, f"{entry} is closed already"
        return entry

    def _record(self, results: list[Result], awaiting: tuple[str, ...]) -> set[tuple[str, str]]:
        told = [result.change.identity for result in results]
        assert len(set(told)) == len(told), "two outcomes at once"
        for result in results:
            identity = result.change.identity
            assert self.states[identity] in awaiting, (identity, self.states[identity], result)
            self.states[identity] = result.outcome or "planned"
            self.words[identity] = result.words
            self._acknowledge(result)
        return set(told)

    def _acknowledge(self, result: Result) -> None:
        change = result.change
        step = result.outcome is None and bool(result.known)
        if result.outcome != "applied" and not step and not result.forget:
            return
        current = (self.groups if change.entity == "group" else self.units).get(change.key)
        if result.outcome != "applied" and not step:
            if current is not None:
                payload = _without(current.payload, result.forget)
                self._put(replace(current, payload=payload))
            return
        assert current is not None or change.action == "create", f"{change} is not known"
        remote_id = result.remote_id or change.remote_id or (current.remote_id if current else None)
        assert remote_id, f"{change.key} was applied without an id"
        payload = _without({**(current.payload if current else {}), **result.known}, result.forget)
        name = str(result.known.get("name", current.name if current else change.name))
        if change.entity == "group":
            self._put(KnownGroup(change.key, remote_id, name, payload))
        else:
            done = result.outcome == "applied"
            group = change.group if done else current.group if current else None
            retired = change.action == "retire" and done
            label = change.name if done else name
            self._leave(change.key, group)
            self._put(KnownUnit(change.key, remote_id, label, group, payload, "", retired))

    def _leave(self, unit: str, entered: str | None) -> None:
        """A group that its reference unit has left is represented by nobody."""
        for group in list(self.groups.values()):
            if group.key != entered and group.payload.get(REFERENCE) == unit:
                payload = _without(group.payload, (REFERENCE, ATTRIBUTES))
                self._put(replace(group, payload=payload))

    def _put(self, known: KnownUnit | KnownGroup) -> None:
        shelf: Any = self.groups if isinstance(known, KnownGroup) else self.units
        others = {one.remote_id: key for key, one in shelf.items() if key != known.key}
        assert known.remote_id not in others, f"{known.key} and {others[known.remote_id]} are one"
        assert GROUP_FIELD not in known.payload
        shelf[known.key] = known


def _without(payload, forget):
    return {name: value for name, value in payload.items() if name not in forget}
