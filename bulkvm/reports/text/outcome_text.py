"""Rows that a run did not complete, as text."""

from collections.abc import Sequence
from typing import Final

from bulkvm.model.outcome import Outcome, Reason, Status
from bulkvm.text import printable

# The other statuses are counted only: invalid rows were reported before, and rows that are not sent have one reason.
_NAMED: Final = (Status.UNKNOWN, Status.FAILED, Status.REJECTED)
CHECK_KEPT: Final = "Check these boxes: change or delete them in the PBX's web portal, or leave them as they are."
_HEADINGS: Final = {
    None: ("Rows that failed", ""),
    Reason.GONE: ("Boxes that no longer exist", ""),
    Reason.KEPT: ("Boxes that were kept", CHECK_KEPT),
    Reason.DEVIATES: ("Boxes that do not read back as expected", ""),
    Reason.OUTDATED: ("Boxes that were changed after the plan was made", ""),
}


def render_failures(outcomes: Sequence[Outcome], *, most: int = 10) -> str:
    """Render the rows that failed, each with its message, up to a maximum of each reason; empty if there are none."""
    lines = []
    for reason, (heading, advice) in _HEADINGS.items():
        failed = [outcome for outcome in outcomes if outcome.status in _NAMED and outcome.reason is reason]
        if failed:
            lines += [f"{heading}:", *map(_render, failed[:most])]
        if len(failed) > most:
            lines.append(f"  ... and {len(failed) - most:,} more in the result")
        if failed and advice:
            lines.append(advice)
    return "\n".join(lines)


def _render(outcome: Outcome) -> str:
    status = "" if outcome.reason else f" {outcome.status}"
    return f"  row {outcome.row}: {outcome.extension_number}{status}: {_message(outcome)}"


def _message(outcome: Outcome) -> str:
    return printable(" ".join(outcome.message.split()))
