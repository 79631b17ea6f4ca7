"""The report in a real browser: quiet, private, and of use to who looks for one unit of 50,000."""

from __future__ import annotations

import pytest

from tests.browser.conftest import HOSTILE, VIEWS


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("changes", [5, 500, 50_000])
def test_a_page_of_any_size_is_quiet_and_asks_nobody_for_anything(opened, reports, view, changes):
    seen = opened(reports(changes), view)

    assert [] == seen.said
    assert [reports(changes).as_uri()] == seen.asked
    assert f"1–{min(changes, 100)} of {changes:,} lines" == seen.count
    width = seen.page.evaluate("document.documentElement.scrollWidth")
    assert VIEWS[view]["viewport"]["width"] >= width


def test_one_unit_among_50_000_is_found_with_the_words_of_the_api_and_its_story(opened, reports):
    seen = opened(reports(50_000))

    seen.page.get_by_role("searchbox").fill("a04242")
    seen.page.locator("#every tbody summary").click()

    assert "1–1 of 1 lines" == seen.count
    told = seen.page.locator("#every tbody tr").inner_text()
    assert "standard_rate 100 → 4342" in told
    assert "name: has already been taken" in told
    assert "unitsync why 'k4242'" in told


def test_what_is_shown_can_be_sent_to_a_colleague(opened, reports):
    seen = opened(reports(500))
    seen.page.get_by_role("searchbox").fill("A001")
    seen.page.get_by_label("outcome").select_option("held")
    seen.page.get_by_role("button", name="Row").click()
    seen.page.get_by_role("button", name="Row").click()
    address = seen.page.evaluate("location.hash")

    other = opened(reports(500), anchor=address)

    assert "#every?q=A001&outcome=held&sort=-1" == address
    assert "1–10 of 10 lines" == other.count == seen.count
    assert ["A00190", "A00180"] == other.names[:2]
    assert seen.names == other.names


def test_every_column_sorts_both_ways_and_says_so(opened, reports):
    seen = opened(reports(500))
    header = seen.page.locator("#every th").nth(1)

    header.get_by_role("button").click()
    first = seen.names[0]
    ascending = header.get_attribute("aria-sort")
    header.get_by_role("button").click()

    assert ("ascending", "descending") == (ascending, header.get_attribute("aria-sort"))
    assert first != seen.names[0]
    assert "none" == seen.page.locator("#every th").first.get_attribute("aria-sort")


def test_pages_turn_and_end(opened, reports):
    seen = opened(reports(500))
    onward = seen.page.get_by_role("button", name="Next page")

    for _ in range(4):
        onward.click()

    assert "401–500 of 500 lines" == seen.count
    assert onward.is_disabled()
    assert seen.page.get_by_role("button", name="Previous page").is_enabled()


def test_the_table_is_of_use_with_the_keyboard_alone(opened, reports):
    seen = opened(reports(500))
    seen.page.get_by_role("searchbox").focus()

    seen.page.keyboard.type("A00017")
    seen.page.keyboard.press("Tab")
    focused = []
    for _ in range(12):
        focused.append(seen.page.evaluate("document.activeElement.tagName"))
        if focused[-1] == "SUMMARY":
            break
        seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")

    assert "SUMMARY" == focused[-1]
    assert seen.page.get_by_text("unitsync why 'k17'").is_visible()


def test_hostile_names_are_text_and_nothing_else(opened, reports):
    seen = opened(reports(500))

    for name in HOSTILE[:3]:
        seen.page.get_by_role("searchbox").fill(name)
        assert [name] == seen.names
    seen.page.get_by_role("searchbox").fill("xxxxx")
    assert 200 == len(seen.names[0])
    assert [] == seen.said
    assert 0 == seen.page.locator("img").count()


def test_every_link_of_the_page_leads_somewhere(opened, reports):
    page = opened(reports(500)).page

    targets = [link.get_attribute("href") for link in page.locator("nav a").all()]

    assert targets
    assert [] == [target for target in targets if not page.locator(target).count()]


def test_a_print_has_the_lists_and_not_the_search(opened, reports):
    page = opened(reports(500)).page
    page.emulate_media(media="print")

    assert not page.locator("#every").is_visible()
    assert page.locator("#person").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_a_print_is_dark_on_light_whatever_the_screen_is(opened, reports):
    page = opened(reports(500), "phone, dark").page
    colour = "getComputedStyle(document.querySelector('h2')).color"
    on_screen = page.evaluate(colour)
    page.emulate_media(media="print")

    assert ("rgb(229, 234, 241)", "rgb(24, 33, 47)") == (on_screen, page.evaluate(colour))


def test_without_javascript_the_lists_stand_and_the_command_is_named(opened, reports):
    seen = opened(reports(500), java_script_enabled=False)

    assert seen.page.get_by_text("unitsync report run-1 --format csv").is_visible()
    assert not seen.page.get_by_role("searchbox").is_visible()
    assert seen.page.locator("#person").is_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_whatever_a_reconciliation_found_is_searched_and_filtered(opened, reconciled, view):
    seen = opened(reconciled, view)

    seen.page.get_by_label("standing").select_option("drifted")
    drifted = seen.count
    seen.page.get_by_label("standing").select_option("")
    seen.page.get_by_role("searchbox").fill("k-rejected")

    assert "1–100 of 300 lines" == drifted
    assert "1–1 of 1 lines" == seen.count
    assert "width wide" in seen.page.locator("#every tbody tr").inner_text()
    assert [] == seen.said
    assert [reconciled.as_uri()] == seen.asked
    width = seen.page.evaluate("document.documentElement.scrollWidth")
    assert VIEWS[view]["viewport"]["width"] >= width


def test_a_unit_in_a_list_leads_to_its_line_with_its_command(opened, reports):
    seen = opened(reports(500))

    seen.page.locator("#person summary").first.click()
    seen.page.locator("#person .unit a").first.click()

    assert "1–1 of 1 lines" == seen.count
    seen.page.locator("#every tbody summary").click()
    assert "unitsync why" in seen.page.locator("#every tbody tr").inner_text()
