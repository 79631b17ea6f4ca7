"""What a campaign must have seen at least once: a fault that never fired has proved nothing."""

from __future__ import annotations

from collections.abc import Iterator

from connectors import errors
from connectors.errors import ApiError
from tests.simulation.campaign import GUARDS, Tally
from tests.simulation.faults import FAULTS
from tests.simulation.truth import DAMAGES

# Classes that stand for their subclasses, and those that no answer of a vendor can bring about.
ABSTRACT = {"ApiError", "NotSent", "OutcomeUnknown"}
ELSEWHERE = {"RequestUnsendable", "ReplyTooLarge"}  # tests/connectors/test_every_error.py
RECOVERIES = {
    "settled by reading: it is live",
    "settled by reading: the group exists",
    "settled by reading: it was not processed",
    "linked by a reading",
    "the reply does not mention it",
    "not sent",
    "not sent in full",
}
WORLD = {
    "clock jumps",
    "older states restored",
    "stale plans",
    "facilities that held units already",
    "scopes let through by a person",
    "late duplicates removed by a person",
    "states held by another run",
    "lies not believed",
}
AT_NIGHT = {
    "renames a unit",
    "moves a unit",
    "takes a unit out of its group",
    "deletes a unit",
    "sets a rate",
    "renames a group",
}
DEEDS = AT_NIGHT | {
    "makes a unit anew",
    "deletes a group",
    "renumbers an apartment",
    "deletes an apartment",
}
SETTINGS = {
    "another batch_size",
    "another habit for missing units",
    "a field is mapped or no longer",
    "other names for all groups",
    "canary on or off",
}


def never(tally: Tally) -> Iterator[str]:
    """What should have happened and did not."""
    crashed = {name for name in tally.counts.get("step", ()) if "ROLLBACK" not in name}
    classes = {
        name
        for name in errors.__all__
        if isinstance(kind := getattr(errors, name), type) and issubclass(kind, ApiError)
    }
    expected = {
        "fault": {fault.name for fault in FAULTS},
        "source": set(DAMAGES),
        "crash": crashed,
        "error": classes - ABSTRACT - ELSEWHERE,
        "guard tripped": set(GUARDS),
        "guard passed": set(GUARDS),
        "recovery": RECOVERIES,
        "world": WORLD
        | SETTINGS
        | {f"somebody {deed}" for deed in DEEDS}
        | {f"at night: {deed}" for deed in AT_NIGHT},
        "exit code": {"0", "1", "2", "4", "5", "130", "None"},
    }
    for kind, names in expected.items():
        for name in sorted(names - set(tally.counts.get(kind, ()))):
            yield f"{kind}: {name}"
