"""The pictures of a report: true to their numbers, and the same when the page is made again."""

from __future__ import annotations

from collections import Counter

from flows.reconcile import reconcile
from flows.report_charts import _stacked, charts_of
from flows.summary import RunSummary
from state.store import Store


def charts(desk, summary):
    with Store.open_for_reading(desk.folder / "unitsync.db") as store:
        return charts_of(RunSummary.of(store.run(summary.run_id)), store)


def test_a_first_run_has_no_trend_and_no_rates(desk, unit):
    drawn = charts(desk, desk.sync(unit(1), unit(2)))

    assert ((), (), 0, ()) == (drawn.trend, drawn.rates, drawn.moved, drawn.outliers)


def test_each_run_before_has_its_column_and_the_parts_are_its_counts(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.sync(unit(1), unit(2), unit(3))
    third = desk.sync(unit(1), unit(2, rate="120.00"), unit(3))

    columns = charts(desk, third).trend

    assert [2, 1, 1] == [dict(column.parts)["applied"] for column in columns]
    assert [("applied", 0.0, 100.0)] == list(columns[0].rects)
    assert [("applied", 50.0, 50.0)] == list(columns[2].rects)


OUTCOMES = ("applied", "held", "failed", "unknown")


def test_the_few_that_failed_among_thousands_are_seen():
    rects = list(_stacked(Counter(applied=4_996, held=1, failed=3), 5_000, OUTCOMES))

    assert ["applied", "held", "failed"] == [kind for kind, _, _ in rects]
    assert [2, 2] == [height for _, _, height in rects[1:]]
    assert 0 <= rects[-1][1] < 1, "and stay within the picture"


def test_later_runs_do_not_change_the_picture_of_an_earlier_one(desk, unit):
    desk.sync(unit(1))
    second = desk.sync(unit(1), unit(2))
    then = charts(desk, second)
    desk.sync(unit(1, rate="120.00"), unit(2))

    assert then == charts(desk, second)


def test_rates_are_counted_by_how_much_they_moved_and_the_biggest_are_named(desk, unit):
    desk.sync(*[unit(number, rate="100.00") for number in range(1, 5)])
    rates = ("103.00", "97.00", "150.00", "100.00")
    night = desk.sync(*[unit(n, rate=rate) for n, rate in enumerate(rates, start=1)])

    drawn = charts(desk, night)

    counts = {column.label: dict(column.parts)["applied"] for column in drawn.rates}
    moved = {"-5% to 0%": 1, "0% to +5%": 1, "up by 20% or more": 1}
    assert moved == {k: v for k, v in counts.items() if v}
    assert len(drawn.rates) - 1 == len(drawn.marks)
    assert (3, "A3", 0.5) == (drawn.moved, drawn.outliers[0].name, drawn.outliers[0].share)


def test_parts_stand_on_one_another_and_never_above_the_frame(desk, unit):
    desk.sync(unit(1), unit(2))
    desk.fault("status", "PUT units/bulk_update", status=422, count=9)
    night = desk.sync(unit(1, rate="120.00"), unit(2), unit(3))

    [*_, column] = charts(desk, night).trend

    assert {"applied", "failed"} == {kind for kind, _, _ in column.rects}
    assert all(0 <= top and top + height <= 100.01 for _, top, height in column.rects)


def test_the_trend_of_reconciliations_is_what_others_did(desk, unit):
    desk.sync(unit(1), unit(2), unit(3))
    reconcile(desk.settings(), desk.world())
    one = desk.live()["A1"]["id"]
    desk.sandbox.edit("storedge", "unit", one, {"standard_rate": 77.0})

    drawn = charts(desk, reconcile(desk.settings(), desk.world()))

    told = [dict(column.parts) for column in drawn.trend]
    assert [
        {"drifted": 0, "conflict": 0, "gone": 0},
        {"drifted": 1, "conflict": 0, "gone": 0},
    ] == told
