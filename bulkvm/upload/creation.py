"""Creates a box, at most once, also if answers are lost."""

from typing import Final

from bulkvm.model.box import Box, Record
from bulkvm.model.errors import (
    AnotherBox,
    AnswerLost,
    BulkvmError,
    LoginEnded,
    LoginRefused,
    OutcomeUnknown,
    PbxError,
    PbxRefused,
)
from bulkvm.model.outcome import Outcome, Status
from bulkvm.pbx import Pbx, Response
from bulkvm.planning import fields_not_saved
from bulkvm.upload.row_outcomes import CONFIRMED, pending, raise_if_login_ended, rejected, row_outcome, unknown
from bulkvm.upload.row_result import LOOKUP_PAUSES

_MAX_CREATES: Final = 5  # requests for one row, each after the box of a lost answer was looked up and not found


async def create(record: Record, pbx: Pbx, known_ids: set[str]) -> Outcome:
    """Create a box.

    Args:
        record: the row.
        pbx: the PBX.
        known_ids: the ids of all boxes that are known to exist; the new one is added. If an answer names one of them,
            it is about another box.

    Raises:
        LoginRefused: the login is no longer accepted, and the box was not created.
    """
    try:
        created = await _create_once(record, pbx, known_ids)
    except OutcomeUnknown as lost:
        return await create_after_loss(record, pbx, lost, known_ids)
    except PbxRefused as refusal:
        if refusal.is_certain:
            return rejected(record, refusal, refusal.attempts)
        return await _look_up_refused(record, pbx, refusal)
    except PbxError as error:
        return row_outcome(record, Status.FAILED, str(error), attempts=error.attempts)
    return row_outcome(record, Status.CREATED, box_id=created.value, attempts=created.attempts)


async def create_after_loss(record: Record, pbx: Pbx, lost: OutcomeUnknown, known_ids: set[str]) -> Outcome:
    """Look the box up, and create it if it does not exist, until the outcome is known.

    Raises:
        LoginRefused: the login is no longer accepted, and the box was not created.
    """
    attempts = lost.attempts
    for creates_left in reversed(range(_MAX_CREATES)):
        if found := await _look_up(record, pbx, lost, attempts):
            known_ids |= {found.id} if found.id else set()
            return found
        if not creates_left:
            break
        try:
            created = await _create_once(record, pbx, known_ids)
        except OutcomeUnknown as error:
            lost = lost if isinstance(lost, AnswerLost) else error  # after AnswerLost, the PBX may still be at work
            attempts += error.attempts
        except PbxRefused as refusal:
            return await _look_up_refused_after_loss(record, pbx, lost, refusal, attempts + refusal.attempts)
        except BulkvmError:
            return unknown(record, lost, attempts)
        else:
            return row_outcome(record, Status.CREATED, box_id=created.value, attempts=attempts + created.attempts)
    if isinstance(lost, AnswerLost):
        return pending(record, lost, attempts)
    if isinstance(lost, LoginEnded):
        raise LoginRefused(str(lost))
    return row_outcome(record, Status.FAILED, f"{lost} The box was not created. Import again.", attempts=attempts)


async def _create_once(record: Record, pbx: Pbx, known_ids: set[str]) -> Response[str]:
    """Create a box, and add its id to the known ones.

    Raises:
        AnotherBox: the answer has the id of another box, so it is not known whether the box was created.
    """
    created = await pbx.create_box(record)
    if created.value in known_ids:
        raise AnotherBox("The PBX answered with the id of another box.", attempts=created.attempts)
    known_ids.add(created.value)
    return created


async def _look_up(record: Record, pbx: Pbx, lost: OutcomeUnknown, attempts: int) -> Outcome | None:
    """The outcome after a lost answer; None if there is no box with the number."""
    try:
        box = await pbx.find_box(record.extension_number)
    except BulkvmError as error:
        raise_if_login_ended(lost, error)
        return unknown(record, lost, attempts)
    return _outcome_of_found(record, box, attempts) if box else None


async def _look_up_refused_after_loss(
    record: Record, pbx: Pbx, lost: OutcomeUnknown, refusal: PbxRefused, attempts: int
) -> Outcome:
    """The outcome of a create that was refused, perhaps because an earlier attempt created the box late."""
    try:
        for pause in LOOKUP_PAUSES:
            await pbx.pause(pause)
            if box := await pbx.find_box(record.extension_number):
                return _outcome_of_found(record, box, attempts)
    except BulkvmError:
        return unknown(record, lost, attempts)
    return rejected(record, refusal, attempts)


async def _look_up_refused(record: Record, pbx: Pbx, refusal: PbxRefused) -> Outcome:
    """The outcome of a create whose refusal does not prove that nothing was created."""
    attempts = refusal.attempts
    try:
        box = await pbx.find_box(record.extension_number)
    except BulkvmError:
        return unknown(record, refusal, attempts)
    if box and not fields_not_saved(record, box):
        message = f"{refusal} The box exists, with the values of the row."
        return row_outcome(record, Status.CREATED, message, box_id=box.id, attempts=attempts)
    return rejected(record, refusal, attempts, box.id if box else None)


def _outcome_of_found(record: Record, box: Box, attempts: int) -> Outcome:
    """The outcome of a create whose answer was lost, if a box with its number exists."""
    differing = fields_not_saved(record, box)
    if not differing:
        return row_outcome(record, Status.CREATED, CONFIRMED, box_id=box.id, attempts=attempts)
    message = (
        f"The answer was lost, and a box {box.extension_number} exists now that differs in {', '.join(differing)}. "
        "Someone else may have created it. Import again to change it."
    )
    return row_outcome(record, Status.REJECTED, message, box_id=box.id, attempts=attempts)
