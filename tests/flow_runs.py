"""Flow runs on the one Prefect server of all tests, and what it shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import Artifact
from prefect.settings import PREFECT_API_URL, temporary_settings

from tests.prefect_server import prefect_api


@contextmanager
def with_prefect() -> Iterator[None]:
    """Until the end of the block, Prefect's settings name the server of the session."""
    with temporary_settings({PREFECT_API_URL: prefect_api()}):
        yield


def shown_of(config: Path) -> tuple[str, list[Artifact]]:
    """The flow of the one run of this configuration, and all its artifacts."""
    with with_prefect(), get_client(sync_client=True) as client:
        runs = client.read_flow_runs()
        [run] = [run for run in runs if run.parameters["config"] == str(config)]
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        artifacts = client.read_artifacts(artifact_filter=of_run)
        return client.read_flow(run.flow_id).name, artifacts
