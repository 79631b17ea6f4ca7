"""Being written."""


def write_report(summary, store, settings, now):
    return None
