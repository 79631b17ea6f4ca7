"""Links: what a reading decided about who is who, remembered for the person who asks why."""

from __future__ import annotations

from typing import Any

from transforms.plan import Result


def events(night: Any, unit: str) -> list[tuple[str, str]]:
    (history,) = night.store.history(unit)
    return [(event["what"], event.get("remote_id")) for event in history.events]


def test_adoption_replaces_what_was_known(night: Any, make: Any) -> None:
    night.link(make.unit("1", payload={"name": "A1", "width": 10, "floor": 1}))

    night.link(make.unit("1", payload={"name": "A1"}, digest=""))

    assert night.known("1")["1"] == make.unit("1", payload={"name": "A1"}, digest="")


def test_adoption_is_remembered_once(night: Any, make: Any) -> None:
    night.link(make.unit("1"))
    night.link(make.unit("1", name="A1 again"))
    night.link(make.unit("1", remote_id="other"))

    assert events(night, "1") == [("linked", "remote-1"), ("linked", "other")]


def test_a_unit_that_is_gone_is_known_no_more_and_can_be_created_again(
    night: Any, make: Any
) -> None:
    night.link(make.unit("1"), make.unit("2"))

    night.store.unlink("storage", "facility", "run-1", ["1", "never known"], [])

    assert list(night.known("1", "2")) == ["2"]
    assert events(night, "1") == [("linked", "remote-1"), ("unlinked", "remote-1")]


def test_linking_and_unlinking_take_the_scope_out_of_step(night: Any, make: Any) -> None:
    def digest() -> Any:
        return night.store.scope_records("storage")["facility"].digest

    night.settle_scope()
    night.link(make.unit("1"))
    assert digest() is None

    night.settle_scope()
    night.store.refresh_digests("storage", "facility", {"1": "new"})
    assert digest() is None

    night.settle_scope()
    night.store.unlink("storage", "facility", "run-1", ["1"], [])
    assert digest() is None


def test_fingerprints_are_refreshed_and_nothing_else(night: Any, make: Any) -> None:
    night.link(make.unit("1"), make.unit("2"))

    night.store.refresh_digests("storage", "facility", {"1": "new", "never known": "x"})

    assert night.known("1", "2") == {"1": make.unit("1", digest="new"), "2": make.unit("2")}


def test_a_group_that_a_unit_names_need_not_be_known(night: Any, make: Any) -> None:
    night.link(make.unit("1", group="never linked"))

    assert night.known("1")["1"].group == "never linked"


def test_what_a_reading_adopted_can_be_recorded_as_applied(night: Any, make: Any) -> None:
    change = make.create("1")
    night.plan(change)
    night.link(make.unit("1", payload={"name": "A1", "floor": 2}))

    night.record(Result(change, "applied", "found by name", known={"name": "A1"}))

    assert night.outcomes() == {"1": "applied"}
    assert night.known("1")["1"].payload == {"name": "A1", "floor": 2}
    assert night.known("1")["1"].remote_id == "remote-1"
