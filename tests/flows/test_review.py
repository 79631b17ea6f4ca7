"""`unitsync review` as a person has it: a process of its own, asked over HTTP, ended by a signal.

Its state comes from real nights, in which every query has its case.
"""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tests.flows.conftest import CONFIG, ENVIRONMENT, FACILITY, Desk, unit
from transforms.secrets import MARK

ROOT = Path(__file__).parents[2]
HOSTILE = "<img src=x onerror=alert(1)>"
FORMULA = "=cmd|' /C calc'!A0"
# A page that is not answered within this time is a failure, not a reason to wait.
PATIENCE_SECONDS = 30
TURNED = "\u202eevil"


@dataclass
class Review:
    """A review under way, and the browser of the person who started it."""

    process: subprocess.Popen[str]
    temporary: Path
    address: str
    browser: OpenerDirector = field(
        default_factory=lambda: build_opener(HTTPCookieProcessor(CookieJar()))
    )

    def enter(self) -> str:
        with self.browser.open(self.address, timeout=PATIENCE_SECONDS) as answer:
            return answer.read().decode()

    def url(self, path: str, **query: str) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}{path}?{urlencode(query)}"

    def get(self, path: str, **query: str) -> str:
        with self.browser.open(self.url(path, **query), timeout=PATIENCE_SECONDS) as answer:
            return answer.read().decode()

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        """The rows of a table or query, all of them."""
        document = json.loads(self.get(f"/unitsync/{path}.json", _shape="objects", **query))
        assert not document.get("truncated")
        return document["rows"]

    def refusal(self, request: Request | str) -> tuple[int, str]:
        with pytest.raises(HTTPError) as caught:
            self.browser.open(request, timeout=PATIENCE_SECONDS)
        with caught.value as error:
            return error.code, error.read().decode()

    def end(self, number: int) -> tuple[int, str, str]:
        """Its exit code, and what else it said on standard output and standard error."""
        self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=60)
        return self.process.returncode, stdout, stderr


@contextmanager
def reviewing(config: Path, temporary: Path, *arguments: str) -> Iterator[Review]:
    command = [sys.executable, "-m", "flows", "review", "--config", str(config), *arguments]
    temporary.mkdir()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
    ) as process:
        try:
            assert process.stdout
            yield Review(process, temporary, process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    """Four nights: u1 is flipped every night, u2 is rejected from the second on, the rate of u3
    doubles in the second, u4 is refused in the last, and in the third u5 becomes somebody else."""
    desk = Desk(tmp_path_factory.mktemp("desk"), CONFIG, "units.csv")
    others = unit(6, name=FORMULA), unit(7, name=TURNED, group=HOSTILE, group_name="hostile")
    desk.sync(unit(1), unit(2), unit(3), unit(4), unit(5), *others)
    wide, doubled = unit(2, width="wide"), unit(3, rate="200.00")
    desk.sync(unit(1, rate="101"), wide, doubled, unit(4), unit(5), *others)
    named = unit(5, name=HOSTILE, lock="98765")
    desk.sync(unit(1, rate="102"), wide, doubled, unit(4), named, *others)
    body = {"error_hash": {"length": [{"name": "A4", "message": "is too odd"}]}}
    desk.fault("status", "PUT units/bulk_update", status=400, body=body)
    desk.sync(unit(1, rate="103"), wide, doubled, unit(4, length=9), named, *others)
    return desk


@pytest.fixture(scope="module")
def review(desk, tmp_path_factory) -> Iterator[Review]:
    """A review that a person has entered."""
    with reviewing(
        desk.config, tmp_path_factory.mktemp("r") / "tmp", "--no-open", "--port=0"
    ) as it:
        it.enter()
        yield it


def test_its_first_page_names_it_and_leads_to_the_queries_and_the_tables(review):
    page = review.enter()

    assert "unitsync review" in page
    assert "Lock codes are left out" in page
    assert 'href="/unitsync/failed_now"' in page
    assert 'href="/unitsync/units"' in page


def test_the_queries_stand_on_the_page_of_the_state(review):
    page = review.get("/unitsync")

    for title in ("Failed now", "Rejected three nights in a row", "Rate changes over 20 %"):
        assert title in page
    for title in ("Units of a facility as of a run", "Perpetual differences"):
        assert title in page


def test_failed_now_has_the_unit_with_the_words_of_the_api(review):
    [row] = review.rows("failed_now")

    assert ("u4", "A4", 400) == (row["key"], row["name"], row["status"])
    assert "is too odd" in row["words"]


def test_rejected_three_nights_in_a_row_has_the_unit_and_goes_on(review):
    [row] = review.rows("rejected_in_a_row")

    assert ("u2", 3, "yes") == (row["key"], row["nights"], row["goes_on"])
    assert "wide" in row["last_messages"]


def test_rate_changes_over_a_fifth_have_the_unit_whose_rate_doubled(review):
    assert [("u3", 100, 200, 100.0)] == [
        (row["key"], row["rate_before"], row["rate_after"], row["percent"])
        for row in review.rows("rate_changes")
    ]


def test_perpetual_differences_have_the_unit_that_changes_every_night(review):
    [row] = review.rows("perpetual_differences")

    assert ("u1", "standard_rate", 3, "yes") == (
        *(row[name] for name in ("key", "field", "nights", "goes_on")),
    )


def test_the_units_of_a_facility_are_told_as_of_a_run(review):
    runs = [row["run_id"] for row in review.rows("runs", _sort="serial")]

    def told(run: str) -> dict[str, Any]:
        rows = review.rows("units_as_of", scope=FACILITY, run=run)
        return {row["key"]: (row["name"], row["standard_rate"]) for row in rows}

    first, last = told(runs[0]), told("last")

    assert {f"u{number}" for number in range(1, 8)} == set(first) == set(last)
    assert (("A1", 100), ("A3", 100), ("A5", 100)) == (first["u1"], first["u3"], first["u5"])
    assert (("A1", 103), ("A3", 200), (HOSTILE, 100)) == (last["u1"], last["u3"], last["u5"])


def test_facets_count_what_the_changes_came_to(review):
    document = json.loads(review.get("/unitsync/changes.json", _size="0"))

    assert {"outcome", "action", "entity", "pipeline", "scope"} == set(document["facet_results"])
    outcomes = document["facet_results"]["outcome"]["results"]
    assert 1 == {each["value"]: each["count"] for each in outcomes}["failed"]


def test_every_column_of_a_table_is_explained_on_its_page(review):
    assert "Whether it can be rented" in review.get("/unitsync/units")


@pytest.mark.parametrize("statement", ["DELETE FROM units", "DROP TABLE units", "VACUUM"])
def test_a_statement_that_would_write_is_refused(review, statement):
    code, told = review.refusal(review.url("/unitsync.json", sql=statement))

    assert 400 == code
    assert "Statement must be a SELECT" in told
    assert 7 == len(review.rows("units"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_posted(review, method):
    request = Request(review.url("/unitsync/units"), b"key=u1", method=method)

    assert (405, "A review is read only.\n") == review.refusal(request)


def test_the_file_itself_is_not_handed_out(review):
    assert 403 == review.refusal(review.url("/unitsync.db"))[0]


def pages() -> list[str]:
    tables = ("runs", "results", "scopes", "units", "groups", "requests", "changes", "fields")
    tables += ("rejections", "tripped", "allowances", "links", "standings")
    queries = ("failed_now", "rejected_in_a_row", "rate_changes", "perpetual_differences")
    return [f"/unitsync/{name}" for name in tables + queries]


def test_no_lock_code_and_no_hash_of_one_is_in_any_answer(review, desk):
    with closing(sqlite3.connect(desk.folder / "unitsync.db")) as db:
        hashes = [
            row[0].removeprefix(MARK)
            for row in db.execute(
                "SELECT json_extract(after, '$.combination_lock_number') FROM changes"
                " WHERE json_extract(after, '$.combination_lock_number') IS NOT NULL"
            )
        ]
    assert len(hashes) > 7

    asof = {"scope": FACILITY, "run": "last"}
    answers = [
        review.get(f"{page}{form}", _size="max")
        for page in pages()
        for form in ("", ".json", ".csv")
    ]
    answers += [
        review.get(f"/unitsync/units_as_of{form}", **asof) for form in ("", ".json", ".csv")
    ]

    for answer in answers:
        assert MARK not in answer
        assert "98765" not in answer
        assert not any(hashed in answer for hashed in hashes)
    assert any("•••" in answer for answer in answers)


def test_a_hostile_name_is_text_on_every_page(review):
    asof = review.get("/unitsync/units_as_of", scope=FACILITY, run="last")
    seen = [review.get(page) for page in pages()]

    assert any("&lt;img src=x" in page for page in seen)
    for page in [*seen, asof]:
        assert "<img src=x" not in page


def test_a_query_is_named_by_its_title_and_not_by_its_sql(review):
    assert "<title>Failed now</title>" in review.get("/unitsync/failed_now")


def test_names_are_kept_apart_and_short_by_a_style_of_its_own(review):
    assert "/review/review.css" in review.get("/unitsync/units")
    assert "unicode-bidi: isolate" in review.get("/review/review.css")


def test_a_page_loads_nothing_from_elsewhere_and_nobody_frames_it(review):
    with review.browser.open(review.url("/unitsync/units")) as answer:
        policy = answer.headers["content-security-policy"]

    assert "default-src 'self' 'unsafe-inline'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "no-store" == answer.headers["cache-control"]


@pytest.mark.parametrize("options", [{}, {"_stream": "1"}, {"_dl": "1"}])
def test_no_cell_of_a_csv_acts_as_a_formula(review, options):
    rows = list(csv.DictReader(io.StringIO(review.get("/unitsync/units.csv", **options))))

    names = {row["key"]: row["name"] for row in rows}
    assert f"'{FORMULA}" == names["u6"]
    assert (HOSTILE, "A1") == (names["u5"], names["u1"])
    assert "103.0" == next(row["standard_rate"] for row in rows if row["key"] == "u1")


def test_a_cell_of_several_lines_stays_one_and_a_negative_number_a_number(review):
    statement = "select '-1' || char(10) || '=2' as a, -5.5 as b, '' as c, 'x,\"y' as d"

    text = review.get("/unitsync.csv", sql=statement)

    assert [["a", "b", "c", "d"], ["'-1\n=2", "-5.5", "", 'x,"y']] == list(
        csv.reader(io.StringIO(text, newline=""))
    )


def test_who_does_not_have_the_address_does_not_come_in(review):
    review_of_another_user = Review(review.process, review.temporary, review.address)

    for path in ("/", "/unitsync/units.json", "/-/static/app.css"):
        told = review_of_another_user.refusal(review.url(path))
        assert (403, "Open the address that `unitsync review` printed.\n") == told
    assert 403 == review_of_another_user.refusal(review.url("/", key="ü"))[0]


def test_the_key_does_not_stay_in_the_address(review):
    key = urlsplit(review.address).query.removeprefix("key=")

    with review.browser.open(review.url("/unitsync/units", key=key, _size="1")) as answer:
        assert review.url("/unitsync/units", _size="1") == answer.url


def test_nobody_else_on_the_network_is_answered(review):
    assert "127.0.0.1" == urlsplit(review.address).hostname
    port = urlsplit(review.address).port
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]

    addresses = [line.split()[1] for line in listening if line.split()[3] == "0A"]

    assert f"0100007F:{port:04X}" in addresses
    assert f"00000000:{port:04X}" not in addresses


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_at_the_end_the_copy_is_gone(desk, tmp_path, number, code):
    with reviewing(desk.config, tmp_path / "tmp", "--no-open", "--port=0") as review:
        review.enter()
        [folder] = review.temporary.iterdir()
        assert ["unitsync.db"] == [path.name for path in folder.iterdir()]

        ended = review.end(number)

    told = "A copy of the state as it is now, to read only. Ctrl-C ends it.\n"
    assert (code, "", told) == ended
    assert [] == list(review.temporary.iterdir())


def test_a_mistyped_query_is_told_on_its_page_without_a_traceback(desk, tmp_path):
    with reviewing(desk.config, tmp_path / "tmp", "--no-open", "--port=0") as review:
        review.enter()

        code, told = review.refusal(review.url("/unitsync", sql="select nme from units"))
        _, stdout, stderr = review.end(signal.SIGINT)

    assert 400 == code
    assert "no such column: nme" in told
    assert "" == stdout
    assert "Traceback" not in stderr


def test_without_a_port_the_usual_one_is_taken_or_a_free_one(desk, tmp_path):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 8001))
            other.listen()
        except OSError:
            pass  # somebody else has it, which is the same
        with reviewing(desk.config, tmp_path / "tmp") as review:
            assert urlsplit(review.address).port not in (None, 8001)
            assert "unitsync review" in review.enter()


@pytest.fixture
def command(desk, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, config: Path = desk.config) -> Any:
        return CliRunner().invoke(app, ["review", *arguments, "--config", str(config)])

    return run


def test_a_port_that_is_taken_is_refused_with_what_to_do(command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        refused = command("--port", str(port))

    assert 4 == refused.exit_code
    assert (
        f"127.0.0.1:{port} cannot be used: Address already in use. Try another --port, or none:"
        " then a free one is taken.\n"
    ) == refused.stderr


def test_a_port_that_is_none_is_wrong_usage(command):
    assert 2 == command("--port", "70000").exit_code


def test_before_the_first_run_there_is_nothing_to_review(command, tmp_path):
    desk = Desk(tmp_path, CONFIG, "units.csv")

    refused = command("--port=0", config=desk.config)

    assert 4 == refused.exit_code
    sync = f"`unitsync sync --config {desk.config}`"
    assert f"so there is nothing to review. The first {sync} makes it.\n" in refused.stderr


def test_a_damaged_state_is_refused_with_the_way_back(command, tmp_path):
    desk = Desk(tmp_path, CONFIG, "units.csv")
    desk.sync(unit(1))
    with closing(sqlite3.connect(desk.folder / "unitsync.db")) as db:
        db.execute("UPDATE units SET name = 'B1'")
        db.commit()

    refused = command("--port=0", config=desk.config)

    assert 4 == refused.exit_code
    assert "unitsync.db is damaged (unit u1 of" in refused.stderr
    assert f"`unitsync state restore --config {desk.config}`" in refused.stderr


def test_no_other_command_loads_datasette():
    """`unitsync --help` answers at once; a plan and a night need no web server for people."""
    script = (
        "import sys; import flows.cli, flows.commands.plan, flows.commands.sync, flows.engine;"
        " sys.exit('datasette' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
