"""Requests that the vendor let in and finishes only later, when nobody waits for them any more.

A caller that lost such an answer reads the scope, does not find its work, sends it again, and so
makes a duplicate. Late work is due after a listing of the same collection in the same scope, which
is the worst moment: the reading has just shown that nothing is there. A page counts as a listing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.sandbox.messages import Call, SandboxResponse

Work = Callable[[], SandboxResponse]


@dataclass(slots=True)
class _Late:
    vendor: str
    call: Call
    work: Work
    listings: int

    def is_shown_by(self, vendor: str, call: Call) -> bool:
        """Whether a call lists what the work would add to."""
        return (
            call.kind == "read"
            and (self.vendor, self.call.scope) == (vendor, call.scope)
            and _collection(self.call) == _collection(call)
        )


class LateWork:
    """The work that was put off, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[_Late] = []

    def put_off(self, vendor: str, call: Call, work: Work, listings: int) -> None:
        """Do the work after so many listings."""
        self._waiting.append(_Late(vendor, call, work, listings))

    def listed(self, vendor: str, call: Call) -> None:
        """A call was answered: if it was a listing, do what is due after it."""
        shown = [late for late in self._waiting if late.is_shown_by(vendor, call)]
        for late in shown:
            late.listings -= 1
        due = [late for late in shown if late.listings == 0]
        self._waiting = [late for late in self._waiting if late.listings]
        for late in due:
            late.work()

    def forget(self) -> None:
        """Never do what was put off."""
        self._waiting.clear()


def _collection(call: Call) -> str:
    """`units` of `POST units/bulk_create`."""
    return call.endpoint.partition(" ")[2].partition("/")[0]
