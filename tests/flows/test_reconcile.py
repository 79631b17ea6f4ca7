"""Reconciliation: where each unit and group stands, and what the next sync does about it.

Everything is read through the API of the sandbox, nothing is written to it, and what the source
wants in another spelling (20 and 20.0, null and "") is no drift.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.commands.reconcile import run
from flows.linking import Wish
from flows.reconcile import reconcile
from flows.report_verdict import verdict


def compared(desk, *rows, **wish):
    if rows:
        desk.export(*rows)
    writes = desk.writes()
    summary = reconcile(desk.settings(), desk.world(), Wish(**wish))
    assert writes == desk.writes(), "a reconciliation writes nothing to an API"
    desk.clock.advance(3_600)
    return summary


def standings(desk) -> dict[str, tuple[str, str, dict]]:
    """What the last reconciliation found of what is not in step, by name."""
    rows = desk.rows_of(
        "SELECT entity, name, standing, words, fields FROM standings"
        " WHERE run_id = (SELECT run_id FROM runs ORDER BY serial DESC LIMIT 1)"
    )
    return {row["name"]: (row["standing"], row["words"], row["fields"]) for row in rows}


def found(desk) -> dict[str, str]:
    return {name: standing for name, (standing, _, _) in standings(desk).items()}


def by_hand(desk, who, /, **fields):
    [unit] = [unit for unit in desk.sandbox.units() if unit.get("name") == who]
    assert desk.sandbox.edit("storedge", "unit", unit["id"], fields) is None


def counts(summary) -> dict[str, int]:
    return {name: count for name, count in summary.pipelines[0].counts.items() if count}


def test_a_group_under_another_key_is_in_step(desk, unit):
    desk.sync(unit(1), unit(2))

    summary = compared(desk, unit(1, group="10x10 F1"), unit(2, group="10x10 F1"))

    assert {"unit in step": 2, "group in step": 1} == dict(summary.pipelines[0].standings)


def test_an_untouched_facility_is_in_step_whatever_its_spelling(desk, unit):
    desk.configure("{const: 8}", "{const: 8.0}")
    desk.sync(unit(1, rate="$1,250.00", width="10.0"), unit(2, rate="99.5"))

    summary = compared(desk)

    assert 0 == summary.exit_code
    assert {"unit in step": 2, "group in step": 1} == dict(summary.pipelines[0].standings)
    assert {"extracted": 2, "unchanged": 2} == counts(summary)
    assert {} == found(desk)


def test_ten_kinds_of_disagreement_are_each_called_by_their_name(desk, unit):
    everyone = [unit(number) for number in range(1, 10)]
    desk.sync(*everyone)
    by_hand(desk, "A1", standard_rate=77.0)
    by_hand(desk, "A3", standard_rate=77.0)
    by_hand(desk, "A4", deleted=True)
    by_hand(desk, "A5", unit_group_id=None)
    by_hand(desk, "A9", standard_rate=150.0)
    summary = compared(
        desk,
        unit(1),
        unit(2, rate="120.00"),
        unit(3, rate="120.00"),
        unit(4),
        unit(5),
        unit(6, width="wide"),
        unit(8),
        unit(9, rate="150.00"),
        unit(10),
    )

    assert {
        "A1": "drifted",
        "A2": "pending",
        "A3": "conflict",
        "A4": "gone",
        "A5": "drifted",
        "A6": "rejected",
        "A7": "missing",
        "A10": "pending",
    } == {name: standing for name, standing in found(desk).items() if name.startswith("A")}
    assert 2 == summary.pipelines[0].standings["unit in step"]
    assert 1 == summary.exit_code


def test_who_moved_is_told_field_by_field(desk, unit):
    desk.sync(unit(1), unit(2))
    by_hand(desk, "A1", standard_rate=77.0)

    compared(desk, unit(1, width=12), unit(2))

    standing, _, fields = standings(desk)["A1"]
    assert "drifted" == standing
    assert (
        '{"standard_rate":{"known":100,"live":77,"moved":"drifted","policy":"report","source":100},'
        '"width":{"known":10,"live":10,"moved":"pending","policy":"report","source":12}}'
    ) == fields


def test_the_page_counts_by_field_who_moved_it(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    by_hand(desk, "A1", standard_rate=77.0)
    by_hand(desk, "A2", standard_rate=78.0)

    summary = compared(desk, unit(1), unit(2, rate="110.00"), unit(3, width=12))

    html = Path(summary.report).read_text(encoding="utf-8")
    table = re.sub(r"<[^>]+>|\s+", " ", html[html.index("<b>By field</b>") :]).split()
    assert ["standard_rate", "0", "1", "1"] == table[(at := table.index("standard_rate")) : at + 4]
    assert ["width", "1", "0", "0"] == table[(at := table.index("width")) : at + 4]


def test_a_live_unit_that_is_nobodys_is_unmanaged_and_needs_nobody(desk, unit):
    desk.sync(unit(1), unit(2))
    by_hand(desk, "A2", name="Z9")
    lose_the_state(desk)
    desk.sync(unit(1))

    summary = compared(desk)

    assert {"Z9": "unmanaged"} == found(desk)
    assert 0 == summary.exit_code


def lose_the_state(desk) -> None:
    for name in ("unitsync.db", "unitsync.db.lineage"):
        desk.folder.joinpath(name).unlink()


def test_what_was_refused_last_night_is_failed_in_the_words_of_the_api(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "PUT units/bulk_update", status=422, count=9)
    desk.sync(unit(1, rate="120.00"), unit(2))

    summary = compared(desk)

    assert "failed" == found(desk)["A1"]
    assert 1 == counts(summary)["failed"]
    assert 1 == summary.exit_code


def test_a_refused_change_that_no_reading_shows_is_failed_until_it_comes_through(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "PUT units/bulk_update", status=422, count=9)
    desk.sync(unit(1, lock="49999"), unit(2))
    refused = compared(desk)
    desk.sandbox.clear_faults()
    desk.sync()
    sent = compared(desk)

    assert {"A1": "failed"} == found_in(desk, refused)
    assert 1 == refused.exit_code
    assert {} == found_in(desk, sent)


def test_drift_that_is_accepted_stays_and_needs_nobody(desk, unit):
    desk.configure("    missing: report", "    drift: {standard_rate: accept}\n    missing: report")
    desk.sync(unit(1), unit(2))
    by_hand(desk, "A1", standard_rate=77.0)

    summary = compared(desk)
    night = desk.sync()

    assert 0 == summary.exit_code
    assert {"A1": "drifted"} == found_in(desk, summary)
    assert {"extracted": 2, "unchanged": 2} == counts(night)
    assert 77.0 == desk.live()["A1"]["standard_rate"]


def found_in(desk, summary) -> dict[str, str]:
    rows = desk.rows_of(f"SELECT name, standing FROM standings WHERE run_id = '{summary.run_id}'")
    return {row["name"]: row["standing"] for row in rows}


def test_drift_that_is_to_be_overwritten_is_set_back_by_the_next_sync_and_then_all_is_quiet(
    desk, unit
):
    desk.configure(
        "    missing: report",
        '    drift: {"*": overwrite, width: report}\n    missing: report',
    )
    desk.sync(unit(1), unit(2))
    by_hand(desk, "A1", standard_rate=77.0, name="A1 old")
    by_hand(desk, "A2", unit_group_id=None)

    summary = compared(desk)
    night = desk.sync()
    quiet = desk.sync()

    assert 0 == summary.exit_code
    assert 2 == night.pipelines[0].counts["updated"] + night.pipelines[0].counts["moved"]
    assert {"extracted": 2, "unchanged": 2} == counts(quiet)
    live = desk.live()
    assert 100.0 == live["A1"]["standard_rate"]
    assert live["A1"]["unit_group_id"] == live["A2"]["unit_group_id"] is not None
    [change] = desk.rows_of("SELECT before FROM changes WHERE name = 'A1' AND action = 'update'")
    assert '{"name":"A1 old","standard_rate":77}' == change["before"]


def test_what_they_set_as_the_source_wants_it_is_known_and_never_sent(desk, unit):
    desk.sync(unit(1), unit(2))
    by_hand(desk, "A2", standard_rate=120.0)

    compared(desk, unit(1), unit(2, rate="120.00"))
    writes = desk.writes()
    night = desk.sync()

    assert {"extracted": 2, "unchanged": 2} == counts(night)
    assert writes == desk.writes()


def test_a_facility_that_was_never_synced_is_adopted_and_nothing_is_made_twice(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    by_hand(desk, "A3", name="third")
    lose_the_state(desk)

    first = compared(desk, unit(1), unit(2), unit(3, rate="101.00"), adopt=True)
    night = desk.sync()

    assert 2 == first.pipelines[0].standings["unit in step"]
    assert {"third": "unmanaged"} == {
        name: standing for name, standing in found_in(desk, first).items() if name == "third"
    }
    assert 1 == night.pipelines[0].counts["created"]
    assert 4 == len(desk.live())


def test_a_suggestion_is_linked_once_a_person_confirms_it(desk, unit):
    desk.sync(unit(1), unit(2, rate="140.00"), unit(3, rate="150.00"))
    remote_id = desk.live()["A3"]["id"]
    by_hand(desk, "A3", name="third")
    lose_the_state(desk)

    compared(desk, unit(1), unit(2, rate="140.00"), unit(3, rate="150.00"), adopt=True)
    words = standings(desk)["third"][1]
    compared(desk, confirmed={"u3": remote_id})
    night = desk.sync()

    assert f"--confirm u3={remote_id} links it" in words
    assert 0 == night.pipelines[0].counts["created"]
    assert {"A1", "A2", "A3"} == set(desk.live())


def test_without_adopt_nothing_is_linked(desk, unit):
    desk.sync(unit(1))
    lose_the_state(desk)

    compared(desk)

    assert {"A1": "unmanaged"} == {n: s for n, s in found(desk).items() if n == "A1"}
    assert [] == desk.rows_of("SELECT * FROM units")


def test_an_unreadable_facility_is_told_and_holds_up_no_other(desk, unit):
    other = "22222222-2222-4222-8222-222222222222"
    desk.sync(unit(1), unit(2, site=other))
    desk.fault("status", "GET units", status=403, scope=other, count=99)

    summary = compared(desk)

    assert 1 == summary.exit_code
    assert summary.pipelines[0].notes[0].startswith(other)
    assert 1 == summary.pipelines[0].counts["unchanged"]


def test_where_nothing_can_be_read_nothing_is_said(desk, unit):
    desk.sync(unit(1))
    desk.fault("status", "GET units", status=403, count=99)

    summary = compared(desk)

    assert 4 == summary.exit_code
    assert {} == found(desk)


def test_a_sample_goes_round_and_says_how_far_it_came(desk, unit):
    sites = [f"{n}{n}{n}{n}{n}{n}{n}{n}-1111-4111-8111-111111111111" for n in range(1, 5)]
    desk.sync(*[unit(n, site=site) for n, site in enumerate(sites, start=1)])

    read = []
    for _ in range(4):
        summary = compared(desk, share=0.25)
        [row] = desk.rows_of(
            f"SELECT DISTINCT scope FROM standing_tallies WHERE run_id = '{summary.run_id}'"
        )
        read.append(row["scope"])

    assert sites == sorted(read)
    assert (
        "1 of 4 scopes were read; the others were in earlier runs" in summary.pipelines[0].notices
    )


def test_a_facility_that_the_source_no_longer_names_is_no_part_of_a_sample(desk, unit):
    sites = [f"{n}{n}{n}{n}{n}{n}{n}{n}-1111-4111-8111-111111111111" for n in range(1, 5)]
    rows = [unit(n, site=site) for n, site in enumerate(sites, start=1)]
    desk.sync(*rows[:2])
    compared(desk, *rows[:3])

    summary = compared(desk, *rows[:2], rows[3], share=0.25)

    assert (
        "1 of 3 scopes were read; the others were in earlier runs" in summary.pipelines[0].notices
    )


def test_a_facility_that_cannot_be_read_bars_no_other_from_a_sample(desk, unit):
    sites = [f"{n}{n}{n}{n}{n}{n}{n}{n}-1111-4111-8111-111111111111" for n in range(1, 4)]
    desk.sync(*[unit(n, site=site) for n, site in enumerate(sites, start=1)])
    desk.fault("status", "GET units", status=403, scope=sites[0], count=99)

    read = [compared(desk, share=0.3).exit_code for _ in sites]

    assert [4, 0, 0] == read
    assert {sites[1], sites[2]} == {
        row["scope"] for row in desk.rows_of("SELECT scope FROM readings WHERE error IS NULL")
    }


def test_how_much_was_read_is_in_the_json_document(desk, unit):
    other = "22222222-2222-4222-8222-222222222222"
    desk.sync(unit(1), unit(2, site=other))

    summary = compared(desk, share=0.5)

    assert {"scopes": 2, "read": 1} == summary.document()["pipelines"][0]["coverage"]


def test_a_confirmation_that_links_nothing_is_told_with_its_reason(desk, unit):
    desk.sync(unit(1), unit(2))
    first, second = (desk.live()[name]["id"] for name in ("A1", "A2"))

    summary = compared(desk, confirmed={"u1": first, "u2": first, "u9": "nobody"})

    assert 1 == summary.exit_code
    assert (
        f"--confirm u2={first} linked nothing: it is linked to {second} already",
        "--confirm u9=nobody linked nothing: no valid row of that key is in a scope that was read",
    ) == summary.pipelines[0].notes


def test_a_confirmed_id_that_is_not_live_or_somebody_elses_is_told(desk, unit):
    desk.sync(unit(1))
    taken = desk.live()["A1"]["id"]

    summary = compared(desk, unit(1), unit(2), unit(3), confirmed={"u2": "gone", "u3": taken})

    first, second = summary.pipelines[0].notes
    assert first.endswith("has that id")
    assert second.endswith(f"{taken} is linked to unit u1 already")


@pytest.mark.parametrize("pairs", [["a=1", "a=2"], ["a=1", "b=1"], ["a="], ["=1"], ["a"]])
def test_confirmations_that_contradict_each_other_are_refused(desk, pairs):
    done = run(
        desk.folder / "unitsync.yaml",
        [],
        adopt=False,
        confirm=pairs,
        sample="100%",
        direct=True,
        as_json=False,
    )

    assert 2 == done
    assert not (desk.folder / "unitsync.db").exists()


def test_rows_that_are_rejected_are_kept_for_the_page(desk, unit):
    desk.sync(unit(1), unit(2))

    summary = compared(desk, unit(1), unit(2, width="wide"))

    [line] = desk.rows_of(f"SELECT key, field FROM rejections WHERE run_id = '{summary.run_id}'")
    assert {"key": "u2", "field": "width"} == line


def test_an_extract_that_is_not_proven_complete_makes_nobody_missing(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    by_hand(desk, "A3", standard_rate=77.0)
    desk.export(unit(1))
    path = desk.folder / "units.csv"
    path.write_text(path.read_text() + '"torn')

    summary = compared(desk)

    assert 0 == summary.pipelines[0].counts["missing"]
    assert {"A3": "drifted"} == found(desk)
    assert "not proven complete" in summary.pipelines[0].notices[0]


def test_as_many_requests_are_sent_as_there_are_pages(desk, unit):
    desk.sync(*[unit(number) for number in range(1, 251)])
    asked = len(desk.sandbox.requests())

    summary = compared(desk)

    assert 3 + 1 == len(desk.sandbox.requests()) - asked == summary.pipelines[0].requests


def test_apartments_are_compared_as_well(community, apartment):
    community.sync(apartment(1), apartment(2))
    [one] = [u for u in community.sandbox.units("COMM-1") if u["external_ref"] == "c1-1"]
    assert community.sandbox.edit("travtus", "unit", one["identifier"], {"sqft": 1}) is None

    summary = compared(community)

    assert {"unit in step": 1, "unit drifted": 1} == {
        name if " " in name and name.startswith("unit") else f"unit {name}": count
        for name, count in summary.pipelines[0].standings.items()
    }
    assert 1 == summary.exit_code


def test_lock_codes_are_never_in_what_is_written_down(desk, unit):
    desk.sync(unit(1, lock="40001"), unit(2))

    compared(desk, unit(1, lock="49999"), unit(2))

    assert "lock" not in str(standings(desk))


def test_the_verdict_says_where_all_units_stand_so_that_the_numbers_add_up(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    desk.sandbox.edit("storedge", "unit", desk.live()["A1"]["id"], {"standard_rate": 77.0})
    desk.export(unit(1), unit(2))

    told = verdict(reconcile(desk.settings(), desk.world()), ())

    assert "1 unit changed at the vendor" == told.headline
    assert "1 of 3 units are in step (1 drifted, 1 missing)." == told.detail
