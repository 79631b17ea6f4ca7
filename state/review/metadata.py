"""The words of a review and its queries, in the form that Datasette reads.

Promises that every query of the folder is offered, and no other.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from state.review.tables import NAME


def metadata() -> dict[str, Any]:
    """Titles, descriptions and facets of the tables, and the queries with their SQL."""
    folder = files(__package__)
    words: dict[str, Any] = yaml.safe_load((folder / "metadata.yaml").read_text("utf-8"))
    for name, query in words["databases"][NAME]["queries"].items():
        query["sql"] = (folder / "queries" / f"{name}.sql").read_text("utf-8")
        query["hide_sql"] = True
    return words
