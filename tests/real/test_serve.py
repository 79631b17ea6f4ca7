"""`unitsync serve` as it is on a machine: its own Prefect server, its runs in processes of their
own, and somebody at the page."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from random import Random

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from connectors.sandbox import Fault
from flows.config_errors import ConfigError
from flows.settings import load
from tests.marks import files_below, leaks
from tests.prefect_server import free_port, prefect_home
from tests.real.inventory import FACILITIES, Inventory
from tests.real.pages import PREFECT, Pages
from tests.real.place import Place, opened

pytestmark = pytest.mark.slow

SCHEDULE = 'schedule: {sync: "30 2 * * *", timezone: America/New_York}\n'
CREATE, GROUP = "POST units/bulk_create", "POST unit_groups"


class Served:
    """A place that is served, and the pages of its server."""

    def __init__(self, place: Place, pages: Pages) -> None:
        self.place = place
        self.pages = pages
        self.inventory = Inventory(Random(1))

    def anew(self) -> None:
        """The first night is still to come."""
        for file in self.place.folder.glob("unitsync.db*"):
            file.unlink()
        self.place.sandbox.reset()
        self.place.wire.watch = lambda *_: None
        self.inventory.export(self.place.folder)

    def requests(self, endpoint: str) -> int:
        return self.place.sandbox.counts()["requests"].get(endpoint, 0)

    def assert_arrived(self) -> None:
        """Everything is at the vendors, once, and nothing is left to do or in doubt."""
        assert [] == self.inventory.differences(self.place.sandbox)
        assert [] == self.place.rows_of("SELECT * FROM requests WHERE state = 'sent'")
        self.place.quiet_night()


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Iterator[Served]:
    """One server for all of them: its start is what takes long."""
    port = free_port()
    with opened(tmp_path_factory.mktemp("serve") / "place") as place:
        text = place.config.read_text()
        place.config.write_text(SCHEDULE + text.replace("batch_size: 4", "concurrency: 1", 1))
        place.environment = {
            **place.environment,
            **PREFECT,
            "PREFECT_SERVER_API_PORT": str(port),
            "PREFECT_HOME": prefect_home(place.folder / "prefect"),
        }
        process = place.start("serve")
        pages = Pages(port, process)
        with pages:
            pages.until(pages.deployed)
            yield Served(place, pages)
        process.send_signal(signal.SIGTERM)
        ended = place.end_of(process)
        assert (0, "") == (ended.code, ended.stdout), ended.stderr
        for said in (
            f"127.0.0.1:{port}",
            "nightly-sync  next on ",
            "02:30 E",
            "PREFECT_API_URL is",
        ):
            assert said in ended.stderr


@pytest.fixture
def served(kept: Served) -> Served:
    kept.anew()
    return kept


def test_three_deployments_are_offered_as_the_settings_say(served):
    nightly, reconcile, backfill = map(
        served.pages.deployment, ("nightly-sync", "reconcile", "backfill")
    )

    (schedule,) = nightly["schedules"]
    assert schedule["active"]
    assert schedule["schedule"]["cron"] == "30 2 * * *"
    assert schedule["schedule"]["timezone"] == "America/New_York"
    assert nightly["global_concurrency_limit"]["limit"] == 1
    assert nightly["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert [] == reconcile["schedules"] == backfill["schedules"]
    for deployment in (nightly, reconcile, backfill):
        fields = deployment["parameter_openapi_schema"]["properties"]
        assert all(field["description"] for field in fields.values())
        names = fields["pipelines"]["anyOf"][0]["items"]["enum"]
        assert ["storage", "apartments"] == names


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("nightly-sync", {"pipelines": ["storrage"]}, "'storrage' is not one of"),
        ("nightly-sync", {"retry_minutes": -1}, "less than the minimum"),
        ("reconcile", {"share": 2}, "greater than the maximum"),
        ("backfill", {"changed_since": "yesterday"}, "does not match"),
        ("backfill", {"requests_per_second": 0}, "less than or equal to the minimum"),
        ("backfill", {"only_failed": "perhaps"}, "is not of type 'boolean'"),
        ("backfill", {"config": ""}, "does not match"),
        ("backfill", {"units": ["\ud800"]}, "does not match"),
        ("backfill", {"unit": ["u1"]}, "'unit' is not one of ['config', 'pipelines', 'scopes'"),
    ],
)
def test_parameters_that_cannot_be_are_refused_before_anything_runs(served, name, parameters, said):
    (field,) = parameters

    refusal = served.pages.refusal(name, **parameters)

    assert said in refusal
    assert field in refusal


def test_a_cancelled_night_ends_between_two_requests_and_the_next_one_goes_on(served):
    pages, place = served.pages, served.place
    place.sandbox.order_fault(Fault(kind="delay", endpoint=CREATE, seconds=1, count=None))
    night = pages.start("nightly-sync")
    pages.until(lambda: served.requests(CREATE) > 0)

    assert "Cancelled" == pages.end_of(pages.start("nightly-sync"))  # one at a time
    assert "Running" == pages.name_of(night)
    pages.cancel(night)

    assert "Cancelled" == pages.end_of(night)
    assert "not sent" in pages.state(night)["message"]
    assert [] == place.rows_of("SELECT * FROM requests WHERE state = 'sent'")
    assert [] != place.rows_of("SELECT * FROM changes WHERE outcome = 'failed'")
    place.sandbox.clear_faults()
    following = pages.start("nightly-sync")
    assert "Completed" == pages.end_of(following)
    served.assert_arrived()
    [(run,)] = place.rows_of(
        "SELECT run_id FROM runs WHERE status = 'ok' ORDER BY started_at LIMIT 1"
    )
    bound = f"[run={run} pipeline=storage scope={FACILITIES[1]}]"
    pages.until(lambda: any(line.endswith(bound) for line in pages.log(following)))
    shown = pages.artifacts(following)
    assert "| storage | ok |" in shown["unitsync-night"]
    assert [] == json.loads(shown["unitsync-night-needs"])


def test_reconcile_and_backfill_run_too_and_an_error_is_told_in_its_own_words(served):
    served.place.night()
    nobody = served.pages.start("backfill", units=["nobody"], retry_minutes=0)
    compared = served.pages.start("reconcile", pipelines=["apartments"])

    assert ["Failed", "Completed"] == list(map(served.pages.end_of, (nobody, compared)))

    assert "14 units in step" in served.pages.artifacts(compared)["unitsync-reconciliation"]
    said = 'no unit of the source is called "nobody"'
    served.pages.until(lambda: any(said in line for line in served.pages.log(nobody)))
    assert said in served.pages.state(nobody)["message"]
    assert "Traceback" not in "".join(served.pages.log(nobody))


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"changed_since": "2026-02-31"}, "changed_since: Input should be a valid date"),
        ({"changed_since": "2026-02-02", "changed_until": "2026-02-01"}, "no day lies between"),
    ],
)
def test_what_only_the_run_can_refuse_fails_in_plain_words(served, parameters, said):
    run = served.pages.start("backfill", **parameters)

    assert "Failed" == served.pages.end_of(run)

    assert said in served.pages.state(run)["message"]
    served.pages.until(lambda: any(said in line for line in served.pages.log(run)))
    assert "Traceback" not in "".join(served.pages.log(run))


def test_a_backfill_may_name_a_file_and_only_say_what_it_would_do(served):
    served.place.night()
    unit = next(iter(served.inventory.units.values()))
    served.place.folder.joinpath("units.txt").write_text(f"{unit['id']}\n")
    before = served.place.sandbox.counts()["writes"]

    rehearsed = served.pages.start(
        "backfill", unit_file="units.txt", resend=True, dry_run=True, pipelines=["storage"]
    )

    assert "Completed" == served.pages.end_of(rehearsed)
    assert before == served.place.sandbox.counts()["writes"]
    [change] = json.loads(served.pages.artifacts(rehearsed)["unitsync-backfill-forecast"])
    assert ("update unit", unit["name"]) == (change["change"], change["name"])


def test_a_night_that_could_not_run_is_tried_again_and_sends_nothing_twice(served):
    """The first group is made, but its answer is lost, and then nobody is let in any more."""
    served.place.sandbox.order_fault(Fault(kind="drop_after", endpoint=GROUP))
    shut = Fault(kind="status", vendor="storedge", status=401, count=None)

    def watch(_: int, side: str) -> None:
        if side == "processed" and served.requests(GROUP) == 1:
            served.place.wire.watch = lambda *_: None
            served.place.sandbox.order_fault(shut)

    served.place.wire.watch = watch
    night = served.pages.start("nightly-sync", retry_minutes=0.05)
    served.pages.until(lambda: served.pages.name_of(night) == "AwaitingRetry")

    served.place.sandbox.clear_faults()

    assert "Completed" == served.pages.end_of(night)
    served.assert_arrived()
    groups = [group["name"] for group in served.place.sandbox.groups(FACILITIES[0])]
    assert len(groups) == len(set(groups)) > 0
    secrets = [
        served.place.environment[name] for name in ("STOREDGE_SECRET_KEY", "STOREDGE_ACCESS_ID")
    ]
    locks = [unit["lock"] for unit in served.inventory.units.values() if not unit["lock"].isdigit()]
    assert [] == leaks([*secrets, *locks], files_below(served.place.folder))


def test_a_server_that_dies_is_started_again_and_the_night_goes_on(served):
    pages, place = served.pages, served.place
    place.sandbox.order_fault(Fault(kind="delay", endpoint=CREATE, seconds=1, count=None))
    night = pages.start("nightly-sync")
    pages.until(lambda: served.requests(CREATE) > 0)

    os.kill(pages.server(), signal.SIGKILL)
    pages.until(lambda: not pages.answers())
    pages.until(pages.answers)

    place.sandbox.clear_faults()
    assert "Completed" == pages.end_of(night)
    assert "Completed" == pages.end_of(pages.start("nightly-sync"))
    served.assert_arrived()


def test_a_credential_may_stand_in_a_secret_block_and_a_wrong_one_is_told(served):
    kind = served.pages.ask("GET", "/block_types/slug/secret")["id"]
    (form,) = served.pages.ask(
        "POST", "/block_schemas/filter", block_schemas={"block_type_id": {"any_": [kind]}}
    )
    keys = {"storedge-key": served.place.environment["STOREDGE_SECRET_KEY"], "a-number": 7}
    for name, value in keys.items():
        block = {"name": name, "data": {"value": value}, "block_type_id": kind}
        served.pages.ask("POST", "/block_documents/", **block, block_schema_id=form["id"])
    problems = []
    with temporary_settings({PREFECT_API_URL: served.pages.url}):
        for name in ("storedge-key", "a-number", "nobodys"):
            text = served.place.config.read_text().replace("STOREDGE_SECRET_KEY", f"secret:{name}")
            (served.place.folder / "other.yaml").write_text(text)
            try:
                settings = load(
                    served.place.folder / "other.yaml", environ=served.place.environment
                )
            except ConfigError as error:
                problems += [problem.found for problem in error.problems]

    assert (
        keys["storedge-key"] == settings.pipelines["storage"].target.secret_key.get_secret_value()
    )
    assert problems == [
        'the Secret block "a-number" holds no text',
        'Prefect has no Secret block named "nobodys"',
    ]
