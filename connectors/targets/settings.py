"""The settings of the two targets: whom to reach, with which credentials, and how hard to push.

Credentials are cleaned of what pasting leaves around them and are never shown. Addresses are
https, or http on this very machine. Must never reach the network.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from connectors.address import check_base_url

# What pasting leaves around a key: blanks, line ends, quotes (typographic ones, too), the
# invisible byte order mark.
_AROUND: Final = " \t\r\n\"'`\u2018\u2019\u201c\u201d\u00a0\u200b\ufeff"
_VISIBLE_ASCII = re.compile(r"[!-~]+\Z")
_PLAIN_VARIABLE = re.compile(r"\$[A-Za-z_]\w*\Z|\$\(.*\)\Z|%\w+%\Z|\{\{.*\}\}\Z")


def clean_secret(value: str) -> str:
    """A credential without the blanks, line ends and quotes that pasting leaves around it."""
    return value.strip(_AROUND)


def _secret(value: Any) -> Any:
    if isinstance(value, SecretStr) or not isinstance(value, str):
        return value
    cleaned = clean_secret(value)
    if _PLAIN_VARIABLE.match(cleaned):
        raise _secret_fault("looks like a variable that is not filled in", "write ${NAME}")
    if not cleaned:
        raise _secret_fault("is empty", "write ${NAME} and set that environment variable")
    if not _VISIBLE_ASCII.match(cleaned):
        hint = "copy it again: it holds a blank, a line break or a character that no key has"
        raise _secret_fault("is damaged", hint)
    return cleaned


def _secret_fault(what: str, hint: str) -> PydanticCustomError:
    found = f"the credential {what} (it is not shown)"
    return PydanticCustomError("secret", "{found}", {"found": found, "allowed": "", "hint": hint})


def check_address(value: str) -> str:
    """The address without a trailing slash, or what is wrong with it, for a person."""
    scheme, separator, _ = value.partition("://")
    try:
        return check_base_url(value)
    except ValueError as error:
        found, hint = str(error), ""
    if separator and scheme.casefold() not in ("http", "https"):
        found, hint = f'the scheme "{scheme}" is not spoken by this API', "write https://"
    elif not separator and re.fullmatch(r"[\w.:/-]+", value):
        hint = f'did you mean "https://{value}"?'
    allowed = "https://…, or http://… on this machine (localhost)"
    said = {"found": found, "allowed": allowed, "hint": hint}
    raise PydanticCustomError("address", "{found}", said)


def _without_version(address: str) -> str:
    if re.search(r"/v\d+\Z", address):
        found = "the version is a part of every request already"
        said = {"found": found, "allowed": "", "hint": "leave out what follows the host"}
        raise PydanticCustomError("address", "{found}", said)
    return address


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Address = Annotated[str, AfterValidator(check_address)]


class TargetSettings(BaseModel):
    """How hard an API is pushed; the same for both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # 50 and not more: no vendor documents a maximum, and storEDGE pages its replies at 100
    # (contracts S8, T1).
    batch_size: int = Field(default=50, ge=1, le=100, description="Units per request.")
    # Two, because contracts S9 advises gentleness where no rate limit is published.
    concurrency: int = Field(
        default=2, ge=1, le=32, description="Scopes that are pushed at the same time."
    )


class StoredgeSettings(TargetSettings):
    """storEDGE (Storable Edge), API v1: units and custom unit groups of facilities."""

    kind: Literal["storedge"] = Field(description="storEDGE (Storable Edge), API v1.")
    access_id: Secret = Field(description="The API access ID, best as ${STOREDGE_ACCESS_ID}.")
    secret_key: Secret = Field(description="The API secret key, best as ${STOREDGE_SECRET_KEY}.")
    base_url: Annotated[Address, AfterValidator(_without_version)] = Field(
        default="https://api.storedgefms.com",
        description="The API's address; http only on this machine.",
    )
    custom_unit_groups: bool = Field(
        default=True,
        description="Whether the facilities use custom groups. false: none is ever written.",
    )
    tiered_pricing: bool = Field(
        default=False,
        description="Whether rates come from tiers: then `tier` is required, and a differing "
        "standard_rate is no drift.",
    )
    vacant_only: bool = Field(
        False,
        description="Hold changes of rate, rentable and group on units that are not vacant. Reads "
        "each facility before it is updated.",
    )
    undrifted_only: bool = Field(
        False,
        description="Hold a unit whose fields somebody changed at the vendor since they were last "
        "confirmed. Reads each facility before it is updated.",
    )
    # storEDGE publishes no limit (contracts B.1): a guess on the polite side.
    requests_per_second: float | None = Field(
        default=10,
        gt=0,
        allow_inf_nan=False,
        description="Requests per second at most. null: unlimited.",
    )
    # Callers of bulk_create give it two minutes (contracts B.1).
    timeout: float = Field(default=120, gt=0, le=3600, description="Seconds to wait for an answer.")


class TravtusSettings(TargetSettings):
    """Travtus: units of groups (communities)."""

    kind: Literal["travtus"] = Field(description="Travtus.")
    client_id: Secret = Field(description="The OAuth client id, best as ${TRAVTUS_CLIENT_ID}.")
    client_secret: Secret = Field(
        description="The OAuth client secret, best as ${TRAVTUS_CLIENT_SECRET}."
    )
    base_url: Address = Field(
        default="https://api.travtus.com",
        description="The API's address; http only on this machine.",
    )
    token_url: Address = Field(
        default="https://api.travtus.com/oauth2/token",
        description="Where tokens are given out; http only on this machine.",
    )
    group_by: Literal["group_external_ref", "group_id"] = Field(
        default="group_external_ref",
        description="What the scope column holds: your own reference of a group, or Travtus' id.",
    )
    # Travtus allows 10,000 (contracts A.1); a nightly sync needs no more than this.
    requests_per_second: float | None = Field(
        default=50,
        gt=0,
        allow_inf_nan=False,
        description="Requests per second at most. null: unlimited.",
    )
    # contracts T2
    timeout: float = Field(default=60, gt=0, le=3600, description="Seconds to wait for an answer.")
