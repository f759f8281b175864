"""Removes a box, to undo its creation, and looks it up if the outcome is not known."""

from dataclasses import replace
from typing import Final

from bulkvm.model.box import Record
from bulkvm.model.change import Change
from bulkvm.model.errors import (
    BulkvmError,
    LoginEnded,
    LoginRefused,
    NoSuchBox,
    OutcomeUnknown,
    PbxError,
    PbxFailed,
    PbxRefused,
)
from bulkvm.model.outcome import Outcome, Status
from bulkvm.pbx import Pbx
from bulkvm.planning import fields_differ
from bulkvm.upload.row_outcomes import (
    MAX_LOGINS,
    not_done,
    raise_if_login_ended,
    rejected,
    rejected_as_missing,
    row_outcome,
    unknown,
)

ALREADY_REMOVED: Final = "The box was already deleted."
_REMOVED: Final = "The box was deleted."
_MAX_TRIES: Final = MAX_LOGINS


async def remove(change: Change, pbx: Pbx, tries: int = _MAX_TRIES) -> Outcome:
    """Remove a box. It is tried again while the PBX answers with an error of its own and shows the box unchanged.

    Raises:
        LoginRefused: the login is no longer accepted, and the box was not removed.
    """
    assert change.box is not None
    record, box_id = change.record, change.box.id
    try:
        removed = await pbx.destroy_box(box_id)
    except NoSuchBox as missing:
        return await _look_up_missing(record, box_id, missing, pbx)
    except (OutcomeUnknown, PbxRefused) as error:
        if found := await _look_up(change, error, pbx, is_last=tries == 1):
            return found
        if tries == 1:
            raise LoginRefused(str(error)).after(error.attempts) from error
        outcome = await remove(change, pbx, tries - 1)
        if isinstance(error, PbxFailed) and outcome.message == ALREADY_REMOVED:
            outcome = row_outcome(record, Status.UPDATED, _REMOVED, box_id=box_id, attempts=outcome.attempts)
        return replace(outcome, attempts=error.attempts + outcome.attempts)
    except PbxError as error:
        return row_outcome(record, Status.FAILED, str(error), box_id=box_id, attempts=error.attempts)
    return row_outcome(record, Status.UPDATED, _REMOVED, box_id=box_id, attempts=removed.attempts)


async def _look_up_missing(record: Record, box_id: str, missing: NoSuchBox, pbx: Pbx) -> Outcome:
    """The outcome of a removal that was answered with 404. A server without this call answers with 404 as well."""
    try:
        await pbx.fetch_box(box_id, record.extension_number)
    except NoSuchBox:
        if not missing.is_certain_and_first:
            return row_outcome(record, Status.UPDATED, _REMOVED, box_id=box_id, attempts=missing.attempts)
        return row_outcome(record, Status.UNCHANGED, ALREADY_REMOVED, attempts=missing.attempts)
    except BulkvmError:
        return unknown(record, missing, missing.attempts)
    return rejected_as_missing(record, missing, box_id)


async def _look_up(change: Change, error: OutcomeUnknown | PbxRefused, pbx: Pbx, *, is_last: bool) -> Outcome | None:
    """The outcome of a removal that was refused or not confirmed; None if nothing was done and it can be repeated."""
    assert change.box is not None
    record, box_id = change.record, change.box.id
    if isinstance(error, PbxRefused) and error.is_certain_and_first:
        return rejected(record, error, error.attempts, box_id)
    try:
        box = await pbx.fetch_box(box_id, record.extension_number)
    except NoSuchBox:
        return row_outcome(record, Status.UPDATED, _REMOVED, box_id=box_id, attempts=error.attempts)
    except BulkvmError as lookup_error:
        raise_if_login_ended(error, lookup_error)
        return unknown(record, error, error.attempts)
    can_be_repeated = isinstance(error, PbxFailed) and not is_last and not fields_differ(change.box, box)
    if isinstance(error, LoginEnded) or can_be_repeated:
        return None
    if isinstance(error, PbxRefused):
        return rejected(record, error, error.attempts, box_id)
    return not_done(record, error, "The box still exists.", box_id)
