"""Rows that a run did not complete, as text."""

from collections.abc import Sequence
from typing import Final

from bulkvm.model.outcome import Outcome, Status
from bulkvm.text import printable

# The other statuses are counted only: invalid rows were reported before, and rows that are not sent have one reason.
_NAMED: Final = (Status.UNKNOWN, Status.FAILED, Status.REJECTED)


def render_failures(outcomes: Sequence[Outcome], *, most: int = 10) -> str:
    """Render the rows that failed, each with the reason, up to a maximum; empty if there are none."""
    failed = [outcome for outcome in outcomes if outcome.status in _NAMED]
    lines = [f"  row {o.row}: {o.extension_number} {o.status}: {_reason(o)}" for o in failed[:most]]
    if len(failed) > most:
        lines.append(f"  ... and {len(failed) - most:,} more in the result")
    return "\n".join(["Rows that failed:", *lines]) if failed else ""


def _reason(outcome: Outcome) -> str:
    return printable(" ".join(outcome.message.split()))
