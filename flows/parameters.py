"""What a run of a deployment may be asked: nothing that its flow has no parameter for.

Prefect has the server check values, but lets unknown names through, and crashes on them. Promises
that such a name is refused with those that there are: by the server, where it can be told to
(`unitsync serve`), else as a step before the run (`prefect.yaml`). Nothing is touched then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import Abort
from prefect.states import Failed

from flows.config_errors import did_you_mean, listed


def have_unknown_refused(name: str) -> None:
    """The server refuses them for the deployment of this name, from here on, before there is a
    run."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(name)
        names = {"propertyNames": {"enum": _allowed(deployment)}}
        schema = {**(deployment.parameter_openapi_schema or {}), **names}
        client.update_deployment(deployment.id, DeploymentUpdate(parameter_openapi_schema=schema))


def refuse_unknown() -> dict[str, Any]:
    """A step of `prefect.yaml`, in the process of a run that is about to begin: one with unknown
    parameters fails, and says so."""
    with get_client(sync_client=True) as client:
        allowed = _allowed(client.read_deployment(UUID(runtime.deployment.id)))
        if unknown := [name for name in runtime.flow_run.parameters if name not in allowed]:
            message = refusal(unknown, allowed)
            client.set_flow_run_state(runtime.flow_run.id, Failed(message=message), force=True)
            raise Abort(message)
    return {}


def refusal(unknown: Iterable[str], allowed: Iterable[str]) -> str:
    """Which parameters there are instead."""
    names = list(allowed)
    near = " ".join(filter(None, (did_you_mean(name, names) for name in unknown)))
    quoted = listed(f'"{name}"' for name in unknown)
    there = ", ".join(names)
    return f"there is no parameter {quoted}; there are: {there}. {near}".rstrip()


def _allowed(deployment: DeploymentResponse) -> list[str]:
    return list((deployment.parameter_openapi_schema or {}).get("properties", {}))
