"""A configuration as it stands on a page: whole, or a part that belongs into the example's."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.settings import ConfigFile, Pipeline, load
from flows.yaml_file import read
from tests.bench import CREDENTIALS
from tests.docs.pages import ROOT

# Where values of one setting exclude each other, the page's replaces the example's.
_WHOLE = ("source", "target", "scope", "key", "groups")


def load_block(text: str, folder: Path) -> None:
    """Loads it as `unitsync` would; raises ConfigError as it would."""
    # A Secret block needs a server of Prefect: here the credential is another one's.
    written = re.sub(r"\$\{secret:[\w-]+\}", "${STOREDGE_SECRET_KEY}", text)
    file = folder / "unitsync.yaml"
    file.write_text(textwrap.dedent(written), "utf-8")
    config = _placed(read(file).data, read(ROOT / "examples" / "unitsync.yaml").data)
    file.write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    load(file, environ=_environment(written))


def _placed(part: Mapping[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    names = set(part)
    if "pipelines" in names:
        return dict(part)
    if names <= set(ConfigFile.model_fields):
        return {**example, **part}
    if names <= set(Pipeline.model_fields):
        kind = part.get("target", {}).get("kind", "storedge")
        name = "apartments" if kind == "travtus" else "storage"
        example["pipelines"][name] = _merged(example["pipelines"][name], part)
        return example
    raise AssertionError(f"neither a configuration nor a part of a pipeline: {sorted(names)}")


def _merged(pipeline: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(pipeline)
    for name, value in part.items():
        whole = name in _WHOLE and (not isinstance(value, dict) or "kind" in value)
        both = isinstance(value, dict) and isinstance(merged.get(name), dict) and not whole
        merged[name] = {**merged[name], **value} if both else value
    return merged


def _environment(text: str) -> Mapping[str, str]:
    names = re.findall(r"\$\{(\w+)\}", text)
    values = {name: "json://localhost" if name.endswith("URL") else "x" * 40 for name in names}
    return defaultdict(str, {**CREDENTIALS, **values})
