"""Telling a person that something needs them, through whatever service they use (Apprise).

Promises that an address, which opens somebody's channel and so is a secret, is shown nowhere: not
in an error, not in a log, not at any level; and that a message which cannot be sent is an answer,
never an exception. Apprise is loaded when there is an address, and not before.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from connectors.targets.settings import clean_secret

Condition = Literal["failed", "held", "drifted", "recovered"]
CONDITIONS: Final[tuple[Condition, ...]] = get_args(Condition)
Tone = Literal["failure", "warning", "success"]

_SCHEME = re.compile(r"([A-Za-z0-9]{1,16})://")
_ALLOWED: Final = (
    "an address of Apprise: slack://…, msteams://…, mailto://…, json://…, or the address of a "
    "webhook as Slack, Teams or Discord show it"
)
# Some services have a dozen forms; the first are the plainest.
_FORMS: Final = 3


def _refused(found: str, allowed: str = _ALLOWED, hint: str = "") -> PydanticCustomError:
    said = {"found": f"{found} (it is secret and not shown)", "allowed": allowed, "hint": hint}
    return PydanticCustomError("notify", "{found}", said)


def _address(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    cleaned = clean_secret(value)
    scheme = _SCHEME.match(cleaned)
    if not scheme:
        raise _refused("the address does not begin with a service and ://")
    with _silence():
        from apprise import Apprise

        if Apprise.instantiate(cleaned) is None:
            raise _unusable(scheme[1].lower())
    return cleaned


def _unusable(scheme: str) -> PydanticCustomError:
    from apprise.apprise import N_MGR

    services: Any = N_MGR
    if scheme in services:
        service = services[scheme]
        forms = [form.format_map(_Schema(schema=scheme)) for form in service.templates[:_FORMS]]
        return _refused(f"this is no address for {service.service_name}", " or ".join(forms))
    if scheme in ("http", "https"):
        hint = f"for a service of your own write {'jsons' if scheme == 'https' else 'json'}://…"
        return _refused("no service is known at this address", hint=hint)
    near = get_close_matches(scheme, services.schemas(), n=1)
    hint = f"did you mean {near[0]}://?" if near else ""
    return _refused("the address begins with a service that is not known", hint=hint)


class _Schema(dict[str, str]):
    """Fills in the name of a service, and leaves the other parts as `{part}`."""

    def __missing__(self, part: str) -> str:
        return f"{{{part}}}"


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _any(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Pydantic's own minimum counts what is left of a list whose items are wrong."""
    if not conditions:
        raise PydanticCustomError("too_short", "at least one")
    return conditions


Address = Annotated[SecretStr, BeforeValidator(_address)]
Addresses = Annotated[
    tuple[Address, ...],
    BeforeValidator(_several, json_schema_input_type=Address | tuple[Address, ...]),
]


class Notify(BaseModel):
    """Who is told of a run, and of which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: Addresses = Field(
        default=(),
        description="Where a message goes: addresses of Apprise, best as ${NAME}. None: nowhere.",
    )
    on: Annotated[tuple[Condition, ...], AfterValidator(_any)] = Field(
        default=CONDITIONS,
        json_schema_extra={"minItems": 1},
        description="What is told: failed (something failed or is unknown, or a run died), held (a "
        "person must decide), drifted (a reconciliation found changes by others), recovered (all "
        "is well after a run that was not).",
    )

    @model_validator(mode="before")
    @classmethod
    def _is_section(cls, value: Any) -> Any:
        """What stands here by mistake is most likely an address, so it is not shown either."""
        if isinstance(value, str):
            hint = "write its settings below it, indented: urls and on"
            raise _refused("found a text", "a section of settings", hint)
        return value


@dataclass(frozen=True)
class Message:
    """What is told: plain text, which each service shows as such."""

    title: str
    body: str
    tone: Tone


def send(address: SecretStr, message: Message) -> bool:
    """Sends the message there; whether it was taken. A service gets four seconds to answer, or as
    the address says."""
    with _silence():
        from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

        asset = AppriseAsset(
            app_id="unitsync",
            app_desc="unitsync",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
        )
        service = Apprise(asset=asset)
        service.add(address.get_secret_value())
        return bool(
            service.notify(
                body=message.body,
                title=message.title,
                notify_type=NotifyType(message.tone),
                body_format=NotifyFormat.TEXT,
            )
        )


@contextmanager
def _silence() -> Iterator[None]:
    """No log at all: Apprise and what it is built on write addresses and answers to theirs. Nor
    what Python has to say of the age of its 155 services, all of which it loads."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)
