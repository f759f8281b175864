"""Which requests are confirmed to have reached the expected tenant, if a PBX can move a session to another one.

Time is counted in moments: numbers that grow with each event of a connection. A gap is what no check has confirmed:
from the moment of the last good check of a session to that of its last answer, or to None while it is in use.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeAlias

from bulkvm.model.outcome import Outcome, Status

Span: TypeAlias = tuple[int, int]
Gap: TypeAlias = tuple[int, int | None]

_CHANGE_IN_DOUBT: Final = (
    "The login reached another tenant shortly before or after this row was sent, or may have, so the change may have "
    "been made there. Check the boxes of both tenants."
)
_ANSWER_IN_DOUBT: Final = (
    "The login reached another tenant shortly before or after this row was sent, or may have, so the answer may have "
    "come from there. Run the same command again."
)


def is_confirmed(span: Span, gaps: Iterable[Gap]) -> bool:
    """Whether all that was sent and read from one moment to another is confirmed."""
    began, ended = span
    return not any(ended > checked and (last is None or began < last) for checked, last in gaps)


def doubt(outcome: Outcome, why: str = "") -> Outcome:
    """An outcome of which the PBX's answer may be that of another tenant; `why` is added to its message."""
    if outcome.status is Status.NOT_SENT:
        return outcome
    if outcome.status.may_have_changed:
        return replace(outcome, status=Status.UNKNOWN, message=f"{_CHANGE_IN_DOUBT} {why}".strip(), reason=None)
    return replace(
        outcome, status=Status.FAILED, message=f"{_ANSWER_IN_DOUBT} {why}".strip(), pbx_code=None, reason=None
    )
