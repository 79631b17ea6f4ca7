"""What a page tells beyond its own night: the nights before, the inventory, and the same again."""

from __future__ import annotations

from html import unescape
from pathlib import Path

from flows.naming import run_named
from flows.report import render
from flows.summary import RunSummary
from state.store import Store


def page(summary) -> str:
    return Path(summary.report).read_text(encoding="utf-8")


def made_again(desk, summary) -> str:
    with Store.open_for_reading(desk.settings().state) as store:
        kept = RunSummary.of(store.run(run_named(store, summary.run_id)))
        return "".join(render(kept, store))


def test_a_page_made_again_is_the_same_although_a_later_run_settled_what_was_unknown(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.fault("drop_after", "POST units/bulk_create")
    desk.fault("status", "GET units", status=403, count=99)
    first = desk.sync(unit(1), unit(2), unit(3))
    told = page(first)
    desk.sandbox.clear_faults()
    second = desk.sync()

    assert 1 == first.pipelines[0].counts["unknown"]
    assert {"applied"} == {
        row["outcome"]
        for row in desk.rows_of(f"SELECT outcome FROM changes WHERE run_id = '{first.run_id}'")
    }
    assert told == made_again(desk, first)
    assert page(second) == made_again(desk, second)


def test_a_unit_that_fails_every_night_says_for_how_long(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "PUT units/bulk_update", status=422, count=99)
    for rate in ("110.00", "111.00", "112.00"):
        last = desk.sync(unit(1, rate=rate), unit(2))

    html = page(last)
    assert "its story: failed in the 2 runs before, too" in html
    assert '<code class="command">unitsync why u1</code>' in html


def test_what_is_held_has_its_command_to_pick_with_a_click(desk, unit):
    desk.configure("    missing:", "    guardrails: {max_rate_change: 5%}\n    missing:")
    desk.sync(unit(1), unit(2))
    held = desk.sync(unit(1, rate="150.00"), unit(2))

    command = f"unitsync allow {held.run_id} "
    assert f'<code class="command">{command}' in page(held)
    assert 1 == page(held)[: page(held).index('id="balance"')].count(command)


def test_the_inventory_is_counted_before_and_after(desk, unit):
    desk.sync(unit(1), unit(2))
    summary = desk.sync(unit(1), unit(2), unit(3, width=5))

    before, after = summary.pipelines[0].inventory_before, summary.pipelines[0].inventory
    assert 2 == sum(stock.units for stock in before) == sum(stock.rentable for stock in before)
    assert ["5 × 10", "10 × 10"] == [" ".join(stock.kind.split()[:3]) for stock in after]
    assert '<span class="before">2</span> → <b>3</b>' in page(summary)


def test_the_first_night_begins_with_nothing(desk, unit):
    summary = desk.sync(unit(1), unit(2))

    assert () == summary.pipelines[0].inventory_before
    assert '<span class="before">0</span> → <b>2</b>' in page(summary)


def test_apartments_are_counted_by_their_rooms_and_are_not_called_rentable(community, apartment):
    summary = community.sync(apartment(1), apartment(2))

    [stock] = summary.pipelines[0].inventory
    assert (2, None) == (stock.units, stock.rentable)


def test_a_push_is_compared_with_its_forecast(desk, unit):
    desk.sync(unit(1), unit(2))
    calm = desk.sync(unit(1), unit(2, rate="110.00"))
    desk.fault("status", "PUT units/bulk_update", status=503, count=1)
    rough = desk.sync(unit(1), unit(2, rate="120.00"))

    assert "The plan expected 1 request to push it; as many were sent." in page(calm)
    assert rough.pipelines[0].push["sent"] > rough.pipelines[0].push["expected"] == 1
    assert "retries, readings, a token" in unescape(page(rough))


def test_who_is_missing_is_named_with_since_when(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    first = desk.sync(unit(1), unit(2))
    second = desk.sync(unit(1, rate="120.00"))

    assert "unitsync why u3" in page(first)
    assert "unitsync why u2" not in page(first)
    lines = page(second)[page(second).index('id="missing"') :]
    assert lines.index("A2") < lines.index("A3"), "the news first"
    assert "<td>7 Jan 02:00</td>" in lines
    assert "<td>6 Jan 02:00</td>" in lines
    assert page(first) == made_again(desk, first)
