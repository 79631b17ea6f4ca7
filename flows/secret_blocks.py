"""Credentials that stand in Prefect Secret blocks, which a configuration names `${secret:NAME}`.

Prefect is loaded, and its server asked, for those who keep a credential there and for nobody else.
"""

from __future__ import annotations

from flows.quiet import quieten

_SAVE = 'save it on Prefect\'s page (Blocks, Secret), or: Secret(value="…").save("{name}")'


class SecretUnavailable(Exception):
    """What was found instead of the secret, and a hint; neither shows a secret."""

    def __init__(self, found: str, hint: str) -> None:
        super().__init__(found)
        self.found = found
        self.hint = hint


def read_secret(name: str) -> str:
    """The text in the Secret block of that name; raises SecretUnavailable."""
    quieten()
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

    with get_client(sync_client=True) as client:
        if client.api_healthcheck() is not None:
            raise SecretUnavailable(
                f'the Prefect server, which keeps the secret "{name}", does not answer',
                "start it, or set PREFECT_API_URL to where it is; `prefect config view` shows it",
            )
        try:
            block = client.read_block_document_by_name(name, "secret")
        except ObjectNotFound:
            found = f'Prefect has no Secret block named "{name}"'
            raise SecretUnavailable(found, _SAVE.format(name=name)) from None
        except PrefectHTTPStatusError as error:
            status = error.response.status_code
            raise SecretUnavailable(
                f'the Prefect server does not give out the secret "{name}" (HTTP {status})',
                "PREFECT_API_AUTH_STRING or PREFECT_API_KEY must be what the server expects",
            ) from None
    return _text(name, block.data.get("value"))


def _text(name: str, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    found = "is empty" if isinstance(value, str) else "holds no text"
    raise SecretUnavailable(f'the Secret block "{name}" {found}', _SAVE.format(name=name))
