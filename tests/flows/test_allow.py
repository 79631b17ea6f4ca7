"""What guardrails held goes through when a person says so: just that, once, and on record."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from flows.apply import apply
from flows.cli import app
from flows.commands import allow as command
from flows.commands import runs as runs_command
from flows.commands.plan import save_plan
from flows.saved_plan import PlanRefused
from flows.sync import sync
from state.lock import RunLock

FACILITY = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
HOUR = 3600


@pytest.fixture
def allow(desk, environment, monkeypatch):
    """The command as a person gives it, at the time of the desk; returns its exit code."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*scopes, named="last", reason="the wing was closed", duration="24h", as_json=False):
        return command.run(
            desk.config,
            named,
            scopes or (FACILITY,),
            reason=reason,
            duration=duration,
            as_json=as_json,
            world=desk.world(),
        )

    return run


@pytest.fixture
def careful(desk):
    """Guardrails that small inventories can trip."""
    desk.configure(
        "missing: report",
        "missing: report\n    guardrails: {max_updates: 50%, max_rejected: 30%, at_least: 2}",
    )
    return desk


def priced(unit, rate, count, of=10):
    """A facility of which some units, the first, have another rate."""
    return [unit(n, rate=rate) if n <= count else unit(n) for n in range(1, of + 1)]


def counts(summary):
    return {name: number for name, number in summary.pipelines[0].counts.items() if number}


def rates(desk):
    live = desk.live()
    return [live[f"A{n}"]["standard_rate"] for n in range(1, 11)]


def last_run(desk):
    (row,) = desk.rows_of("SELECT run_id FROM runs ORDER BY serial DESC LIMIT 1")
    return row["run_id"]


# Held, allowed, through, and guarded again


def test_a_flood_that_was_held_goes_through_once_it_is_allowed(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    held = careful.sync(*priced(unit, "120", 8))
    assert (1, 8) == (held.exit_code, counts(held)["held"])

    assert 0 == allow()
    summary = careful.sync()

    assert (0, 8) == (summary.exit_code, counts(summary)["updated"])
    assert [120] * 8 + [100] * 2 == rates(careful)


def test_the_night_after_is_guarded_again(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))
    allow()
    careful.sync()

    summary = careful.sync(*priced(unit, "130", 8))

    assert (1, 8) == (summary.exit_code, counts(summary)["held"])


def test_a_flood_that_was_held_does_not_go_because_the_facility_has_grown(careful, unit, allow):
    """Ten new units went meanwhile, of which the same eight are a smaller share."""
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8, of=20))
    for _ in range(2):
        again = careful.sync()
        (note,) = again.pipelines[0].notes
        assert (1, 8) == (again.exit_code, counts(again)["held"])
        assert "8 against the 10 units that were known when this was first held (80%)" in note

    allow()
    careful.sync()
    summary = careful.sync(*priced(unit, "130", 9, of=20))

    assert (0, 9) == (summary.exit_code, counts(summary)["updated"])


def test_a_flood_that_the_source_took_back_is_forgotten(careful, unit):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8, of=20))
    careful.sync(*priced(unit, "100", 0, of=20))

    summary = careful.sync(*priced(unit, "120", 8, of=20))

    assert (0, 8) == (summary.exit_code, counts(summary)["updated"])


def test_the_message_ends_with_the_command_that_works(careful, unit, capsys):
    careful.sync(*priced(unit, "100", 0))
    (note,) = careful.sync(*priced(unit, "120", 8)).pipelines[0].notes
    *_, typed = note.partition("let it through once: ")
    program, *arguments = shlex.split(typed)

    done = CliRunner().invoke(app, [*arguments, "--config", str(careful.config)])

    assert f'unitsync allow {last_run(careful)} {FACILITY} --reason "…"' == typed
    assert (0, "unitsync") == (done.exit_code, program), done.output


def test_a_scope_with_spaces_is_quoted_in_the_message(careful, unit):
    careful.configure("scope: site", "scope: place")
    places = [row | {"place": "Harbor St. 5"} for row in priced(unit, "100", 0)]
    careful.sync(*places)
    summary = careful.sync(*(row | {"rate": "120"} for row in places))

    assert "'Harbor St. 5' --reason" in summary.pipelines[0].notes[0]


def test_a_preview_names_no_run_and_uses_nothing_up(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.export(*priced(unit, "120", 8))
    (night,) = careful.preview()
    (tripped,) = night.scopes[0].tripped
    assert tripped.message.endswith(
        f'unitsync allow last {FACILITY} --reason "…" (after the next sync)'
    )

    careful.sync()
    allow()
    for _ in range(2):
        (night,) = careful.preview()
        assert [()] == [planned.tripped for planned in night.scopes]
        assert not any(change.held for change in night.scopes[0].plan.changes)


# What grew, what changed, what expired


def test_a_plan_that_grew_too_much_holds_the_growth_alone(careful, unit, allow):
    careful.configure("max_updates: 50%", "max_updates: 20%")
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 5))
    allow()

    summary = careful.sync(*priced(unit, "120", 9))

    assert {"updated": 5, "held": 4} == {n: counts(summary)[n] for n in ("updated", "held")}
    assert "4 of 10 known units (40%) would be updated besides" in summary.pipelines[0].notes[0]
    assert [120] * 5 + [100] * 5 == rates(careful)


def test_another_price_is_held_again(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))
    allow()

    summary = careful.sync(*priced(unit, "12000", 8))

    assert (1, 8) == (summary.exit_code, counts(summary)["held"])
    assert [100] * 10 == rates(careful)


def test_an_allowance_that_has_expired_lets_nothing_through(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))
    allow(duration="6h")
    careful.clock.advance(6 * HOUR)

    assert 8 == counts(careful.sync())["held"]


def test_a_scope_that_the_api_stopped_half_way_keeps_its_allowance(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))
    allow(duration="3d")
    careful.fault("status", "PUT units/bulk_update", status=401, count=None)
    careful.sync()
    careful.sandbox.clear_faults()

    summary = careful.sync()

    assert (0, 8) == (summary.exit_code, counts(summary)["updated"])


def test_one_rate_that_jumped_is_let_through(desk, unit, allow):
    desk.configure("missing: report", "missing: report\n    guardrails: {max_rate_change: 30%}")
    desk.sync(*priced(unit, "100", 0))
    held = desk.sync(*priced(unit, "200", 1))
    assert "max_rate_change: 1 rate would jump" in held.pipelines[0].notes[0]

    allow()
    summary = desk.sync()

    assert (0, 1) == (summary.exit_code, counts(summary)["updated"])
    assert 200 == desk.live()["A1"]["standard_rate"]


def test_rows_that_were_rejected_hold_nothing_once_they_are_allowed(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    broken = [unit(n, width=0) if n > 6 else unit(n, rate="120") for n in range(1, 11)]
    careful.configure("max_updates: 50%", "max_updates: null")
    assert 6 == counts(careful.sync(*broken))["held"]

    allow()
    summary = careful.sync()

    assert {"extracted": 10, "rejected": 4, "updated": 6} == {
        name: number for name, number in counts(summary).items() if "groups" not in name
    }
    assert 0 == summary.exit_code


# A source that shrank


def test_units_that_are_really_gone_are_retired_once_it_is_allowed(desk, unit, allow):
    desk.configure("missing: report", "missing: retire")
    many = priced(unit, "100", 0, of=30)
    desk.sync(*many)
    assert 20 == counts(desk.sync(*many[:10]))["held"]

    allow()
    summary = desk.sync()

    assert (0, 20) == (summary.exit_code, counts(summary)["retired"])
    assert {"extracted": 10, "unchanged": 10} == counts(desk.sync())


def test_a_unit_that_is_not_vacant_is_not_retired_by_an_allowance(desk, unit, allow):
    desk.configure("missing: report", "missing: retire")
    many = priced(unit, "100", 0)
    desk.sync(*many)
    desk.sandbox.edit("storedge", "unit", desk.live()["A9"]["id"], {"status": "occupied"})
    desk.sync(*many[:5])

    allow()
    summary = desk.sync()

    assert {"retired": 4, "held": 1} == {n: counts(summary)[n] for n in ("retired", "held")}
    assert desk.live()["A9"]["rentable"] is not False


def test_a_shrunken_extract_that_holds_no_change_is_accepted_once_it_is_allowed(desk, unit, allow):
    """Where missing units are only reported, nothing else would ever end the nights of exit 1."""
    many = priced(unit, "100", 0, of=40)
    desk.sync(*many)
    assert [1, 1] == [desk.sync(*many[:10]).exit_code for _ in range(2)]

    assert 0 == allow()
    assert 0 == desk.sync().exit_code

    summary = desk.sync(unit(1, rate="120"), *many[1:10])
    assert (0, 30) == (summary.exit_code, counts(summary)["missing"])
    assert 1 == desk.sync(*many[:5]).exit_code


def test_columns_that_vanish_keep_an_extract_from_being_accepted_until_it_is_allowed(
    desk, unit, allow
):
    extra = {f"note {n}": "x" for n in range(4)}
    desk.sync(unit(1) | extra, unit(2) | extra)

    summary = desk.sync(unit(1), unit(2, rate="120"))

    assert (1, 1) == (summary.exit_code, counts(summary)["updated"])
    assert "4 of 13 columns (30.77%) of the last accepted" in summary.pipelines[0].notes[0]
    allow()
    assert 0 == desk.sync().exit_code
    assert 0 == desk.sync(unit(1), unit(2, rate="130")).exit_code


def test_a_row_of_no_scope_does_not_shrink_a_scope(desk, unit):
    desk.sync(unit(1), unit(2))

    assert 0 == desk.sync(unit(1), unit(2, site="")).exit_code


# Saved plans


def test_a_saved_plan_carries_what_was_allowed_and_uses_it_up(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))
    allow()
    path = careful.folder / "plan.json"
    save_plan(careful.preview(), careful.settings(), path)

    summary = apply(careful.settings(), careful.world(), path)

    assert (0, 8) == (summary.exit_code, counts(summary)["updated"])
    (used,) = careful.rows_of("SELECT used_by_run FROM allowances")
    assert used["used_by_run"] == summary.run_id


def test_a_saved_plan_is_refused_when_what_it_leans_on_has_expired(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))
    allow(duration="1h")
    path = careful.folder / "plan.json"
    save_plan(careful.preview(), careful.settings(), path)
    careful.clock.advance(2 * HOUR)

    with pytest.raises(PlanRefused, match="was allowed for a while that has passed"):
        apply(careful.settings(), careful.world(), path)

    assert [100] * 10 == rates(careful)


def test_what_a_saved_plan_holds_can_be_allowed_after_it_was_applied(careful, unit, allow):
    careful.configure("      combination_lock_number: lock\n", "")
    careful.sync(*priced(unit, "100", 0))
    careful.export(*priced(unit, "120", 8))
    path = careful.folder / "plan.json"
    save_plan(careful.preview(), careful.settings(), path)
    assert 8 == counts(apply(careful.settings(), careful.world(), path))["held"]

    allow()

    assert 8 == counts(careful.sync())["updated"]


# On record


def test_a_run_tells_what_was_let_through_for_it_by_whom_and_why(careful, unit, allow, capsys):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))
    allow(reason="  prices of spring,\n as agreed ")
    summary = careful.sync()
    page = (careful.folder / "reports").glob("*.html")
    (report,) = [text for path in page if summary.run_id in (text := path.read_text())]
    capsys.readouterr()

    runs_command.run(careful.config, 1, as_json=True)
    (told,) = json.loads(capsys.readouterr().out)["runs"]
    runs_command.run(careful.config, 1, as_json=False)
    shown = capsys.readouterr().out

    (allowance,) = told["allowances"]
    assert (FACILITY, "prices of spring, as agreed") == (allowance["scope"], allowance["reason"])
    assert "@" in allowance["who"]
    assert "What was let through" in report
    for text in (report, shown):
        assert allowance["who"] in text
        assert allowance["reason"] in text


def test_the_report_shows_the_whole_command(careful, unit):
    careful.sync(*priced(unit, "100", 0))
    summary = careful.sync(*priced(unit, "120", 8))
    page = (careful.folder / "reports").glob("*.html")
    texts = [path.read_text() for path in page]

    command_on_page = f"unitsync allow {summary.run_id} {FACILITY} --reason &#34;…&#34;"
    assert 1 == sum(command_on_page in text for text in texts)


def test_it_says_what_it_let_through_and_what_comes_next(careful, unit, allow, capsys):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))

    allow(duration="6h")

    said = capsys.readouterr().out
    assert "until 2026-01-07 08:00 UTC" in said
    assert f"storage · {FACILITY}: 8 units to update, 1 group to update  (max_updates)" in said
    assert "`unitsync plan`" in said
    assert "`unitsync sync`" in said


def test_json_is_one_document(careful, unit, allow, capsys):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))

    allow(as_json=True)

    document = json.loads(capsys.readouterr().out)
    (scope,) = document["scopes"]
    assert ("allow", last_run(careful)) == (document["kind"], document["run_id"])
    assert "2026-01-08T02:00:00+00:00" == document["expires_at"]
    assert {"entity": "unit", "action": "update", "count": 8} in scope["changes"]
    assert ["max_updates"] == scope["guardrails"]


# What is refused allows nothing


@pytest.fixture
def refused(careful, unit, allow, capsys):
    """A night in which one facility is held and another is not; returns what a refusal says."""
    first = priced(unit, "100", 0)
    others = [unit(n, site=OTHER) for n in range(20, 25)]
    careful.sync(*first, *others)
    careful.sync(*priced(unit, "120", 8), *others)

    def run(*scopes, code=2, **said):
        capsys.readouterr()
        assert code == allow(*scopes, **said)
        assert [] == careful.rows_of("SELECT * FROM allowances")
        return capsys.readouterr().err

    return run


def test_a_scope_in_which_nothing_was_held_is_refused_with_those_that_were(refused):
    said = refused(FACILITY[:-1] + "2")

    assert f"but in '{FACILITY}'; did you mean \"{FACILITY}\"?" in said


def test_one_wrong_scope_allows_none(refused):
    assert f"held nothing by a guardrail in '{OTHER}'" in refused(FACILITY, OTHER)


def test_a_run_that_held_nothing_says_so(careful, refused):
    (first,) = careful.rows_of("SELECT run_id FROM runs ORDER BY serial LIMIT 1")

    assert "nor in any other scope" in refused(named=first["run_id"])


def test_an_older_run_is_refused_with_the_one_that_judged_anew(careful, refused):
    older = last_run(careful)
    careful.sync()

    assert f"unitsync allow {last_run(careful)} {FACILITY}" in refused(named=older)


@pytest.mark.parametrize(
    ("named", "says"),
    [("nowhere", "there is no run 'nowhere'"), ("run", "'run' is the beginning of run-")],
)
def test_a_run_that_is_not_there_or_not_one_is_refused(refused, named, says):
    assert says in refused(named=named)


@pytest.mark.parametrize("reason", ["", " \t\n"])
def test_a_blank_reason_is_refused(refused, reason):
    assert "--reason is blank" in refused(reason=reason)


@pytest.mark.parametrize("duration", ["", "6", "6w", "0h", "-1h", "8d", "169h", "1.5h", "9999999m"])
def test_a_duration_that_is_none_is_refused(refused, duration):
    assert "write 30m, 6h or 2d, and 7d at most" in refused(duration=duration)


@pytest.mark.parametrize("duration", ["1m", "168h", "7d", " 2 d "])
def test_a_duration_within_a_week_is_taken(careful, unit, allow, duration):
    careful.sync(*priced(unit, "100", 0))
    careful.sync(*priced(unit, "120", 8))

    assert 0 == allow(duration=duration)


def test_another_run_that_holds_the_lock_is_told(careful, refused):
    with RunLock(careful.folder / "unitsync.db", "unitsync sync", now=careful.clock.now()):
        assert "`unitsync sync`" in refused(code=4)


def test_before_the_first_run_there_is_nothing_to_allow(desk, allow, capsys):
    assert 2 == allow()

    assert "there is no run yet" in capsys.readouterr().err
    assert not (desk.folder / "unitsync.db").exists()


def test_the_beginning_of_a_run_is_enough_if_no_other_begins_so(careful, unit, allow):
    careful.sync(*priced(unit, "100", 0))
    careful.export(*priced(unit, "120", 8))
    sync(careful.settings(), replace(careful.world(), new_id=lambda: "3f9c2a7e-5d1b"))

    assert 0 == allow(named="3f9")
    assert 0 == allow(named="3f9c2a7e-5d1b")


def test_a_reason_must_be_given(desk):
    done = CliRunner().invoke(app, ["allow", "last", FACILITY, "--config", str(desk.config)])

    assert 2 == done.exit_code
    assert "--reason" in done.output
