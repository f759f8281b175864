"""Updates a box, and looks it up if the outcome is not known."""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from bulkvm.model.box import Box
from bulkvm.model.change import Change
from bulkvm.model.errors import (
    AnswerLost,
    BulkvmError,
    LoginRefused,
    NoSuchBox,
    OutcomeUnknown,
    PbxError,
    PbxRefused,
)
from bulkvm.model.outcome import Outcome, Reason, Status
from bulkvm.pbx import Pbx
from bulkvm.planning import box_to_send, describe_unseen, fields_differ, fields_not_applied, updated_box
from bulkvm.upload.row_outcomes import (
    CONFIRMED,
    MAX_LOGINS,
    not_done,
    pending,
    raise_if_login_ended,
    rejected,
    rejected_as_missing,
    row_outcome,
    unknown,
)
from bulkvm.upload.row_result import LOOKUP_PAUSES

_GONE: Final = "The box no longer exists."


async def update(change: Change, pbx: Pbx, deadline: float | None = None, tries: int = MAX_LOGINS) -> Outcome:
    """Update a box, not later than a deadline by `time.monotonic`.

    Raises:
        LoginRefused: the login is no longer accepted, and the box was not changed.
        TooLate: it was not sent, because its turn came after the deadline.
    """
    record, wanted = change.record, updated_box(change)
    try:
        updated = await pbx.update_box(box_to_send(change), deadline)
    except PbxRefused as refusal:
        return await _look_up_refused(change, wanted, refusal, pbx)
    except OutcomeUnknown as lost:
        return await _look_up(change, wanted, lost, pbx, tries - 1)
    except PbxError as error:
        return row_outcome(record, Status.FAILED, str(error), box_id=wanted.id, attempts=error.attempts)
    return _updated(change, wanted.id, updated.attempts)


async def outcome_of_missing(change: Change, gone: NoSuchBox, pbx: Pbx, attempts: int = 0) -> Outcome:
    """The outcome of an update whose box no longer exists; the message explains what importing again would do."""
    record = change.record
    if change.is_exact:
        message = f"{_GONE} Make a new plan."
        return row_outcome(
            record, Status.REJECTED, message, pbx_code=gone.code, attempts=attempts, reason=Reason.OUTDATED
        )
    try:
        another = await pbx.find_box(record.extension_number)
    except BulkvmError:
        message = f"{_GONE} Check the plan before you import again: another box may have its number."
    else:
        message = f"{_GONE} Another box has its number now, which importing again would change: check that box first."
        if another is None:
            message = _GONE if change.wanted else f"{_GONE} Import again to create a new one."
        elif change.wanted:
            message = f"{_GONE} Another box has its number now, and is kept as it is."
    return row_outcome(record, Status.REJECTED, message, pbx_code=gone.code, attempts=attempts)


async def _look_up_refused(change: Change, wanted: Box, refusal: PbxRefused, pbx: Pbx) -> Outcome:
    """The outcome of a refused update. An earlier attempt may have succeeded, with its answer lost."""
    record, attempts = change.record, refusal.attempts
    is_missing = isinstance(refusal, NoSuchBox)  # a server without this call answers with 404 as well
    is_certain = refusal.is_certain and not is_missing
    pauses = LOOKUP_PAUSES if refusal.lost else () if is_certain else LOOKUP_PAUSES[:1]
    try:
        for pause in pauses:
            await pbx.pause(pause)
            box = await pbx.fetch_box(wanted.id, wanted.extension_number)
            if _is_applied(change, wanted, box):
                return _updated(change, box.id, attempts, CONFIRMED)
    except NoSuchBox as gone:
        return await outcome_of_missing(change, gone, pbx, attempts)
    except BulkvmError:
        return unknown(record, refusal, attempts)
    if refusal.lost and change.is_unseen_only:
        return _not_shown(change, refusal.lost, attempts, wanted.id)
    if is_missing:
        return rejected_as_missing(record, refusal, wanted.id)
    return rejected(record, refusal, attempts, wanted.id)


async def _look_up(change: Change, wanted: Box, lost: OutcomeUnknown, pbx: Pbx, tries_left: int) -> Outcome:
    """The outcome of an update that no answer confirmed: applied, not applied, or not known."""
    record, attempts = change.record, lost.attempts
    try:
        box = await pbx.fetch_box(wanted.id, wanted.extension_number)
    except BulkvmError as error:
        raise_if_login_ended(lost, error)
        return unknown(record, lost, attempts)
    if _is_applied(change, wanted, box):
        return _updated(change, box.id, attempts, CONFIRMED)
    is_unchanged = change.box is not None and not fields_differ(change.box, box)
    if lost.login_ended and is_unchanged:
        return await _send_again(change, box.id, lost, pbx, tries_left)
    if change.is_unseen_only:
        return _not_shown(change, lost, attempts, box.id)
    if is_unchanged:
        return not_done(record, lost, "The box is unchanged. Run the same command again.", box.id)
    differing = ", ".join(fields_not_applied(change, wanted, box))
    message = (
        f"{lost} The box has neither its former values nor those that were sent: it differs in {differing}. Someone "
        "else may have changed it. Check the plan before you run the same command again."
    )
    return row_outcome(record, Status.UNKNOWN, message, box_id=box.id, attempts=attempts)


async def _send_again(change: Change, box_id: str, lost: OutcomeUnknown, pbx: Pbx, tries_left: int) -> Outcome:
    """Send an update again that was answered with 401 and not made. An attempt before it may still be made."""
    if not isinstance(lost, AnswerLost):
        if not tries_left:
            raise LoginRefused(str(lost)).after(lost.attempts)
        outcome = await update(change, pbx, tries=tries_left)
        return replace(outcome, attempts=lost.attempts + outcome.attempts)
    attempts = lost.attempts
    if tries_left:
        with suppress(LoginRefused):  # the attempt before it may still be made
            outcome = await update(change, pbx, tries=tries_left)
            attempts += outcome.attempts
            if outcome.status is Status.UPDATED:
                return replace(outcome, attempts=attempts)
    return pending(change.record, lost, attempts, box_id)


def _is_applied(change: Change, wanted: Box, box: Box) -> bool:
    """Whether the PBX shows what was sent."""
    return not change.is_unseen_only and not fields_not_applied(change, wanted, box)


def _updated(change: Change, box_id: str, attempts: int, message: str = "") -> Outcome:
    message = f"{message} {describe_unseen(change)}".strip()
    outcome = row_outcome(change.record, Status.UPDATED, message, box_id=box_id, attempts=attempts)
    return replace(outcome, changed=change.changed, unseen=change.unseen)


def _not_shown(change: Change, lost: OutcomeUnknown, attempts: int, box_id: str) -> Outcome:
    """The outcome of an update of fields that the PBX does not show, if no answer confirmed it."""
    message = f"{lost} This PBX does not show what was sent. Run the same command again to send it again."
    return row_outcome(change.record, Status.UNKNOWN, message, box_id=box_id, attempts=attempts)
