"""What a campaign must have seen at least once: a fault that never fired has proved nothing."""

from __future__ import annotations

from collections.abc import Iterator

from connectors import errors
from connectors.errors import ApiError
from tests.simulation.campaign import GUARDS, RIVALS, Tally
from tests.simulation.damages import DAMAGES
from tests.simulation.faults import FAULTS
from tests.simulation.other_settings import OTHER_SETTINGS

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
    "runs taken back",
    "runs sent again",
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
    "makes a unit of a name that is ours",
    "deletes a group",
    "renumbers an apartment",
    "deletes an apartment",
    "makes an apartment anew",
    "edits an address",
}
BETWEEN = (AT_NIGHT - {"renames a group"}) | {
    "makes a unit of a name that is ours",
    "renumbers an apartment",
    "edits an address",
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
        **{rival: {"before BEGIN"} for rival in RIVALS},
        "world": WORLD
        | set(OTHER_SETTINGS)
        | {f"somebody {deed}" for deed in DEEDS}
        | {f"at night: {deed}" for deed in AT_NIGHT}
        | {f"between reading and writing: {deed}" for deed in BETWEEN},
        "exit code": {"0", "1", "2", "4", "5", "130", "None"},
    }
    for kind, names in expected.items():
        for name in sorted(names - set(tally.counts.get(kind, ()))):
            yield f"{kind}: {name}"
