"""How a JSON API is told who asks: headers of any name, a bearer token, a user, or OAuth 2.0.

Nothing here is shown in a message, and nothing is sent to another host than the configured one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.auth import AuthFlow, BearerToken, PostForm, VendorAuth
from connectors.clock import Clock
from connectors.targets.settings import Address, Secret


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class BearerAuth(_Settings):
    """A token that does not change, as `Authorization: Bearer …`."""

    kind: Literal["bearer"]
    """A token that is sent with every request."""
    token: Secret = Field(description="The token, best as ${NAME}.")


class BasicAuth(_Settings):
    """A user and a password."""

    kind: Literal["basic"]
    """A user and a password."""
    user: str = Field(min_length=1, description="The name of the user.")
    password: SecretStr = Field(description="The password, best as ${NAME}.")


class OAuth2Auth(_Settings):
    """OAuth 2.0 client credentials: a token is asked for, and renewed in time."""

    kind: Literal["oauth2"]
    """Client credentials, for which a token is asked."""
    token_url: Address = Field(description="Where tokens are given out; http only on this machine.")
    client_id: Secret = Field(description="The client id, best as ${NAME}.")
    client_secret: Secret = Field(description="The client secret, best as ${NAME}.")
    parameters: dict[str, str] = Field(
        default={}, description="What else the token request holds: scope, audience."
    )


AuthSettings = Annotated[BearerAuth | BasicAuth | OAuth2Auth, Field(discriminator="kind")]


def auth_of(
    settings: BearerAuth | BasicAuth | OAuth2Auth | None,
    headers: Mapping[str, SecretStr],
    clock: Clock,
) -> VendorAuth:
    """What signs each request."""
    sent = {name: value.get_secret_value() for name, value in headers.items()}
    match settings:
        case BearerAuth():
            token = settings.token.get_secret_value()
            return WithHeaders({**sent, "Authorization": f"Bearer {token}"}, VendorAuth(), (token,))
        case BasicAuth():
            password = settings.password.get_secret_value()
            key = b64encode(f"{settings.user}:{password}".encode()).decode()
            secrets = (password, key)
            return WithHeaders({**sent, "Authorization": f"Basic {key}"}, VendorAuth(), secrets)
        case OAuth2Auth():
            token_auth = BearerToken(
                settings.token_url,
                settings.client_id.get_secret_value(),
                settings.client_secret.get_secret_value(),
                clock=clock,
                asked=settings.parameters,
            )
            return WithHeaders(sent, token_auth)
        case None:
            return WithHeaders(sent, VendorAuth())


class WithHeaders(VendorAuth):
    """Headers that are the same for every request, beside what another credential adds."""

    def __init__(
        self, headers: Mapping[str, str], inner: VendorAuth, secrets: tuple[str, ...] = ()
    ) -> None:
        self._headers = headers
        self._inner = inner
        self._secrets = (*secrets, *headers.values())

    def prepare(self, post_form: PostForm) -> None:
        """Get what the other credential needs."""
        self._inner.prepare(post_form)

    def renew(self, refused: httpx.Request) -> bool:
        """Whether the other credential can be renewed; headers cannot."""
        return self._inner.renew(refused)

    def secrets(self) -> tuple[str, ...]:
        """The values of all headers, and what the other credential knows."""
        return (*self._secrets, *self._inner.secrets())

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Add the headers, then send."""
        request.headers.update(self._headers)
        yield from self._inner.auth_flow(request)
