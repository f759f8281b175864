"""Creates a box, at most once, also if answers are lost."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from bulkvm.model.box import Box, Record
from bulkvm.model.errors import (
    AnotherBox,
    AnswerLost,
    BulkvmError,
    LoginEnded,
    LoginRefused,
    NoSuchBox,
    NotAllowed,
    NotTheApi,
    OutcomeUnknown,
    PbxBusy,
    PbxError,
    PbxRefused,
)
from bulkvm.model.outcome import Outcome, Reason, Status
from bulkvm.pbx import Pbx, Response
from bulkvm.planning import fields_not_saved, find_conflict, reason_to_skip
from bulkvm.upload.row_outcomes import CONFIRMED, pending, raise_if_login_ended, rejected, row_outcome, unknown
from bulkvm.upload.row_result import LOOKUP_PAUSES

MAX_LOOKUPS: Final = 5  # for one row; if a lookup finds no box, it is created again


@dataclass(slots=True)
class KnownBoxes:
    """What is known of the boxes of the PBX.

    Attributes:
        ids: the ids of all boxes. If the answer to a create has one of them, it is about another box.
        numbers: the numbers of these boxes, of the sheet, and those that were suggested, which are not suggested.
        skips_taken: whether a row is left out if something other than a box has its number.
        is_exact: whether the run sends an approved plan, which is refused once a box is not as planned.
    """

    ids: set[str]
    numbers: set[str]
    skips_taken: bool = False
    is_exact: bool = False

    @property
    def remedy(self) -> str:
        """What to do about a box that someone else created with other values."""
        return "Make a new plan." if self.is_exact else "Run the same command again to change it."

    @property
    def reason(self) -> Reason | None:
        """Why the row of such a box is not done."""
        return Reason.OUTDATED if self.is_exact else None


async def create(record: Record, pbx: Pbx, known: KnownBoxes) -> Outcome:
    """Create a box.

    Args:
        record: the row.
        pbx: the PBX.
        known: the boxes that are known to exist; the new one is added.

    Raises:
        LoginRefused: the login is no longer accepted, and the box was not created.
    """
    try:
        created = await _create_once(record, pbx, known)
    except OutcomeUnknown as lost:
        return await create_after_loss(record, pbx, lost, known)
    except PbxRefused as refusal:
        if refusal.is_certain_and_first:
            return await _rejected(record, refusal, pbx, known)
        return await _look_up_refused(record, pbx, refusal, known)
    except PbxBusy as busy:
        return await _look_up_busy(record, pbx, busy)
    except PbxError as error:
        return row_outcome(record, Status.FAILED, str(error), attempts=error.attempts)
    return row_outcome(record, Status.CREATED, box_id=created.value, attempts=created.attempts)


async def create_after_loss(
    record: Record, pbx: Pbx, lost: OutcomeUnknown, known: KnownBoxes, lookups: int = MAX_LOOKUPS
) -> Outcome:
    """Look the box up, and create it if it does not exist, until the outcome is known.

    After the last lookup, it is not created again.

    Raises:
        LoginRefused: the login is no longer accepted, and the box was not created.
    """
    attempts = lost.attempts
    for creates_left in reversed(range(lookups)):
        if found := await _look_up(record, pbx, lost, attempts, known):
            known.ids |= {found.id} if found.id else set()
            return found
        if not creates_left:
            break
        try:
            created = await _create_once(record, pbx, known)
        except OutcomeUnknown as error:
            # After AnswerLost, the PBX may still be processing the request.
            lost = lost if isinstance(lost, AnswerLost) else error
            attempts += error.attempts
        except PbxRefused as refusal:
            refusal = refusal.after(attempts + refusal.attempts, lost)
            return await _look_up_refused_after_loss(record, pbx, refusal, known)
        except BulkvmError:
            return unknown(record, lost, attempts)
        else:
            return row_outcome(record, Status.CREATED, box_id=created.value, attempts=attempts + created.attempts)
    if isinstance(lost, AnswerLost):
        return pending(record, lost, attempts)
    if isinstance(lost, LoginEnded):
        raise LoginRefused(str(lost)).after(attempts)
    return row_outcome(
        record, Status.FAILED, f"{lost} The box was not created. Run the same command again.", attempts=attempts
    )


async def _create_once(record: Record, pbx: Pbx, known: KnownBoxes) -> Response[str]:
    """Create a box, and add its id to the known ones.

    Raises:
        AnotherBox: the answer has the id of another box, so it is not known whether the box was created.
    """
    created = await pbx.create_box(record)
    if created.value in known.ids:
        raise AnotherBox("The PBX answered with the id of another box.", attempts=created.attempts)
    known.ids.add(created.value)
    return created


async def _look_up(record: Record, pbx: Pbx, lost: OutcomeUnknown, attempts: int, known: KnownBoxes) -> Outcome | None:
    """The outcome after a lost answer; None if there is no box with the number."""
    try:
        box = await pbx.find_box(record.extension_number)
    except BulkvmError as error:
        raise_if_login_ended(lost, error)
        return unknown(record, lost, attempts)
    return _outcome_of_found(record, box, attempts, known) if box else None


async def _look_up_refused_after_loss(record: Record, pbx: Pbx, refusal: PbxRefused, known: KnownBoxes) -> Outcome:
    """The outcome of a create that was refused, perhaps because an earlier attempt created the box late."""
    try:
        for pause in LOOKUP_PAUSES:
            await pbx.pause(pause)
            if box := await pbx.find_box(record.extension_number):
                return _outcome_of_found(record, box, refusal.attempts, known)
    except BulkvmError:
        return unknown(record, refusal.lost or refusal, refusal.attempts)
    return await _rejected(record, refusal, pbx, known)


async def _look_up_refused(record: Record, pbx: Pbx, refusal: PbxRefused, known: KnownBoxes) -> Outcome:
    """The outcome of a create whose refusal does not prove that nothing was created."""
    attempts = refusal.attempts
    try:
        box = await pbx.find_box(record.extension_number)
    except BulkvmError:
        return unknown(record, refusal, attempts)
    if box and not fields_not_saved(record, box):
        message = f"{refusal} The box exists, with the values of the row."
        return row_outcome(record, Status.CREATED, message, box_id=box.id, attempts=attempts)
    if box:
        message = f"{refusal} A box {box.extension_number} exists with other values. {known.remedy}"
        return replace(rejected(record, refusal, attempts, box.id), message=message, reason=known.reason)
    return await _rejected(record, refusal, pbx, known)


async def _look_up_busy(record: Record, pbx: Pbx, busy: PbxBusy) -> Outcome:
    """The outcome of a create that was answered with 429 to its end. A gateway may send that after a create as well."""
    try:
        box = await pbx.find_box(record.extension_number)
    except BulkvmError:
        return unknown(record, busy, busy.attempts)
    if box and not fields_not_saved(record, box):
        message = f"{busy} The box exists, with the values of the row."
        return row_outcome(record, Status.CREATED, message, box_id=box.id, attempts=busy.attempts)
    return row_outcome(record, Status.FAILED, str(busy), attempts=busy.attempts)


async def _rejected(record: Record, refusal: PbxRefused, pbx: Pbx, known: KnownBoxes) -> Outcome:
    """The outcome of a refused create, with what has the number, if the PBX shows it."""
    outcome = rejected(record, refusal, refusal.attempts)
    if isinstance(refusal, NotAllowed | NoSuchBox | NotTheApi):  # not because of the number
        return outcome
    with suppress(BulkvmError):
        if conflict := await find_conflict(pbx, record.extension_number, known.numbers):
            if known.skips_taken and not conflict.owner.is_box:
                return replace(outcome, status=Status.LEFT_OUT, message=reason_to_skip(conflict.owner))
            return replace(outcome, message=f"{outcome.message} {conflict}.")
    return outcome


def _outcome_of_found(record: Record, box: Box, attempts: int, known: KnownBoxes) -> Outcome:
    """The outcome of a create whose answer was lost, if a box with its number exists."""
    differing = fields_not_saved(record, box)
    if not differing:
        return row_outcome(record, Status.CREATED, CONFIRMED, box_id=box.id, attempts=attempts)
    message = (
        f"The answer was lost, and a box {box.extension_number} exists now that differs in {', '.join(differing)}. "
        f"Someone else may have created it. {known.remedy}"
    )
    return row_outcome(record, Status.REJECTED, message, box_id=box.id, attempts=attempts, reason=known.reason)
