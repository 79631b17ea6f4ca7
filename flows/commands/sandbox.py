"""`unitsync sandbox`: both vendors on a local port, until Ctrl-C."""

from connectors.sandbox.server import serve


def run(host: str, port: int) -> int:
    """Serves until it is stopped."""
    serve(host, port)
    return 0
