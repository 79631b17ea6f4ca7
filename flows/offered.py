"""The pipelines that the form on Prefect's page offers: those of the configuration it is of."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Any

from flows.config_errors import ConfigError
from flows.settings import load_shared

# `unitsync serve` says which one; `prefect deploy` runs beside it.
CONFIG = ContextVar("CONFIG", default=Path("unitsync.yaml"))


def offer_pipelines(schema: dict[str, Any]) -> None:
    """Puts their names into the JSON Schema of a name; of a configuration that is not there or
    wrong, any name will do, for the run itself says what is wrong."""
    try:
        schema["enum"] = list(load_shared(CONFIG.get()).names)
    except ConfigError:
        return
