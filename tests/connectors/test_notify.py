"""An address is checked before the night and shown nowhere; a message arrives, or it is said."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from connectors.notify import CONDITIONS, Message, Notify, send
from tests.service import Service, listening

MESSAGE = Message("unitsync sync: failed", "1 unit needs a person\n<b>A1</b> & *A2*", "failure")
TOKEN = "hunter2hunter2"


@pytest.fixture
def service() -> Iterator[Service]:
    with listening(f"user:{TOKEN}@", f"/{TOKEN}") as service:
        yield service


def test_a_message_arrives_as_it_was_written(service: Service) -> None:
    assert send(service.address, MESSAGE)

    (received,) = service.received
    assert (received["title"], received["message"]) == (MESSAGE.title, MESSAGE.body)
    assert received["type"] == "failure"


@pytest.mark.parametrize("status", [301, 401, 404, 500])
def test_an_answer_that_is_no_yes_is_a_no(service: Service, status: int) -> None:
    service.status = status

    assert not send(service.address, MESSAGE)


def test_a_service_that_is_not_there_is_a_no() -> None:
    assert not send(SecretStr("json://127.0.0.1:1"), MESSAGE)


def test_no_log_at_any_level_holds_an_address_and_logs_go_on_after(
    service: Service, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(1)
    service.status = 500

    send(service.address, MESSAGE)
    with pytest.raises(ValidationError):
        Notify(urls=f"slack://{TOKEN}")
    logging.getLogger("ours").warning("still here")

    assert [record.message for record in caplog.records] == ["still here"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("address", "found", "allowed", "hint"),
    [
        (f"slack://{TOKEN}", "this is no address for Slack", "slack://{token_a}/{token_b}", ""),
        (f"slak://{TOKEN}", "begins with a service that is not known", "", "did you mean slack://"),
        (f"https://{TOKEN}.example", "no service is known at this address", "", "jsons://…"),
        (f"http://{TOKEN}.example", "no service is known at this address", "", " json://…"),
        (TOKEN, "does not begin with a service and ://", "the address of a webhook", ""),
        ("", "does not begin with a service and ://", "", ""),
        (f"xyzzy://{TOKEN}", "begins with a service that is not known", "", ""),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_with_what_may_be_and_not_shown(
    address: str, found: str, allowed: str, hint: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Notify(urls=[address])

    (error,) = caught.value.errors(include_input=False)
    said = error["ctx"]
    assert found in said["found"]
    assert allowed in said["allowed"]
    assert hint in said["hint"]
    assert TOKEN not in str(said)


def test_one_address_needs_no_list_and_pasted_quotes_do_no_harm() -> None:
    one = Notify(urls=" 'json://127.0.0.1:1' ")

    assert [url.get_secret_value() for url in one.urls] == ["json://127.0.0.1:1"]
    assert "127" not in repr(one)


def test_nobody_is_told_of_nothing_and_everything_is_told_by_default() -> None:
    assert Notify() == Notify(urls=(), on=CONDITIONS)


def test_apprise_is_loaded_for_those_who_have_an_address_only() -> None:
    script = (
        "import sys\nfrom connectors.notify import Notify\nNotify()\n"
        "assert 'apprise' not in sys.modules\nNotify(urls='json://127.0.0.1')\n"
        "assert 'apprise' in sys.modules"
    )
    root = Path(__file__).parents[2]

    subprocess.run([sys.executable, "-c", script], cwd=root, check=True)
