"""`${secret:NAME}` in a configuration: what can be told without a server, and who needs one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flows.config_errors import ConfigError
from flows.settings import load
from tests.flows.conftest import ENVIRONMENT


@pytest.mark.parametrize("name", ["", "Storedge", "storedge_key", "a b"])
def test_what_no_block_can_be_called_is_refused_with_its_place(desk, name):
    desk.configure("${STOREDGE_SECRET_KEY}", f'"${{secret:{name}}}"')

    with pytest.raises(ConfigError) as caught:
        load(desk.config, environ=ENVIRONMENT)

    (problem,) = caught.value.problems
    assert problem.path == "pipelines.storage.target.secret_key"
    assert problem.line > 0
    assert f'"{name}" is no name of a Prefect block' == problem.found
    assert "${secret:storedge-key}" in problem.hint


def test_who_keeps_no_secret_in_prefect_does_not_load_it(desk):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from flows.cli import app\n"
        "from flows.settings import load\n"
        f"load(Path({str(desk.config)!r}), environ={ENVIRONMENT!r})\n"
        "sys.exit('prefect' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
