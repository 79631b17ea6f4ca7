"""What would be done, as the balance of a run that has not been."""

from __future__ import annotations

from collections.abc import Sequence

from flows.summary import RunSummary, summarize, unable
from flows.sync import Night


def summary_of_preview(nights: Sequence[Night]) -> RunSummary:
    """The balance of what would be done, its changes counted as done."""
    summaries = []
    for night in nights:
        requests = night.job.target.client.request_count
        if night.balance is None or night.failure is not None:
            summaries.append(unable(night.job.name, night.failure, requests, night.seconds))
        else:
            summaries.append(
                summarize(
                    night.job.name,
                    night.balance,
                    night.scopes,
                    None,
                    requests=requests,
                    seconds=night.seconds,
                    notices=night.notices,
                )
            )
    return RunSummary("", "plan", tuple(summaries))
