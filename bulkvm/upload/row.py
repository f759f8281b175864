"""One change, sent until its outcome is known."""

from bulkvm.box import Box, Record
from bulkvm.changes import Change, ChangeKind
from bulkvm.errors import AnswerLost, NoSuchBox, PbxError, PbxRefused
from bulkvm.outcomes import Outcome, Status
from bulkvm.pbx import Pbx
from bulkvm.planning import fields_differ, whole_box


async def send_change(change: Change, pbx: Pbx) -> Outcome:
    """Send one change and say what became of it.

    Raises:
        LoginRefused: the PBX no longer accepts who asks; this change was not made.
    """
    match change.kind:
        case ChangeKind.CREATE:
            return await _create(change.record, pbx)
        case ChangeKind.UPDATE:
            return await _update(change, pbx)
        case ChangeKind.UNCHANGED:
            return _unchanged(change)


async def _create(record: Record, pbx: Pbx) -> Outcome:
    try:
        box_id = await pbx.create_box(record)
    except AnswerLost as lost:
        return await _look_for(record, pbx, lost)
    except PbxRefused as refusal:
        return _outcome(record, Status.REJECTED, str(refusal), pbx_code=refusal.code)
    except PbxError as error:
        return _outcome(record, Status.FAILED, str(error))
    return _outcome(record, Status.CREATED, box_id=box_id)


async def _look_for(record: Record, pbx: Pbx, lost: AnswerLost) -> Outcome:
    """Ask what became of a create whose answer was lost."""
    try:
        box = await pbx.find_box(record.extension_number)
    except PbxError:
        return _outcome(
            record, Status.UNKNOWN, f"{lost} The PBX could not be asked whether the box was made. Import again to see."
        )
    if box is None:
        return _outcome(record, Status.FAILED, f"{lost} The box was not made. Import again.")
    return _made_or_foreign(record, box)


def _made_or_foreign(record: Record, box: Box) -> Outcome:
    differing = fields_differ(record, box)
    if not differing:
        return _outcome(record, Status.CREATED, "Confirmed after a lost answer.", box_id=box.id)
    return _outcome(
        record,
        Status.REJECTED,
        f"The answer was lost, and there is a box {box.extension_number} now that differs in {', '.join(differing)}. "
        "Somebody else may have made it. Import again to change it.",
        box_id=box.id,
    )


async def _update(change: Change, pbx: Pbx) -> Outcome:
    record, box = change.record, whole_box(change)
    try:
        await pbx.update_box(box)
    except NoSuchBox as gone:
        return _outcome(record, Status.REJECTED, "The box is gone. Import again to make it anew.", pbx_code=gone.code)
    except PbxRefused as refusal:
        return _outcome(record, Status.REJECTED, str(refusal), box_id=box.id, pbx_code=refusal.code)
    except AnswerLost as lost:
        return _outcome(record, Status.UNKNOWN, f"{lost} Import again to see.", box_id=box.id)
    except PbxError as error:
        return _outcome(record, Status.FAILED, str(error), box_id=box.id)
    return _outcome(record, Status.UPDATED, box_id=box.id, changed=change.changed)


def _unchanged(change: Change) -> Outcome:
    return _outcome(change.record, Status.UNCHANGED, box_id=change.box.id if change.box else None, attempts=0)


def _outcome(
    record: Record,
    status: Status,
    message: str = "",
    *,
    box_id: str | None = None,
    changed: tuple[str, ...] = (),
    pbx_code: str | None = None,
    attempts: int = 1,
) -> Outcome:
    return Outcome(
        row=record.row,
        extension_number=record.extension_number,
        status=status,
        id=box_id,
        changed=changed,
        message=message,
        pbx_code=pbx_code,
        attempts=attempts,
    )
