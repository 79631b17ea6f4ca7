"""`unitsync schema`: the JSON Schema of unitsync.yaml."""

from flows.config_schema import json_schema
from flows.console import print_json


def run() -> int:
    """Prints the schema."""
    print_json(json_schema())
    return 0
