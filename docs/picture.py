"""Draws what `unitsync plan` says on night 2 of the examples, for the README: `make docs`.

The picture is real output of the real command against the sandbox; a test holds it to that.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from connectors.clock import SystemClock
from connectors.sandbox import SandboxServer, demo_sandbox
from flows.commands import plan
from flows.commands.demo import bring, configure
from flows.console import out
from flows.engine import run_engine

COLUMNS = 112
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def draw(folder: Path) -> str:
    """The picture; `folder` is worked in."""
    with SandboxServer(demo_sandbox(clock=SystemClock())) as sandbox:
        config = configure(folder, sandbox.url)
        bring(1, folder)
        run_engine(config, [], None)
    bring(2, folder)
    out.file, out.width, out.record = io.StringIO(), COLUMNS, True
    plan.run(config, [], out=None, details=False, detailed_exitcode=False, as_json=False)
    # Rich would fetch a font from the network; whoever has it sees it, the others see their own.
    return _FONTS.sub("", out.export_svg(title="unitsync plan", unique_id="plan"))


if __name__ == "__main__":
    with TemporaryDirectory() as work:
        Path(sys.argv[1]).write_text(draw(Path(work)), "utf-8")
