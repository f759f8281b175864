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

_NO_CODE: Final = (None, "UNKNOWN")  # a proxy may have refused a request after the PBX performed it
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


def may_be_in_another_tenant(outcome: Outcome) -> bool:
    """Whether the change of a row may have been made in another tenant."""
    return outcome.status is Status.UNKNOWN and outcome.message.startswith(_CHANGE_IN_DOUBT)


def doubt(outcome: Outcome, why: str = "", *, is_untouched: bool = False) -> Outcome:
    """An outcome of which the PBX's answer may be that of another tenant.

    Args:
        outcome: of the row.
        why: is added to its message.
        is_untouched: whether the box of a row that is not done is known to be as before.
    """
    if not outcome.was_sent:
        return outcome
    was_refused = outcome.status is Status.REJECTED and outcome.attempts == 1 and outcome.pbx_code not in _NO_CODE
    if outcome.status.may_have_changed or not (is_untouched or was_refused or outcome.attempts == 0):
        return replace(outcome, status=Status.UNKNOWN, message=f"{_CHANGE_IN_DOUBT} {why}".strip(), reason=None)
    message = f"{_ANSWER_IN_DOUBT} {why}".strip()
    return replace(outcome, status=Status.FAILED, message=message, pbx_code=None, reason=None)
