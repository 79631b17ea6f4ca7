"""What Prefect reads from the environment when it is imported: no telemetry, no chatter on the
user's terminal. Whoever imports Prefect calls `quieten` first; what the user has set stays."""

from __future__ import annotations

import os

_SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Its own server takes 9 s on a quiet machine, and much longer beside other work.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}


def quieten() -> None:
    """Has no effect once Prefect is imported."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
