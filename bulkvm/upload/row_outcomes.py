"""Outcomes that creates, updates and removals have in common."""

from typing import Final

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import (
    AnswerLost,
    BulkvmError,
    LoginEnded,
    LoginRefused,
    OutcomeUnknown,
    PbxError,
    PbxRefused,
    TenantNotConfirmed,
)
from bulkvm.model.outcome import Outcome, Reason, Status
from bulkvm.planning import describe_unseen

CONFIRMED: Final = "Confirmed after a lost answer."
# How often a change is sent that is answered with 401 and is found not to be done: other requests may use up a login.
MAX_LOGINS: Final = 5


def row_outcome(
    record: Record,
    status: Status,
    message: str = "",
    *,
    box_id: str | None = None,
    attempts: int = 0,
    pbx_code: str | None = None,
    reason: Reason | None = None,
) -> Outcome:
    """The outcome of a row."""
    return Outcome(
        row=record.row,
        extension_number=record.extension_number,
        status=status,
        id=box_id,
        message=message,
        pbx_code=pbx_code,
        attempts=attempts,
        reason=reason,
    )


def outcome_without_request(change: Change) -> Outcome:
    """The outcome of a change for which nothing is sent: the box is up to date, or an undo keeps it."""
    box_id = change.box.id if change.box else None
    if change.kind is ChangeKind.KEEP:
        reason = Reason.KEPT if change.box else Reason.GONE
        return row_outcome(change.record, Status.FAILED, change.reason, box_id=box_id, reason=reason)
    return row_outcome(change.record, Status.UNCHANGED, describe_unseen(change), box_id=box_id)


def rejected(record: Record, refusal: PbxRefused, attempts: int, box_id: str | None = None) -> Outcome:
    """The PBX refused the row."""
    return row_outcome(record, Status.REJECTED, str(refusal), box_id=box_id, pbx_code=refusal.code, attempts=attempts)


def rejected_as_missing(record: Record, refusal: PbxRefused, box_id: str) -> Outcome:
    """The PBX answered a change with 404, but the box exists."""
    message = "The PBX answered that it has no such box (status 404), but the box still exists."
    return row_outcome(
        record, Status.REJECTED, message, box_id=box_id, pbx_code=refusal.code, attempts=refusal.attempts
    )


def unknown(record: Record, lost: PbxError, attempts: int) -> Outcome:
    """The answer was lost, and the box cannot be looked up."""
    message = f"{lost} The box could not be looked up, so the outcome is not known. Run the same command again."
    return row_outcome(record, Status.UNKNOWN, message, attempts=attempts)


def pending(record: Record, lost: AnswerLost, attempts: int, box_id: str | None = None) -> Outcome:
    """The answer was lost, and the change is not visible yet."""
    message = f"{lost} Not visible yet. The PBX may still be processing it. Run the same command again."
    return row_outcome(record, Status.UNKNOWN, message, box_id=box_id, attempts=attempts)


def not_done(record: Record, lost: OutcomeUnknown, finding: str, box_id: str) -> Outcome:
    """No answer confirmed the change, and the PBX does not show it."""
    if isinstance(lost, AnswerLost):
        return pending(record, lost, lost.attempts, box_id)
    return row_outcome(record, Status.FAILED, f"{lost} {finding}", box_id=box_id, attempts=lost.attempts)


def raise_if_login_ended(lost: OutcomeUnknown | PbxRefused, error: BulkvmError) -> None:
    """Raise the error of a lookup if both the request and the lookup show that the login is no longer accepted.

    A new login that is accepted, but not switched to the tenant, shows nothing about the request.
    """
    if isinstance(lost, LoginEnded) and isinstance(error, LoginRefused) and not isinstance(error, TenantNotConfirmed):
        raise error.after(lost.attempts)
