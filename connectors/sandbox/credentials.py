"""The credentials that the sandbox accepts. They open nothing else, and look like it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller needs for both APIs."""

    access_id: str
    secret_key: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)


# The storEDGE keys are 40 characters long, as the vendor's are (contracts B.1).
DEMO_CREDENTIALS = Credentials(
    access_id="sandbox-access-id-000000000000000000demo",
    secret_key="sandbox-not-a-real-secret-key-000000demo",
    client_id="sandbox-client-demo",
    client_secret="sandbox-not-a-real-client-secret-demo",
)
