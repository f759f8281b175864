"""One change, sent until its outcome is known."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from bulkvm.model.box import Box, Record
from bulkvm.model.change import Change, ChangeKind
from bulkvm.model.errors import (
    AnotherBox,
    AnswerLost,
    BulkvmError,
    LoginEnded,
    LoginRefused,
    NoSuchBox,
    OutcomeUnknown,
    PbxError,
    PbxRefused,
)
from bulkvm.model.outcome import Outcome, Status
from bulkvm.pbx import Pbx, Response, WholeBox, find_set_fields
from bulkvm.planning import (
    box_to_send,
    clears_fields,
    describe_unseen,
    expected_box,
    fields_differ,
    fields_not_applied,
    fields_not_saved,
    find_differences,
    find_exact_differences,
    updated_box,
)
from bulkvm.text import printable
from bulkvm.upload.kept_fields import KeptFields
from bulkvm.upload.read_back import PAUSES, ReadBack, Sent, not_as_sent, prove

# How often a box is created anew after its answer was lost and the box was found not to be there.
_CREATES: Final = 5
# How often a change is sent that is answered with 401 and found not to be done: other requests may use up a new login.
_LOGINS: Final = 5
_CONFIRMED: Final = "Confirmed after a lost answer."
_GONE: Final = "The box is gone."


class _NothingToSend(Exception):
    """A change has come to its outcome before anything was sent for it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def _ignore_begin(_: Change) -> None:
    """No-op callback."""


def _ignore_check() -> None:
    """No-op callback."""


def _ignore_whole(_row: int, _when: str, _box: WholeBox) -> None:
    """No-op callback."""


async def send_change(
    change: Change,
    pbx: Pbx,
    *,
    read_back: ReadBack = ReadBack.IN_DOUBT,
    begin: Callable[[Change], None] = _ignore_begin,
    note_whole: Callable[[int, str, WholeBox], None] = _ignore_whole,
    kept: KeptFields | None = None,
    check: Callable[[], None] = _ignore_check,
    known_ids: set[str] | None = None,
) -> Sent:
    """Send one change and say what became of it.

    What exists is looked at right before it is changed: a plan may be an hour old, and others work on the PBX too.

    Args:
        change: what a row comes to.
        pbx: where.
        read_back: when to read back what was written.
        begin: called with the change, and the box as it is now in it, right before it is sent.
        note_whole: called with each box that is read with all its fields.
        kept: which undocumented fields an update is known to keep; a box with others is updated alone and as a canary.
        check: called before that; raises StoppedEarly if the run has ended.
        known_ids: those of the boxes that were there before the run, or that it made so far; a new one is added. A
            create that is answered with one of them made another box, or none.

    Raises:
        LoginRefused, NotTrusted, StoppedEarly, Interrupted: the run cannot go on, and this change was not made.
    """
    if change.kind is ChangeKind.UNCHANGED:
        message = describe_unseen(change)
        return Sent(_outcome(change.record, Status.UNCHANGED, message, box_id=change.box.id if change.box else None))
    before: WholeBox | None = None
    if change.kind is not ChangeKind.CREATE:
        try:
            change, before = await _look_again(change, pbx)
            if change.spares_messages:
                await _spare(change, pbx)
        except _NothingToSend as ended:
            return Sent(ended.outcome)
    ids = set() if known_ids is None else known_ids
    sending = partial(_send_and_read, change, before, pbx, begin=begin, note_whole=note_whole, known_ids=ids)
    if before is None or kept is None or change.kind is not ChangeKind.UPDATE:
        return await sending(read_back)
    if read_back is not ReadBack.CANARY and kept.cover(before):
        return await sending(read_back)
    async with kept.alone(before) as is_needed:
        check()
        sent = await sending(ReadBack.CANARY if is_needed else read_back)
        if sent.is_proven:
            kept.add(before)
        return sent


async def _send_and_read(
    change: Change,
    before: WholeBox | None,
    pbx: Pbx,
    read_back: ReadBack,
    *,
    begin: Callable[[Change], None],
    note_whole: Callable[[int, str, WholeBox], None],
    known_ids: set[str],
) -> Sent:
    """Send a change for a box that was just looked at, and read it back as far as that is wanted."""
    if before and read_back is ReadBack.CANARY:
        note_whole(change.record.row, "before", before)
    begin(change)
    outcome = await _send(change, pbx, known_ids)
    reading = partial(_read, change, before, pbx, read_back, note_whole=note_whole)
    try:
        return await reading(outcome, may_be_another=change.kind is ChangeKind.CREATE)
    except AnotherBox as wrong:  # the id in the answer to a create is that of a box with another number
        found = await _create_after_loss(change.record, pbx, wrong.after(outcome.attempts), known_ids)
        return await reading(outcome if found.status is Status.UNKNOWN else found, may_be_another=False)


async def _read(
    change: Change,
    before: WholeBox | None,
    pbx: Pbx,
    read_back: ReadBack,
    outcome: Outcome,
    *,
    note_whole: Callable[[int, str, WholeBox], None],
    may_be_another: bool,
) -> Sent:
    """Read back what was sent, as far as that is wanted.

    Raises:
        AnotherBox: the box with this id has another number, where that `may_be`.
    """
    if outcome.status not in {Status.CREATED, Status.UPDATED}:
        return Sent(outcome)
    if read_back is ReadBack.CANARY:
        return await prove(change, before, outcome, pbx, note_whole, may_be_another=may_be_another)
    if change.kind is not ChangeKind.REMOVE and (read_back is not ReadBack.IN_DOUBT or clears_fields(change)):
        is_needed = read_back is not ReadBack.IF_POSSIBLE
        return await _verify(change, outcome, pbx, is_needed=is_needed, may_be_another=may_be_another)
    return Sent(outcome)


async def _send(change: Change, pbx: Pbx, known_ids: set[str]) -> Outcome:
    match change.kind:
        case ChangeKind.CREATE:
            return await _create(change.record, pbx, known_ids)
        case ChangeKind.REMOVE:
            return await _remove(change, pbx)
        case _:
            return await _update(change, pbx)


async def _look_again(change: Change, pbx: Pbx) -> tuple[Change, WholeBox]:
    """The change for the box as it is now, and that box with all its fields.

    Raises:
        _NothingToSend: nothing is left to be sent.
    """
    record, planned = change.record, change.box
    assert planned is not None
    try:
        whole = await pbx.fetch_whole_box(planned.id, planned.extension_number)
        box = (await pbx.complete(whole.box, planned)).filled_from(planned)
    except PbxError as error:
        raise _NothingToSend(await _not_found(change, error, pbx)) from error
    is_undo = change.wanted or change.kind is ChangeKind.REMOVE
    if is_undo and (changed := [difference.field for difference in find_exact_differences(box, planned)]):
        kept = f"It was changed meanwhile in {', '.join(changed)}, so it is kept as it is."
        raise _NothingToSend(_outcome(record, Status.UNCHANGED, kept, box_id=box.id))
    if change.undocumented is not None and (names := find_set_fields(change.undocumented, whole.fields)):
        kept = f"It was changed meanwhile in {', '.join(map(printable, names))}, so it is kept as it is."
        raise _NothingToSend(_outcome(record, Status.UNCHANGED, kept, box_id=box.id))
    if is_undo:
        return replace(change, box=box), whole
    differences = find_differences(record, box)
    if not differences:
        raise _NothingToSend(_outcome(record, Status.UNCHANGED, "Somebody else made it so meanwhile.", box_id=box.id))
    return replace(change, box=box, differences=differences), whole


async def _spare(change: Change, pbx: Pbx) -> None:
    """Keep a box in which a message was left, or for which a greeting was recorded, after the undo was planned.

    Raises:
        _NothingToSend: so it is.
    """
    assert change.box is not None
    messages = await pbx.count_messages(change.box.id)
    if messages is None:
        why = "The PBX does not show any more whether it holds messages"
    elif messages:
        why = "It holds a message now"
    else:
        try:
            if not await pbx.count_greetings(change.box.id):
                return
            why = "It has a greeting now"
        except OutcomeUnknown:
            why = "The PBX does not show any more whether it has a greeting"
    kept = f"{why}, so it is kept as it is."
    raise _NothingToSend(_outcome(change.record, Status.UNCHANGED, kept, box_id=change.box.id))


async def _not_found(change: Change, error: PbxError, pbx: Pbx) -> Outcome:
    """The outcome of a change whose box could not be looked at."""
    record = change.record
    if not isinstance(error, NoSuchBox):
        return _outcome(record, Status.FAILED, f"{error} Nothing was sent for this row.")
    if change.kind is ChangeKind.REMOVE:
        return _outcome(record, Status.UNCHANGED, "The box was gone already.")
    return await _gone(change, error, pbx)


async def _gone(change: Change, gone: NoSuchBox, pbx: Pbx, attempts: int = 0) -> Outcome:
    """The outcome of an update whose box is gone, and what importing again would come to."""
    record = change.record
    try:
        another = await pbx.find_box(record.extension_number)
    except BulkvmError:
        message = f"{_GONE} Look at the plan before you import again: another one may have its number."
    else:
        message = f"{_GONE} Another one has its number now, which importing again would change: look at that one first."
        if another is None:
            message = _GONE if change.wanted else f"{_GONE} Import again to make it anew."
        elif change.wanted:
            message = f"{_GONE} Another one has its number now, and is kept as it is."
    return _outcome(record, Status.REJECTED, message, pbx_code=gone.code, attempts=attempts)


async def _create(record: Record, pbx: Pbx, known_ids: set[str]) -> Outcome:
    try:
        created = await _create_new(record, pbx, known_ids)
    except OutcomeUnknown as lost:
        return await _create_after_loss(record, pbx, lost, known_ids)
    except PbxRefused as refusal:
        if refusal.is_certain:
            return _rejected(record, refusal, refusal.attempts)
        return await _look_after_refusal(record, pbx, refusal)
    except PbxError as error:
        return _outcome(record, Status.FAILED, str(error), attempts=error.attempts)
    return _outcome(record, Status.CREATED, box_id=created.value, attempts=created.attempts)


async def _create_new(record: Record, pbx: Pbx, known_ids: set[str]) -> Response[str]:
    """Create a box, and note its id.

    Raises:
        AnotherBox: the id is that of another box, so that it is not known what was made.
    """
    created = await pbx.create_box(record)
    if created.value in known_ids:
        raise AnotherBox("The PBX answered with the id of another box.", attempts=created.attempts)
    known_ids.add(created.value)
    return created


async def _create_after_loss(record: Record, pbx: Pbx, lost: OutcomeUnknown, known_ids: set[str]) -> Outcome:
    """Ask whether the box is there before each further try, as often as it takes to know.

    Raises:
        LoginRefused: the PBX accepts the login no more, and did nothing as far as it shows.
    """
    attempts = lost.attempts
    for tries_left in reversed(range(_CREATES)):
        if found := await _look_for(record, pbx, lost, attempts):
            known_ids |= {found.id} if found.id else set()
            return found
        if not tries_left:
            break
        try:
            created = await _create_new(record, pbx, known_ids)
        except OutcomeUnknown as error:
            lost = _more_uncertain(lost, error)
            attempts += error.attempts
        except PbxRefused as refusal:
            return await _refused_after_loss(record, pbx, lost, refusal, attempts + refusal.attempts)
        except BulkvmError:
            return _unknown(record, lost, attempts)
        else:
            return _outcome(record, Status.CREATED, box_id=created.value, attempts=attempts + created.attempts)
    if isinstance(lost, AnswerLost):
        return _still_open(record, lost, attempts)
    if isinstance(lost, LoginEnded):
        raise LoginRefused(str(lost))
    return _outcome(record, Status.FAILED, f"{lost} The box is not there. Import again.", attempts=attempts)


async def _look_for(record: Record, pbx: Pbx, lost: OutcomeUnknown, attempts: int) -> Outcome | None:
    """The outcome of a create whose answer was lost, if a box is there, or where nobody can tell."""
    try:
        box = await pbx.find_box(record.extension_number)
    except BulkvmError as error:
        _raise_if_ended(lost, error)
        return _unknown(record, lost, attempts)
    return _made_or_foreign(record, box, attempts) if box else None


def _raise_if_ended(lost: OutcomeUnknown | PbxRefused, error: BulkvmError) -> None:
    """Raise an error of the login where the request itself was answered with 401: both say that the login has ended."""
    if isinstance(lost, LoginEnded) and isinstance(error, LoginRefused):
        raise error


async def _refused_after_loss(
    record: Record, pbx: Pbx, lost: OutcomeUnknown, refusal: PbxRefused, attempts: int
) -> Outcome:
    """The outcome of a create that was refused, perhaps because of our own box that an earlier try made late."""
    try:
        for pause in PAUSES:
            await pbx.pause(pause)
            if box := await pbx.find_box(record.extension_number):
                return _made_or_foreign(record, box, attempts)
    except BulkvmError:
        return _unknown(record, lost, attempts)
    return _rejected(record, refusal, attempts)


async def _look_after_refusal(record: Record, pbx: Pbx, refusal: PbxRefused) -> Outcome:
    """The outcome of a create that was refused in a way that does not prove that nothing was made."""
    attempts = refusal.attempts
    try:
        box = await pbx.find_box(record.extension_number)
    except BulkvmError:
        return _unknown(record, refusal, attempts)
    if box and not fields_not_saved(record, box):
        message = f"{refusal} The box is there as the row wants it."
        return _outcome(record, Status.CREATED, message, box_id=box.id, attempts=attempts)
    return _rejected(record, refusal, attempts, box.id if box else None)


def _more_uncertain(earlier: OutcomeUnknown, later: OutcomeUnknown) -> OutcomeUnknown:
    """The one of two lost answers that leaves more open."""
    return earlier if isinstance(earlier, AnswerLost) else later


def _rejected(record: Record, refusal: PbxRefused, attempts: int, box_id: str | None = None) -> Outcome:
    return _outcome(record, Status.REJECTED, str(refusal), box_id=box_id, pbx_code=refusal.code, attempts=attempts)


def _unknown(record: Record, lost: PbxError, attempts: int) -> Outcome:
    message = f"{lost} The PBX could not be asked what became of it. Run the same command again to see."
    return _outcome(record, Status.UNKNOWN, message, attempts=attempts)


def _still_open(record: Record, lost: AnswerLost, attempts: int, box_id: str | None = None) -> Outcome:
    message = f"{lost} Nothing has come of it yet, and the PBX may still be at it. Run the same command again to see."
    return _outcome(record, Status.UNKNOWN, message, box_id=box_id, attempts=attempts)


def _confirmed(change: Change, box: Box, attempts: int) -> Outcome:
    """The outcome of an update whose answer was lost, and which was done by what the PBX shows."""
    return _updated(change, box.id, attempts, _CONFIRMED)


def _updated(change: Change, box_id: str, attempts: int, message: str = "") -> Outcome:
    return _outcome(
        change.record,
        Status.UPDATED,
        f"{message} {describe_unseen(change)}".strip(),
        box_id=box_id,
        changed=change.changed,
        unseen=change.unseen,
        attempts=attempts,
    )


def _not_shown(change: Change, lost: OutcomeUnknown, attempts: int, box_id: str) -> Outcome:
    """The outcome of an update whose answer was lost, of fields alone that cannot be looked at."""
    message = f"{lost} This PBX does not show what was sent. Run the same command again to send it again."
    return _outcome(change.record, Status.UNKNOWN, message, box_id=box_id, attempts=attempts)


def _made_or_foreign(record: Record, box: Box, attempts: int) -> Outcome:
    """The outcome of a create whose answer was lost, when a box with its number is there."""
    differing = fields_not_saved(record, box)
    if not differing:
        return _outcome(record, Status.CREATED, _CONFIRMED, box_id=box.id, attempts=attempts)
    message = (
        f"The answer was lost, and there is a box {box.extension_number} now that differs in {', '.join(differing)}. "
        "Somebody else may have made it. Import again to change it."
    )
    return _outcome(record, Status.REJECTED, message, box_id=box.id, attempts=attempts)


async def _update(change: Change, pbx: Pbx, tries: int = _LOGINS) -> Outcome:
    record, wanted = change.record, updated_box(change)
    try:
        updated = await pbx.update_box(box_to_send(change))
    except PbxRefused as refusal:
        return await _refused(change, wanted, refusal, pbx)
    except OutcomeUnknown as lost:
        return await _look_at(change, wanted, lost, pbx, tries - 1)
    except PbxError as error:
        return _outcome(record, Status.FAILED, str(error), box_id=wanted.id, attempts=error.attempts)
    return _updated(change, wanted.id, updated.attempts)


async def _refused(change: Change, wanted: Box, refusal: PbxRefused, pbx: Pbx) -> Outcome:
    """The outcome of an update that was refused, perhaps after an earlier try that was done, its answer lost."""
    record, attempts = change.record, refusal.attempts
    pauses = PAUSES if refusal.lost else () if refusal.is_certain else PAUSES[:1]
    try:
        for pause in pauses:
            await pbx.pause(pause)
            box = await pbx.fetch_box(wanted.id, wanted.extension_number)
            if not change.is_unseen_only and not fields_not_applied(change, wanted, box):
                return _confirmed(change, box, attempts)
    except NoSuchBox as gone:
        refusal = gone
    except BulkvmError:
        return _unknown(record, refusal, attempts)
    if isinstance(refusal, NoSuchBox):
        return await _gone(change, refusal, pbx, attempts)
    if refusal.lost and change.is_unseen_only:
        return _not_shown(change, refusal.lost, attempts, wanted.id)
    return _rejected(record, refusal, attempts, wanted.id)


async def _look_at(change: Change, wanted: Box, lost: OutcomeUnknown, pbx: Pbx, tries_left: int) -> Outcome:
    """The outcome of an update whose answers were lost: as wanted, as before, or nobody knows."""
    record, attempts = change.record, lost.attempts
    try:
        box = await pbx.fetch_box(wanted.id, wanted.extension_number)
    except BulkvmError as error:
        _raise_if_ended(lost, error)
        return _unknown(record, lost, attempts)
    if not change.is_unseen_only and not fields_not_applied(change, wanted, box):
        return _confirmed(change, box, attempts)
    is_as_before = change.box is not None and not fields_differ(change.box, box)
    if isinstance(lost, LoginEnded) and is_as_before:
        if not tries_left:
            raise LoginRefused(str(lost))
        outcome = await _update(change, pbx, tries_left)
        return replace(outcome, attempts=attempts + outcome.attempts)
    if change.is_unseen_only:
        return _not_shown(change, lost, attempts, box.id)
    if is_as_before:
        return _not_done(record, lost, "The box is as it was. Run the same command again.", box.id)
    differing = ", ".join(fields_not_applied(change, wanted, box))
    message = (
        f"{lost} The box is neither as it was nor as it was sent: it differs in {differing}. Somebody else may have "
        "changed it. Look at the plan before you run the same command again."
    )
    return _outcome(record, Status.UNKNOWN, message, box_id=box.id, attempts=attempts)


def _not_done(record: Record, lost: OutcomeUnknown, shown: str, box_id: str) -> Outcome:
    """The outcome of a change whose answer was lost, and of which nothing can be seen."""
    if isinstance(lost, AnswerLost):
        return _still_open(record, lost, lost.attempts, box_id)
    return _outcome(record, Status.FAILED, f"{lost} {shown}", box_id=box_id, attempts=lost.attempts)


async def _remove(change: Change, pbx: Pbx, tries: int = _LOGINS) -> Outcome:
    assert change.box is not None
    record, box_id = change.record, change.box.id
    try:
        removed = await pbx.destroy_box(box_id)
    except NoSuchBox:
        return _outcome(record, Status.UNCHANGED, "The box was gone already.", attempts=1)
    except (OutcomeUnknown, PbxRefused) as lost:
        if found := await _look_whether_gone(record, box_id, lost, pbx):
            return found
        if tries == 1:
            raise LoginRefused(str(lost)) from lost
        outcome = await _remove(change, pbx, tries - 1)
        return replace(outcome, attempts=lost.attempts + outcome.attempts)
    except PbxError as error:
        return _outcome(record, Status.FAILED, str(error), box_id=box_id, attempts=error.attempts)
    return _outcome(record, Status.UPDATED, "The box was removed.", box_id=box_id, attempts=removed.attempts)


async def _look_whether_gone(
    record: Record, box_id: str, lost: OutcomeUnknown | PbxRefused, pbx: Pbx
) -> Outcome | None:
    """The outcome of a removal that was refused, or whose answer was lost; None if only the login had ended."""
    if isinstance(lost, PbxRefused) and lost.is_certain:
        return _rejected(record, lost, lost.attempts, box_id)
    try:
        await pbx.fetch_box(box_id, record.extension_number)
    except NoSuchBox:
        return _outcome(record, Status.UPDATED, "The box was removed.", box_id=box_id, attempts=lost.attempts)
    except BulkvmError as error:
        _raise_if_ended(lost, error)
        return _unknown(record, lost, lost.attempts)
    if isinstance(lost, LoginEnded):
        return None
    if isinstance(lost, PbxRefused):
        return _rejected(record, lost, lost.attempts, box_id)
    return _not_done(record, lost, "The box is still there.", box_id)


async def _verify(change: Change, outcome: Outcome, pbx: Pbx, *, is_needed: bool, may_be_another: bool) -> Sent:
    """Read back what was written; if the PBX shows something else, nobody can say what became of the row."""
    assert outcome.id is not None
    try:
        box = await pbx.fetch_again(expected_box(change, outcome.id))  # what only the list shows included
    except BulkvmError as error:
        if isinstance(error, AnotherBox) and may_be_another:
            raise
        message = f"It was {outcome.status}, and could not be read back: {error}"
        return Sent(replace(outcome, status=Status.UNKNOWN, message=message) if is_needed else outcome)
    differing = fields_not_applied(change, change.record, box)
    return Sent(not_as_sent(outcome, differing) if differing else outcome, box)


def _outcome(
    record: Record,
    status: Status,
    message: str = "",
    *,
    box_id: str | None = None,
    changed: tuple[str, ...] = (),
    unseen: tuple[str, ...] = (),
    pbx_code: str | None = None,
    attempts: int = 0,
) -> Outcome:
    return Outcome(
        row=record.row,
        extension_number=record.extension_number,
        status=status,
        id=box_id,
        changed=changed,
        unseen=unseen,
        message=message,
        pbx_code=pbx_code,
        attempts=attempts,
    )
