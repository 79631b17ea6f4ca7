"""The report tells the whole night truthfully, harms nobody who opens it, and never fails a run."""

from __future__ import annotations

import json
import resource
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from connectors.notify import Notify
from flows.execution import Execution
from flows.report import write_report
from flows.schedule import Schedule
from flows.settings import Settings
from flows.summary import COUNTS, PipelineSummary, RunSummary, Status
from state.disk import LOCAL_DISK
from state.store import Store
from transforms.allowance import Tripped
from transforms.plan import Change, KnownUnit, Outcome, Result

NOW = datetime(2026, 11, 22, 2, 0, 5, tzinfo=UTC)
RUN = "3f9c2a7e-5d1b-4c7e-9a52-0c6d1f7f2b11"
FACILITY = "608ce6b8-53ed-5ae1-bb0a-12198fe2bcb5"
LINES = {"tr", "summary", "p", "h1", "h2", "h3", "h4", "caption", "footer"}
VOID = {"meta", "circle", "path", "rect", "br", "input"}


@dataclass
class Seen(HTMLParser):
    """A page as a browser takes it apart; `lines` has the text of each table row and summary."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    text: str = ""
    style: str = ""
    scripts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")
        if tag in LINES:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"{tag} closes something else"
        if tag in ("td", "th", "span", "li", "b", "small") and self.lines:
            self.lines[-1] += " "

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.style += data
            return
        if self.open[-1:] == ["script"]:
            self.scripts[-1] += data
            return
        self.text += data
        if self.lines:
            self.lines[-1] += data

    def line(self, start: str) -> str:
        """The one line that starts so, its blanks made one."""
        lines = [" ".join(line.split()) for line in self.lines]
        (found,) = [line for line in lines if line.startswith(start)]
        return found

    def attributes(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@dataclass
class Night:
    """A run under way, recorded through the store as the engine records it."""

    store: Store
    settings: Settings
    missing: dict[str, int] = field(default_factory=dict)
    pipeline: str = "storage"

    def change(self, key: str, action: Any = "update", **given: Any) -> Change:
        options: dict[str, Any] = {
            "entity": "unit",
            "scope": FACILITY,
            "name": f"A{key}",
            "before": {} if action == "create" else {"standard_rate": 100},
            "after": {"standard_rate": 120},
            "row": int(key) + 1 if key.isdigit() else None,
        }
        return Change(key=key, action=action, **{**options, **given})

    def plan(self, *changes: Change) -> None:
        self.store.plan_changes(self.pipeline, RUN, changes)

    def end(
        self, change: Change, outcome: Outcome, words: str = "", status: int | None = None
    ) -> None:
        """The change is planned, sent where it is not held, and ends."""
        self.plan(change)
        result = Result(change, outcome, words, status, "req-7", f"remote-{change.key}")
        if outcome == "held":
            self.store.record_results(self.pipeline, change.scope, RUN, [result])
            return
        if change.entity == "unit" and change.action != "create":
            known = KnownUnit(change.key, f"remote-{change.key}", change.name, None, {})
            self.store.link(self.pipeline, change.scope, RUN, [known], [])
        request = self.store.request_sent(
            self.pipeline, change.scope, RUN, "PUT", "/units", "test", [change.identity]
        )
        self.store.request_answered(request, status, words, None, [result])

    def reject(self, *lines: tuple[Any, ...]) -> None:
        columns = ["row", "scope", "key", "field", "rule", "value", "message"]
        frame = pd.DataFrame(list(lines), columns=columns)
        self.store.add_rejections(self.pipeline, RUN, frame)

    def summary(
        self, status: Status = "ok", notes: tuple[str, ...] = (), **counts: int
    ) -> PipelineSummary:
        every = {**dict.fromkeys(COUNTS, 0), **counts}
        return PipelineSummary(self.pipeline, status, every, 12, 75.2, notes, missing=self.missing)

    def write(self, *pipelines: PipelineSummary) -> str | None:
        return self.report(RunSummary(RUN, "sync", pipelines))

    def report(self, summary: RunSummary) -> str | None:
        zone = self.settings.schedule.timezone
        ended = replace(summary, at=NOW, timezone=zone)
        return write_report(ended, self.store, self.settings.reports, LOCAL_DISK)

    def html(self, *pipelines: PipelineSummary) -> str:
        path = self.write(*pipelines)
        assert path is not None
        return Path(path).read_text(encoding="utf-8")

    def page(self, status: Status = "ok", notes: tuple[str, ...] = (), **counts: int) -> Seen:
        seen = Seen()
        seen.feed(self.html(self.summary(status, notes, **counts)))
        seen.close()
        assert seen.open == []
        return seen


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    settings = Settings(
        state=tmp_path / "unitsync.db",
        reports=tmp_path / "reports",
        schedule=Schedule(timezone="America/New_York"),
        notify=Notify(),
        execution=Execution(),
        pipelines={},
        base=tmp_path,
    )
    with Store.open(settings.state, clock=lambda: NOW, new_id=lambda: "lineage") as store:
        store.begin_run(RUN, "sync", ["storage"])
        yield Night(store, settings)


# The file


def test_a_report_is_named_by_its_time_and_run_and_is_private(night: Night) -> None:
    """Folder 0700, file 0600, and nothing else is left in the folder."""
    night.write(night.summary())

    (report,) = night.settings.reports.iterdir()
    assert report.name == "2026-11-22T02-00-05Z-3f9c2a7e.html"
    assert report.stat().st_mode & 0o777 == 0o600
    assert report.parent.stat().st_mode & 0o777 == 0o700


def test_the_path_is_what_a_person_in_this_folder_would_type(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative below the current folder, absolute elsewhere."""
    name = "reports/2026-11-22T02-00-05Z-3f9c2a7e.html"
    (tmp_path / "elsewhere").mkdir()

    monkeypatch.chdir(tmp_path)
    assert night.write(night.summary()) == name
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert night.write(night.summary()) == str(tmp_path / name)


def test_a_report_that_is_written_again_replaces_the_first(night: Night) -> None:
    """One run has one report."""
    night.write(night.summary(extracted=1, unchanged=1))
    night.write(night.summary(extracted=2, unchanged=2))

    (report,) = night.settings.reports.iterdir()
    assert "All 2 units agree" in report.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_made_gives_no_report_and_no_error(night: Night) -> None:
    """A file stands where the folder should be."""
    night.settings.reports.write_text("in the way")

    assert night.write(night.summary()) is None
    assert night.settings.reports.read_text() == "in the way"


def test_a_disk_that_fills_up_leaves_no_half_report(night: Night) -> None:
    """The operating system refuses to let the file grow; the folder stays empty."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    night.settings.reports.mkdir()
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        written = night.write(night.summary())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert written is None
    assert list(night.settings.reports.iterdir()) == []


# What it may do in a browser


def test_a_page_loads_nothing_runs_its_own_script_only_and_says_so(night: Night) -> None:
    """No address, no inline style; the policy allows the one style sheet and the one script."""
    night.end(night.change("1"), "failed", "no", 422)
    seen = night.page("attention", failed=1, extracted=1)

    assert not {"link", "img", "iframe", "object", "form"} & {tag for tag, _ in seen.tags}
    attributes = {name for _, given in seen.tags for name in given}
    assert not {name for name in attributes if name.startswith("on")}
    assert not {"src", "style", "action", "srcset"} & attributes
    assert all(link["href"].startswith("#") for link in seen.attributes("a"))
    data, script = seen.scripts
    assert json.loads(data)
    digest, code = (
        b64encode(sha256(text.encode()).digest()).decode() for text in (seen.style, script)
    )
    (policy,) = [meta for meta in seen.attributes("meta") if "http-equiv" in meta]
    assert policy["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'sha256-{code}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in seen.style
    assert "@import" not in seen.style


HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def test_hostile_text_is_text_wherever_it_stands(night: Night) -> None:
    """Names, keys, scopes, values, words, rules, notes and pipelines are all only shown."""
    night.pipeline = HOSTILE
    odd = night.change("1", name=HOSTILE, scope=HOSTILE, group=HOSTILE)
    odd = replace(odd, key=HOSTILE, after={"name": HOSTILE, HOSTILE: [HOSTILE]})
    night.end(odd, "failed", HOSTILE, 422)
    night.reject((2, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    seen = night.page("attention", (HOSTILE + " noted",), extracted=1, failed=1, rejected=1)

    assert "img" not in {tag for tag, _ in seen.tags}
    assert seen.text.count(HOSTILE) > 12
    assert not any("onerror" in given for _, given in seen.tags)


def test_a_name_cannot_turn_the_line_around(night: Night) -> None:
    """It is isolated, and the characters that override direction are made visible."""
    night.end(night.change("1", name="\u202egnp.A1\x07 مخزن"), "applied")
    html = night.html(night.summary(extracted=1, updated=1))

    assert "<bdi>\ufffdgnp.A1\ufffd مخزن</bdi>" in html
    assert "\u202e" not in html


def test_a_name_of_10000_characters_is_cut_with_more_of_it_in_its_title(night: Night) -> None:
    """80 characters stand on the page, 1,000 in the title."""
    night.end(night.change("1", name="L" * 10_000), "applied")
    seen = night.page(extracted=1, updated=1)

    titles = {given["title"] for given in seen.attributes("bdi") if "title" in given}
    assert titles == {"L" * 999 + "…"}
    assert "L" * 79 + "…" in seen.text
    assert "L" * 80 not in seen.text


def test_a_lock_code_is_never_shown_nor_its_hash(night: Night) -> None:
    """That it changed is all that a reader may know."""
    before = {"combination_lock_number": "hmac:11aa"}
    after = {"combination_lock_number": "hmac:22bb", "tax_rates": ["hmac:33cc"]}
    night.end(night.change("1", before=before, after=after), "applied")
    night.reject((3, FACILITY, "2", "combination_lock_number", "text", "hmac:44dd", "Too long."))
    html = night.html(night.summary(extracted=2, updated=1, rejected=1))

    assert "hmac" not in html
    assert "<bdi>•••</bdi></span> → <bdi>•••</bdi>" in html


def test_half_a_character_of_a_damaged_source_is_shown_as_its_escape(night: Night) -> None:
    """A note may quote the name of a file that is no valid text."""
    html = night.html(night.summary("error", ("units\udce9.csv cannot be read",)))

    assert r"units\udce9.csv cannot be read" in html


# What it says


def test_the_time_is_that_of_the_schedule(night: Night) -> None:
    """The person at 8 a.m. lives in the time zone of the settings."""
    assert "unitsync sync · Saturday, 21 November 2026, 21:00 EST" in night.page().text


def test_the_verdict_stands_first_and_in_the_title(night: Night) -> None:
    """A browser tab tells it too."""
    html = night.html(night.summary(extracted=2364, unchanged=2364))

    assert "<title>All 2,364 units agree · unitsync</title>" in html
    assert "<h1>All 2,364 units agree</h1>" in html
    assert "Nothing had changed since the last run." in html


def test_the_balance_adds_up_and_says_so(night: Night) -> None:
    """Both sums of DESIGN's second promise, with retirements told apart from source rows."""
    night.end(night.change("1", "create"), "applied")
    night.end(night.change("2"), "failed", "no", 422)
    night.end(night.change("3", "retire", row=None), "held", "a guardrail")
    seen = night.page(
        "attention",
        extracted=1_010,
        collapsed=4,
        rejected=8,
        unchanged=1_000,
        created=1,
        failed=1,
        held=1,
    )

    assert seen.line("unchanged") == "unchanged 1,000"
    assert seen.line("planned to change") == "planned to change 2"
    assert seen.line("rejected") == "rejected 8"
    assert seen.line("extracted") == "extracted ✓ and 4 identical duplicates 1,010"
    assert seen.line("applied") == "applied 1 created 1"
    assert seen.line("planned ✓") == "planned ✓ 1 missing unit to retire among them 3"
    assert "not accounted for" not in seen.text


def test_a_sum_that_is_not_made_shows_what_it_lacks(night: Night) -> None:
    """The state planned one change that the summary knows nothing of, and two rows are lost."""
    night.plan(night.change("1"))
    seen = night.page("broken", ("2 rows were lost",), extracted=8, unchanged=5)

    lacking = [" ".join(line.split()) for line in seen.lines if line.startswith("not accounted")]
    assert lacking == ["not accounted for 2", "not accounted for 1"]
    assert "✓" not in seen.text
    assert "The numbers of storage do not add up: a promise was broken" in seen.text


def test_a_failure_has_its_row_first_and_the_words_of_the_api(night: Night) -> None:
    """Units that failed for one reason stand together under it."""
    for key in ("17", "18"):
        night.end(night.change(key), "failed", "name: has already been taken", 422)
    night.end(night.change("19"), "unknown", "no answer came")
    seen = night.page("attention", extracted=3, failed=2, unknown=1)

    reason = seen.line("failed name")
    assert reason == f"failed name: has already been taken HTTP 422 · 2 changes in {FACILITY}"
    assert seen.line("unknown no").startswith("unknown no answer came 1 change")
    rows = [" ".join(line.split()) for line in seen.lines if "request req-7" in line]
    assert rows[:2] == ["18 A17 17 request req-7", "19 A18 18 request req-7"]
    story = next(line for line in seen.lines if "unitsync why 18" in line)
    assert " ".join(story.split()).endswith("unitsync why 18 standard_rate 100 → 120")


def test_a_reason_that_meets_several_scopes_names_the_scope_of_each_unit(night: Night) -> None:
    """A refusal of the whole API reaches every scope."""
    for scope in ("east", "west"):
        night.end(night.change("1", scope=scope), "failed", "forbidden", 403)
    seen = night.page("attention", extracted=2, failed=2)

    assert seen.line("failed forbidden") == "failed forbidden HTTP 403 · 2 changes"
    assert seen.line("2 A1 1 in east")
    assert seen.line("2 A1 1 in west")


def test_a_guardrail_is_told_once_whether_or_not_it_holds_changes(night: Night) -> None:
    """Its message is the reason of what it holds; without such changes it is a note."""
    night.end(night.change("1"), "held", "max_updates: too many in one scope")
    notes = ("max_updates: too many in one scope", "max_missing: too many are gone")
    seen = night.page("attention", notes, extracted=1, held=1)

    assert seen.text.count("max_updates: too many in one scope") == 1
    assert "storage: max_missing: too many are gone" in seen.text


def test_what_the_guardrails_said_is_told_from_the_state_too(night: Night) -> None:
    """The summary that the state keeps has no notes."""
    tripped = Tripped("max_missing", FACILITY, "max_missing: too many are gone")
    night.store.add_tripped(night.pipeline, RUN, [tripped])

    for notes in ((), (tripped.message,)):
        seen = night.page("attention", notes, extracted=1, unchanged=1)
        assert seen.text.count("storage: max_missing: too many are gone") == 1


def test_what_was_let_through_is_told_with_who_and_why_and_harms_nobody(night: Night) -> None:
    """Who allows something may write what they like."""
    night.store.add_tripped(night.pipeline, RUN, [Tripped("max_updates", FACILITY, "too many")])
    held = night.store.held_scopes(RUN)
    night.store.allow(held, RUN, "it's <b>right</b>", "ann@desk", NOW + timedelta(days=9_000))
    assert "What was let through" not in night.page().text

    ids, _ = night.store.allowed(night.pipeline, FACILITY)
    night.store.use_allowances(ids, RUN)
    seen = night.page()

    assert "What was let through" in seen.text
    assert seen.line(FACILITY) == f"{FACILITY} ann@desk it's <b>right</b> {RUN}"


def test_a_group_that_failed_needs_a_person_too(night: Night) -> None:
    """It is not counted among units."""
    group = night.change("10x10", "create", entity="group", name="10x10", after={"name": "10x10"})
    night.end(group, "failed", "errors.name", 422)
    seen = night.page("attention", extracted=5, unchanged=5)

    assert "1 group needs a person: 1 failed" in seen.text
    assert sum("– 10x10 group" in " ".join(line.split()) for line in seen.lines) == 2


def test_changes_are_folded_by_scope_with_before_and_after(night: Night) -> None:
    """What a created unit has is shortened to what says most."""
    night.end(night.change("1"), "applied")
    after = {"name": "A2", "access_type": "indoor", "standard_rate": 95.5, "width": 10}
    many = {f"zone_{number}": number for number in range(9)}
    night.end(night.change("2", "create", after={**many, **after}, group="10x10"), "applied")
    seen = night.page(extracted=2, created=1, updated=1)

    assert seen.line(FACILITY) == f"{FACILITY} 1 unit created, 1 unit updated"
    (scope,) = [
        given for given in seen.attributes("details") if "changes" in given.get("class", "")
    ]
    assert "open" not in scope
    assert seen.line("2 A1") == "2 A1 1 standard_rate 100 → 120 update applied"
    created = seen.line("3 A2")
    assert created.startswith("3 A2 2 · 10x10 standard_rate 95.5 width 10 access_type indoor")
    assert created.endswith("and 6 more fields create applied")


def test_an_absent_and_an_empty_value_can_be_told_apart(night: Night) -> None:
    """And truth is written as the API writes it."""
    before = {"attribute_description": "", "tax_rates": [], "rentable": True}
    after = {"attribute_description": "dry", "tax_rates": ["a", "b"], "rentable": False, "floor": 2}
    night.end(night.change("1", before=before, after=after), "applied")
    line = night.page(extracted=1, updated=1).line("2 A1")

    assert "attribute_description empty → dry" in line
    assert "tax_rates an empty list → a, b" in line
    assert "rentable true → false" in line
    assert "floor nothing → 2" in line


def test_of_an_object_only_what_differs_is_shown(night: Night) -> None:
    """A group remembers what its reference unit was like; one field of many has changed."""
    before = {"reference_attributes": {"access_type": "indoor", "floor": 3, "tier": 1}}
    after = {"reference_attributes": {"access_type": "indoor", "floor": 2, "height": 8}}
    night.end(night.change("1", before=before, after=after), "applied")

    assert night.page(extracted=1, updated=1).line("2 A1") == (
        "2 A1 1 reference_attributes.floor 3 → 2 "
        "reference_attributes.height nothing → 8 "
        "reference_attributes.tier 1 → nothing update applied"
    )


def test_a_scope_shows_500_changes_and_says_how_many_more_there_are(night: Night) -> None:
    """The page stays readable; the state has them all."""
    night.plan(*(night.change(str(key)) for key in range(1, 1_735)))
    night.store.record_results(
        "storage",
        FACILITY,
        RUN,
        [Result(night.change(str(key)), "held", "wait") for key in range(1, 1_735)],
    )
    seen = night.page("attention", extracted=1_734, held=1_734)

    assert "500 changes of the scope shown, 1,234 more not." in seen.text
    assert "and 1,634 more changes for the same reason" in seen.text
    assert sum("update held" in " ".join(line.split()) for line in seen.lines) == 500


def test_rejections_stand_by_rule_with_everything_that_is_known_of_them(night: Night) -> None:
    """Row, key, field, value and message; the commonest rule first."""
    night.reject(
        (7, FACILITY, "", "", "required", "", "The key is empty."),
        (12, FACILITY, "101011", "width", "above_zero", "-5", "width is “-5”."),
        (9, FACILITY, "101012", "width", "above_zero", "0", "width is “0”."),
    )
    seen = night.page(extracted=10, unchanged=7, rejected=3)

    assert seen.line("above zero") == "above zero 2 times"
    assert seen.line("9 ") == "9 101012 width 0 width is “0”."
    assert seen.line("12 ") == "12 101011 width -5 width is “-5”."
    assert seen.line("7 ") == "7 – – – The key is empty."
    assert seen.text.index("above zero") < seen.text.index("The key is empty.")


def test_missing_units_are_counted_by_scope(night: Night) -> None:
    """They are reported, and the page says that nothing was done to them."""
    night.missing = {FACILITY: 24}
    seen = night.page(extracted=5, unchanged=5, missing=24)

    assert seen.line(FACILITY) == f"{FACILITY} 24 units"
    assert "They were left as they are." in seen.text


def test_a_pipeline_that_could_not_run_says_why_beside_those_that_did(night: Night) -> None:
    """Its balance is empty and adds up; the other one's stands below it."""
    stuck = night.summary("error", ("export.csv is not there",))
    fine = replace(night.summary(extracted=785, unchanged=785), pipeline="apartments")
    html = night.html(stuck, fine)

    assert "Storage could not be brought in step" in html
    assert "export.csv is not there" in html
    assert "785" in html


def test_other_runs_and_pipelines_stay_out_of_the_page(night: Night) -> None:
    """A report is about one run."""
    night.end(night.change("1", name="of the night before"), "failed", "no", 422)
    night.store.finish_run(RUN, "attention", {})
    night.store.begin_run("another", "sync", ["storage"])
    summary = RunSummary("another", "sync", (night.summary(extracted=1, unchanged=1),))
    path = night.report(summary)

    assert path is not None
    assert "of the night before" not in Path(path).read_text(encoding="utf-8")
