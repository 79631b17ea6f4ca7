"""The promises of DESIGN 2, night by night, through the whole engine and the strict sandbox."""

from __future__ import annotations

import pytest

from flows.sync import sync

FACILITY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


def counts(summary):
    return {name: number for name, number in summary.pipelines[0].counts.items() if number}


def test_a_first_night_creates_what_the_source_says(desk, unit):
    summary = desk.sync(unit(1), unit(2, rate="$99.50"), unit(3, group="5x5", group_name="5x5 in"))

    assert {"extracted": 3, "created": 3, "groups_created": 2} == counts(summary)
    assert 0 == summary.exit_code
    live = desk.live()
    assert 99.5 == live["A2"]["standard_rate"]
    assert "40001" == live["A1"]["combination_lock_number"]
    assert ["b8e13a42-3804-4ede-a763-3b83b3901536"] == list(live["A1"]["tax_rates"])
    groups = {group["name"]: group for group in desk.sandbox.groups(FACILITY)}
    assert groups["5x5 in"]["id"] == live["A3"]["unit_group_id"]
    assert live["A1"]["id"] == groups["10x10 indoor"]["reference_unit_id"]


def test_a_second_run_is_empty(desk, unit):
    desk.sync(unit(1), unit(2))
    before = desk.sandbox.counts()["requests"]

    summary = desk.sync()

    assert {"extracted": 2, "unchanged": 2} == counts(summary)
    assert 0 == summary.pipelines[0].requests
    assert before == desk.sandbox.counts()["requests"]


def test_a_night_sends_only_what_changed(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))

    summary = desk.sync(unit(1), unit(2, rate="120"), unit(3, name="B3"), unit(4))

    assert {"extracted": 4, "unchanged": 1, "created": 1, "updated": 2} == counts(summary)
    assert {"A1", "A2", "B3", "A4"} == set(desk.live())
    assert 120 == desk.live()["A2"]["standard_rate"]


def test_known_means_confirmed(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    body = {"error_hash": {"standard_rate": [{"name": "A3", "message": "is too odd"}]}}
    desk.fault("status", "PUT units/bulk_update", status=400, body=body)

    summary = desk.sync(unit(1), unit(2, rate="110"), unit(3, rate="120"))

    assert {"extracted": 3, "unchanged": 1, "updated": 1, "failed": 1} == counts(summary)
    assert 1 == summary.exit_code
    known = desk.rows_of("SELECT key, json_extract(payload, '$.standard_rate') AS rate FROM units")
    assert [("u1", 100), ("u2", 110), ("u3", 100)] == [(row["key"], row["rate"]) for row in known]


def test_a_failed_change_is_planned_again_from_the_source_as_it_is_then(desk, unit):
    desk.sync(unit(1), unit(2))
    body = {"error_hash": {"standard_rate": [{"name": "A2", "message": "is too odd"}]}}
    desk.fault("status", "PUT units/bulk_update", status=400, body=body)
    desk.sync(unit(1), unit(2, rate="110"))

    summary = desk.sync(unit(1), unit(2, rate="130"))

    assert {"extracted": 2, "unchanged": 1, "updated": 1} == counts(summary)
    assert 130 == desk.live()["A2"]["standard_rate"]


def test_every_answer_is_kept(desk, unit):
    body = {
        "error_hash": {"name": [{"name": "A1", "message": "is not to our taste"}]},
        "meta": {"status_code": 400, "request_id": "req-77"},
    }
    desk.fault("status", "POST units/bulk_create", status=400, body=body)

    desk.sync(unit(1), unit(2))

    changes = desk.rows_of(
        "SELECT outcome, words, status, vendor_request_id FROM changes WHERE key = 'u1'"
    )
    assert [("failed", 400, "req-77")] == [
        (row["outcome"], row["status"], row["vendor_request_id"]) for row in changes
    ]
    assert "is not to our taste" in changes[0]["words"]


def test_a_rejected_row_is_never_missing(desk, unit):
    desk.sync(unit(1), unit(2))

    summary = desk.sync(unit(1), unit(2, width=0))

    assert {"extracted": 2, "rejected": 1, "unchanged": 1} == counts(summary)
    assert 0 == summary.exit_code
    assert 10 == desk.live()["A2"]["width"]


def test_a_rejected_row_without_scope_protects_its_unit(desk, unit):
    desk.sync(unit(1), unit(2))

    summary = desk.sync(unit(1), unit(2, site=""))

    assert {"extracted": 2, "rejected": 1, "unchanged": 1} == counts(summary)


def test_a_missing_unit_is_reported_and_left_alone(desk, unit):
    many = [unit(number) for number in range(1, 13)]
    desk.sync(*many)
    writes = desk.writes()

    summary = desk.sync(*many[:-1])

    assert {"extracted": 11, "unchanged": 11, "missing": 1} == counts(summary)
    assert 0 == summary.exit_code
    assert writes == desk.writes()
    assert {"extracted": 11, "unchanged": 11, "missing": 1} == counts(desk.sync())


def test_a_partial_extract_makes_nothing_missing(desk, unit):
    desk.configure("missing: report", "missing: retire")
    many = [unit(number) for number in range(1, 13)]
    desk.sync(*many)
    text = desk.source.read_text()
    desk.source.write_text(text[: text.rindex("u12") + 5])

    summary = desk.sync()

    assert {"extracted": 12, "rejected": 1, "unchanged": 11} == counts(summary)


def test_a_retired_unit_is_taken_off_the_market_once(desk, unit):
    desk.configure("missing: report", "missing: retire")
    many = [unit(number) for number in range(1, 13)]
    desk.sync(*many)

    summary = desk.sync(*many[:-1])

    assert {"extracted": 11, "unchanged": 11, "retired": 1, "missing": 1} == counts(summary)
    assert desk.live()["A12"]["rentable"] is False
    assert {"extracted": 11, "unchanged": 11} == counts(desk.sync())


def test_an_occupied_unit_is_never_retired(desk, unit):
    desk.configure("missing: report", "missing: retire")
    many = [unit(number) for number in range(1, 13)]
    desk.sync(*many)
    desk.sandbox.edit("storedge", "unit", desk.live()["A12"]["id"], {"status": "occupied"})

    summary = desk.sync(*many[:-1])

    assert {"extracted": 11, "unchanged": 11, "held": 1, "missing": 1} == counts(summary)
    assert 1 == summary.exit_code
    assert desk.live()["A12"]["rentable"] is not False


def test_a_unit_whose_vacancy_cannot_be_read_is_not_retired(desk, unit):
    desk.configure("missing: report", "missing: retire")
    many = [unit(number) for number in range(1, 13)]
    desk.sync(*many)
    desk.fault("status", "GET units", status=500, count=100)

    summary = desk.sync(*many[:-1])

    assert {"extracted": 11, "unchanged": 11, "held": 1, "missing": 1} == counts(summary)
    assert desk.live()["A12"]["rentable"] is not False


def test_a_scope_that_could_not_be_read_the_first_night_is_read_the_next(desk, unit):
    desk.sync(unit(1), unit(2))
    for file in desk.folder.glob("unitsync.db*"):
        file.unlink()
    desk.fault("status", "GET units", status=403)

    first = desk.sync(unit(1), unit(2))
    settled = desk.rows_of("SELECT * FROM scopes WHERE synced_at IS NOT NULL")
    second = desk.sync()

    assert {"extracted": 2, "failed": 2} == counts(first)
    assert [] == settled
    assert (0, 0) == (second.exit_code, second.pipelines[0].counts["created"])


def test_an_extract_that_was_cut_is_no_measure_for_the_next_night(desk, unit):
    desk.export(*(unit(number) for number in range(1, 13)))
    desk.source.write_bytes(desk.source.read_bytes()[:-20])

    desk.sync()

    assert [{"accepted_rows": None}] == desk.rows_of("SELECT accepted_rows FROM scopes")


@pytest.mark.parametrize("kind", ["drop_after", "status_after", "malformed"])
@pytest.mark.parametrize("endpoint", ["POST unit_groups", "POST units/bulk_create"])
def test_a_lost_answer_creates_nothing_twice(desk, unit, kind, endpoint):
    desk.fault(kind, endpoint)

    summary = desk.sync(*(unit(number) for number in range(1, 6)))

    assert {"extracted": 5, "created": 5, "groups_created": 1} == counts(summary)
    assert 5 == len(desk.live())
    assert {"extracted": 5, "unchanged": 5} == counts(desk.sync())


def test_an_unknown_outcome_stays_unknown_until_a_reading_settles_it(desk, unit):
    desk.sync(unit(1))
    desk.fault("drop_after", "POST units/bulk_create")
    desk.fault("status", "GET units", count=12, status=500)

    summary = desk.sync(unit(1), unit(2))

    assert {"extracted": 2, "unchanged": 1, "unknown": 1} == counts(summary)
    assert 1 == summary.exit_code
    desk.sandbox.clear_faults()
    assert {"extracted": 2, "unchanged": 2} == counts(desk.sync())
    assert 2 == len(desk.live())


def test_unreadable_is_not_empty(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.fault("drop_after", "POST units/bulk_create")
    desk.fault("status", "GET units", count=None, status=200, body={"units": []})

    summary = desk.sync(unit(1), unit(2), unit(3))

    assert 1 == counts(summary)["unknown"]
    assert 1 == desk.sandbox.counts()["requests"]["POST units/bulk_create"] - 1


def test_wrong_credentials_end_the_run_before_any_write(desk, unit):
    desk.export(unit(1))
    desk.configure("${STOREDGE_SECRET_KEY}", "not-the-secret-key-of-anybody-at-all-000")

    summary = desk.sync()

    assert 4 == summary.exit_code
    assert "credentials" in summary.pipelines[0].notes[0]
    assert 0 == desk.writes()


def test_a_key_that_is_revoked_in_the_middle_is_told_with_what_had_come_through(desk, unit, ask):
    desk.configure("requests_per_second: null", "requests_per_second: null\n      batch_size: 1")
    desk.sync(*(unit(number) for number in range(5)))
    desk.fault("status", "PUT units/bulk_update", status=401, skip=2, count=None)

    summary = desk.sync(*(unit(number, rate="120.00") for number in range(5)))

    assert 1 == summary.exit_code
    (note,) = summary.pipelines[0].notes
    assert note.startswith("the push ended early: the API does not accept the credentials (")
    assert "By then 2 changes had come through, and stay; 4 changes did not, and" in note
    first, command, *_ = ask("runs", "last").split("\n\n")[1].splitlines()
    assert f"storage: {note}" == first
    assert f"  $ unitsync check --config {desk.config} storage" == command
    desk.sandbox.clear_faults()
    (following,) = desk.sync().pipelines
    assert ("ok", 3) == (following.status, following.counts["updated"])


def test_a_preview_works_after_a_first_night_that_died_at_once(desk, unit):
    """The file is there, and nothing is in it yet (found by the simulation, seed 120)."""
    (desk.folder / "unitsync.db").touch()
    desk.export(unit(1))

    assert ["create"] == [change.action for change in desk.preview()[0].scopes[0].plan.of("unit")]


def test_a_preview_writes_nothing(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.export(unit(1), unit(2, rate="120"), unit(3))
    files = {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()}
    writes = desk.writes()

    (night,) = desk.preview()

    planned = [change for scope in night.scopes for change in scope.plan.changes]
    assert {("u2", "update"), ("u3", "create")} == {(c.key, c.action) for c in planned}
    assert files == {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()}
    assert writes == desk.writes()


def test_a_facility_that_holds_units_already_is_adopted(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    for path in desk.folder.glob("unitsync.db*"):
        path.unlink()

    summary = desk.sync(unit(1), unit(2, rate="120"), unit(3), unit(4))

    assert 4 == len(desk.live())
    assert 120 == desk.live()["A2"]["standard_rate"]
    assert 1 == counts(summary)["created"]
    assert {"extracted": 4, "unchanged": 4} == counts(desk.sync())


def test_a_live_name_that_stands_twice_is_held_for_a_person(desk, unit):
    desk.sync(unit(1), unit(2))
    second = desk.live()["A2"]["id"]
    desk.sandbox.edit("storedge", "unit", second, {"name": "A1"})
    for path in desk.folder.glob("unitsync.db*"):
        path.unlink()

    summary = desk.sync(unit(1))

    assert {"extracted": 1, "held": 1} == {
        name: number for name, number in counts(summary).items() if "groups" not in name
    }


def test_a_unit_moves_with_its_group(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))

    summary = desk.sync(unit(1), unit(2), unit(3, group="5x5", group_name="5x5 in"))

    assert {"extracted": 3, "unchanged": 2, "moved": 1, "groups_created": 1} == counts(summary)
    groups = {group["id"]: group["name"] for group in desk.sandbox.groups(FACILITY)}
    assert "5x5 in" == groups[desk.live()["A3"]["unit_group_id"]]


def test_a_group_is_renamed_under_its_key(desk, unit):
    desk.sync(unit(1), unit(2))

    summary = desk.sync(*(unit(number, group_name="Large") for number in (1, 2)))

    assert {"extracted": 2, "unchanged": 2, "groups_updated": 1} == counts(summary)
    assert ["Large"] == [group["name"] for group in desk.sandbox.groups(FACILITY)]


def test_a_group_keeps_its_units_and_its_past_under_another_key(desk, unit):
    desk.sync(unit(1), unit(2), unit(3, group="5x5", group_name="5x5 in"))
    asked = len(desk.sandbox.requests())
    rows = [unit(number, group="10x10 F1") for number in (1, 2)]
    rows.append(unit(3, group="5x5 F1", group_name="5X5 in"))

    summary = desk.sync(*rows)

    assert {"extracted": 3, "unchanged": 3, "groups_updated": 1} == counts(summary)
    assert ["PATCH"] == [request["method"] for request in desk.sandbox.requests()[asked:]]
    assert {"extracted": 3, "unchanged": 3} == counts(desk.sync(*rows))
    moved = desk.sync(rows[0], unit(2, group="5x5 F1", group_name="5X5 in"), rows[2])
    assert 1 == counts(moved)["moved"]


def test_the_other_scopes_are_unharmed(desk, unit):
    desk.fault("status", "POST units/bulk_create", scope=FACILITY, count=None, status=403)

    summary = desk.sync(unit(1), unit(2, site=OTHER))

    assert {"created": 1, "failed": 1} == {
        name: counts(summary)[name] for name in ("created", "failed")
    }
    assert {"A2"} == set(desk.live(OTHER))


def test_a_shrunken_source_is_held_and_says_which_setting(desk, unit):
    desk.configure("missing: report", "missing: retire")
    many = [unit(number) for number in range(1, 31)]
    desk.sync(*many)

    summary = desk.sync(*many[:10])

    assert {"extracted": 10, "unchanged": 10, "held": 20, "missing": 20} == counts(summary)
    assert 1 == summary.exit_code
    assert "SourceShrank" in summary.pipelines[0].notes[0]
    assert "guardrails.max_missing" in summary.pipelines[0].notes[0]
    assert all(live["rentable"] is not False for live in desk.live().values())


def test_secrets_stay_secret(desk, unit):
    desk.fault(
        "status",
        "POST units/bulk_create",
        status=400,
        body={"error_hash": {"name": [{"name": "A1", "message": "lock 40001 is not allowed"}]}},
    )
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1), unit(2, lock="77777"))
    secrets = [
        b"40001",
        b"40002",
        b"77777",
        *(
            secret.encode()
            for secret in ("sandbox-not-a-real-secret-key-000000demo", "sandbox-access-id")
        ),
    ]

    written = [path for path in desk.folder.rglob("*") if path.is_file()]
    written = [path for path in written if path != desk.source]

    leaks = [(path.name, s) for path in written for s in secrets if s in path.read_bytes()]
    assert [] == leaks
    assert "77777" == desk.live()["A2"]["combination_lock_number"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in written if path.suffix != ".yaml")


def test_a_night_that_dies_in_the_middle_costs_a_reading_and_nothing_else(desk, unit):
    class Death(BaseException):
        """What kill -9 looks like from inside."""

    world = desk.world()
    handle = desk.sandbox.handle

    def die_after(request):
        answer = handle(request)
        if request.path.endswith("bulk_create"):
            raise Death
        return answer

    desk.export(*(unit(number) for number in range(1, 8)))
    desk.sandbox.handle = die_after
    with pytest.raises(Death):
        sync(desk.settings(), world)
    desk.sandbox.handle = handle

    summary = desk.sync()

    assert 7 == len(desk.live())
    assert 0 == summary.exit_code
    assert {"extracted": 7, "unchanged": 7} == counts(desk.sync())


def test_a_travtus_night_and_its_second_run(community, apartment):
    summary = community.sync(apartment(1), apartment(2, sqft=800))

    assert {"extracted": 2, "created": 2} == counts(summary)
    assert {"extracted": 2, "unchanged": 2} == counts(community.sync())
    summary = community.sync(apartment(1, sqft=710), apartment(2, sqft=800))
    assert {"extracted": 2, "unchanged": 1, "updated": 1} == counts(summary)
    assert 710 == community.live("COMM-1")["1"]["sqft"]


def test_a_travtus_unit_that_changed_its_group_is_held(community, apartment):
    community.sync(apartment(1), apartment(2), apartment(3, community="COMM-2"))

    summary = community.sync(
        apartment(1), apartment(2, community="COMM-2"), apartment(3, community="COMM-2")
    )

    assert 1 == counts(summary)["held"]
    assert 1 == len(community.live("COMM-2"))


def test_an_address_that_a_missing_unit_holds_is_not_overwritten(community, apartment):
    many = [apartment(number) for number in range(1, 13)]
    community.sync(*many)

    summary = community.sync(*many[:-1], apartment(12, ref="another"))

    assert 1 == counts(summary)["held"]
    assert 12 == len(community.live("COMM-1"))


def test_a_tenant_keeps_rate_and_group_where_only_vacant_units_may_change(desk, unit):
    desk.configure(
        "requests_per_second: null", "requests_per_second: null\n      vacant_only: true"
    )
    desk.sync(unit(1), unit(2), unit(3))
    desk.sandbox.edit("storedge", "unit", desk.live()["A2"]["id"], {"status": "occupied"})

    summary = desk.sync(unit(1), unit(2, rate="120"), unit(3, rate="130"))

    assert {"extracted": 3, "unchanged": 1, "updated": 1, "held": 1} == counts(summary)
    assert (100, 130) == tuple(desk.live()[name]["standard_rate"] for name in ("A2", "A3"))
    (held,) = desk.rows_of("SELECT words FROM changes WHERE outcome = 'held'")
    assert "the unit is occupied" in held["words"]


def test_what_somebody_changed_at_the_vendor_is_held_where_only_undrifted_units_may_change(
    desk, unit
):
    desk.configure(
        "requests_per_second: null", "requests_per_second: null\n      undrifted_only: true"
    )
    desk.sync(unit(1), unit(2), unit(3))
    desk.sandbox.edit("storedge", "unit", desk.live()["A2"]["id"], {"standard_rate": 111})

    summary = desk.sync(unit(1), unit(2, rate="120"), unit(3, rate="130"))

    assert {"extracted": 3, "unchanged": 1, "updated": 1, "held": 1} == counts(summary)
    assert (111, 130) == tuple(desk.live()[name]["standard_rate"] for name in ("A2", "A3"))


@pytest.mark.parametrize("habit", ["vacant_only", "undrifted_only"])
def test_a_stricter_habit_that_cannot_look_holds_what_it_would_have_judged(desk, unit, habit):
    desk.configure("requests_per_second: null", f"requests_per_second: null\n      {habit}: true")
    desk.sync(unit(1))
    desk.fault("status", "GET units", status=500, count=100)

    summary = desk.sync(unit(1, rate="120"))

    assert {"extracted": 1, "held": 1} == counts(summary)
    assert 100 == desk.live()["A1"]["standard_rate"]


def test_the_stricter_habits_are_off_by_default(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.sandbox.edit("storedge", "unit", desk.live()["A2"]["id"], {"status": "occupied"})
    reads = desk.sandbox.counts()["reads"]

    desk.sync(unit(1), unit(2, rate="120"))

    assert 120 == desk.live()["A2"]["standard_rate"]
    assert reads == desk.sandbox.counts()["reads"]
