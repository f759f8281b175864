"""Sends one change, and returns once its outcome is known."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, assert_never

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.columns.mask_digits import may_be_mask
from bulkvm.model.box import Box, Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import AnotherBox, BulkvmError, NoSuchBox, PbxError, TooLate
from bulkvm.model.outcome import Outcome, Reason, Status
from bulkvm.pbx import Pbx, WholeBox, complete_box, fetch_again, find_set_fields
from bulkvm.planning import (
    clears_fields,
    expected_box,
    fields_not_applied,
    find_differences,
    find_exact_differences,
    name_fields,
)
from bulkvm.planning.comparison import unseen_fields
from bulkvm.text import printable
from bulkvm.upload.canary import CanaryCheck, not_as_sent
from bulkvm.upload.canary_findings import find_deviations
from bulkvm.upload.creation import MAX_LOOKUPS, KnownBoxes, create, create_after_loss
from bulkvm.upload.current_boxes import MAX_AGE, CurrentBoxes
from bulkvm.upload.preserved_fields import PreservedFields
from bulkvm.upload.removal import ALREADY_REMOVED, remove
from bulkvm.upload.row_outcomes import outcome_without_request, row_outcome
from bulkvm.upload.row_result import RowResult, VerifyMode
from bulkvm.upload.update import outcome_of_missing, update

_SAVED: Final = frozenset({Status.CREATED, Status.UPDATED})
_MAX_READS: Final = 3  # of a box before its update, if its turn comes too late


class _NothingToSend(Exception):
    """The outcome of a change is known before anything is sent for it. `box` is what the PBX shows of it."""

    def __init__(self, outcome: Outcome, box: Box | None = None) -> None:
        super().__init__()
        self.result = RowResult(outcome, box)


def _ignore(*_: object) -> None:
    """No-op callback."""


def _changed_since(planned: Box, box: Box) -> list[str]:
    """The fields in which a box is not as planned. A list may have shown a mask in place of the planned value."""
    differences = find_exact_differences(box, planned)
    return [d.field for d in differences if not may_be_mask(COLUMN_OF_HEADER[d.field], d.new)]


class RowSender:
    """Sends the changes of a run.

    A box is fetched right before it is changed: a plan may be an hour old, and others work on the PBX too.
    """

    def __init__(
        self,
        pbx: Pbx,
        plan: Plan,
        *,
        preserved: PreservedFields | None = None,
        on_begin: Callable[[Change], None] = _ignore,
        on_whole: Callable[[int, str, WholeBox], None] = _ignore,
        check_running: Callable[[], None] = _ignore,
    ) -> None:
        """Make a sender.

        Args:
            pbx: the PBX.
            plan: what is known of the PBX's boxes before the run.
            preserved: the undocumented fields that updates are known to preserve. A box with others is updated alone,
                and verified as a canary. None to update without that check.
            on_begin: called with the change, which has the current box, right before it is sent.
            on_whole: called with the row, "before" or "after", and the box that was read with all its fields.
            check_running: called before a box is updated alone; raises if the run has ended.
        """
        self._pbx = pbx
        self._current = CurrentBoxes(pbx, plan)
        self._known = KnownBoxes(set(plan.ids), set(plan.numbers), plan.skips_taken, plan.is_exact)
        self._preserved = preserved
        self._on_begin = on_begin
        self._on_whole = on_whole
        self._check_running = check_running
        self._is_too_slow = False  # for an update within MAX_AGE, so that reading again does not help

    async def send(self, change: Change, verify: VerifyMode = VerifyMode.IN_DOUBT) -> RowResult:
        """Send one change.

        Raises:
            LoginRefused, NotTrusted, StoppedEarly, Interrupted: the run cannot continue; the change was not made.
        """
        if not change.is_to_send:
            outcome = outcome_without_request(change)
            return RowResult(outcome, change.box if outcome.status is Status.UNCHANGED else None)
        if change.kind is ChangeKind.CREATE:
            return await self._send_and_verify(change, None, verify)
        for reads_left in reversed(range(_MAX_READS)):
            try:
                current, before = await self._refresh(
                    change, alone=verify is VerifyMode.CANARY or reads_left < _MAX_READS - 1
                )
                if change.spares_messages:
                    await self._check_unused(current)
                latest = before.read_at + MAX_AGE
                deadline = latest if reads_left and not self._is_too_slow else math.inf
                result = await self._send_current(current, before, verify, deadline)
            except _NothingToSend as ended:
                return ended.result
            except TooLate:
                self._is_too_slow |= reads_left < _MAX_READS - 1
            else:
                self._is_too_slow &= time.monotonic() > latest
                return result
        raise AssertionError("without a deadline, no update is too late")

    async def _send_current(self, change: Change, before: WholeBox, verify: VerifyMode, deadline: float) -> RowResult:
        """Send the change of a box that was just fetched: alone if its undocumented fields may not be preserved.

        Raises:
            TooLate: it was not sent, because its turn came after the deadline.
        """
        preserved = self._preserved if change.kind is ChangeKind.UPDATE else None
        if preserved is None or (verify is not VerifyMode.CANARY and preserved.cover(before)):
            return await self._send_and_verify(change, before, verify, deadline)
        async with preserved.alone(before) as is_needed:
            self._check_running()
            mode = VerifyMode.CANARY if is_needed else verify
            result = await self._send_and_verify(change, before, mode, deadline)
            if result.is_verified:
                preserved.add(before)
            return result

    async def find_doubt(self, change: Change, outcome: Outcome, before: WholeBox | None = None) -> str | None:
        """Read a box back whose row may have reached another tenant.

        Args:
            change: as it was planned.
            outcome: of the row.
            before: the box right before the change, if it was verified with all its fields.

        Returns:
            Why it is not certain that the row left the box as it is, empty for a row that is not done; None if it is.

        Raises:
            BulkvmError: nothing can be read now.
        """
        box_id = change.box.id if change.box else outcome.id
        if not outcome.status.is_done or box_id is None:
            return ""
        try:
            if change.kind is ChangeKind.REMOVE:
                await self._pbx.fetch_box(box_id, change.record.extension_number)
                return "The box exists."
            expected = expected_box(change, box_id)
            box = await fetch_again(self._pbx, expected)
        except NoSuchBox:
            return None if change.kind is ChangeKind.REMOVE else "The box does not exist."
        except PbxError as error:
            return f"The box could not be read back: {error}"
        return await self._find_difference(change, expected, box, before)

    async def _find_difference(self, change: Change, expected: Box, box: Box, before: WholeBox | None) -> str | None:
        """Why a box that was read back is not certainly as the change left it; None if it is."""
        if differing := [difference.field for difference in find_exact_differences(box, expected)]:
            return f"The PBX shows other values in {', '.join(differing)}."
        if before:
            after = await self._pbx.fetch_whole_box(box.id, box.extension_number)
            if others := find_deviations(change, before, after, box).texts:
                return f"Other fields of the box are not as before: {'; '.join(others)}."
        hidden = unseen_fields(expected, box)
        return f"The PBX does not show {name_fields(hidden)}." if hidden else None

    async def is_untouched(self, change: Change) -> bool:
        """Whether the box of a row is as it was planned to be before the row, or does not exist if it is new.

        Raises:
            BulkvmError: nothing can be read now.
        """
        if change.box is None:
            return await self._pbx.find_box(change.record.extension_number) is None
        return not find_exact_differences(await fetch_again(self._pbx, change.box), change.box)

    async def look_up_again(self, record: Record, created: Outcome, *, may_create: bool) -> Outcome:
        """Look up the box of a row whose create was answered with the id of another box.

        Args:
            record: the row.
            created: its outcome by that answer.
            may_create: whether to create the box if it does not exist.

        Raises:
            LoginRefused: the login is no longer accepted, and the box was not created.
        """
        lost = AnotherBox("The PBX answered with the id of another box.", attempts=created.attempts)
        lookups = MAX_LOOKUPS if may_create else 1
        return await create_after_loss(record, self._pbx, lost, self._known, lookups)

    async def _send_and_verify(
        self, change: Change, before: WholeBox | None, verify: VerifyMode, deadline: float | None = None
    ) -> RowResult:
        """Send a change, and read the box back if required."""
        if before and verify is VerifyMode.CANARY:
            self._on_whole(change.record.row, "before", before)
        self._on_begin(change)
        outcome = await self._send(change, deadline)
        if verify is VerifyMode.LATER and outcome.status in _SAVED and change.kind is not ChangeKind.REMOVE:
            return RowResult(outcome, unverified=change)
        return await self._verify_or_find(change, before, verify, outcome)

    async def verify(self, result: RowResult) -> RowResult:
        """Read the box of a row back that was sent to be verified later.

        Raises:
            LoginRefused: the login is no longer accepted, and the box was not created.
        """
        assert result.unverified is not None
        return await self._verify_or_find(result.unverified, None, VerifyMode.ALWAYS, result.outcome)

    async def _verify_or_find(
        self, change: Change, before: WholeBox | None, verify: VerifyMode, outcome: Outcome
    ) -> RowResult:
        """Read the box back if required. A new box whose id turns out to be that of another one is looked up."""
        may_be_another = change.kind is ChangeKind.CREATE
        try:
            return await self._verify(change, before, verify, outcome, may_be_another=may_be_another)
        except AnotherBox as wrong:  # the answer to the create had the id of a box with another number
            lost = wrong.after(outcome.attempts)
            found = await create_after_loss(change.record, self._pbx, lost, self._known)
            outcome = outcome if found.status is Status.UNKNOWN else found
            return await self._verify(change, before, verify, outcome, may_be_another=False)

    async def _send(self, change: Change, deadline: float | None) -> Outcome:
        match change.kind:
            case ChangeKind.CREATE:
                return await create(change.record, self._pbx, self._known)
            case ChangeKind.REMOVE:
                return await remove(change, self._pbx)
            case ChangeKind.UPDATE:
                return await update(change, self._pbx, deadline)
            case ChangeKind.UNCHANGED | ChangeKind.KEEP:
                raise AssertionError("a box that is not changed needs no request")
            case _:
                assert_never(change.kind)

    async def _verify(
        self, change: Change, before: WholeBox | None, verify: VerifyMode, outcome: Outcome, *, may_be_another: bool
    ) -> RowResult:
        """Read the box back if required.

        Raises:
            AnotherBox: the box with this id has another number, and `may_be_another` is set.
        """
        if outcome.status not in _SAVED:
            return RowResult(outcome)
        if verify is VerifyMode.CANARY:
            check = CanaryCheck(change, before, self._pbx, self._on_whole)
            return await check.run(outcome, may_be_another=may_be_another)
        if change.kind is ChangeKind.REMOVE or (verify is VerifyMode.IN_DOUBT and not clears_fields(change)):
            return RowResult(outcome)
        assert outcome.id is not None
        try:
            box = await fetch_again(self._pbx, expected_box(change, outcome.id))  # completed from the list
        except BulkvmError as error:
            if isinstance(error, AnotherBox) and may_be_another:
                raise
            if verify is VerifyMode.IF_POSSIBLE:
                return RowResult(outcome)
            message = f"It was {outcome.status}, but could not be read back: {error}"
            ending = None if isinstance(error, PbxError) else error  # ends the run, and is why others are not read
            return RowResult(replace(outcome, status=Status.UNKNOWN, message=message), error=ending)
        differing = fields_not_applied(change, change.record, box)
        return RowResult(not_as_sent(outcome, differing) if differing else outcome, box)

    async def _refresh(self, change: Change, *, alone: bool) -> tuple[Change, WholeBox]:
        """The change for the current box, and that box with all its fields; it is fetched `alone`, or with others.

        Raises:
            _NothingToSend: nothing is left to be sent.
        """
        record, planned = change.record, change.box
        assert planned is not None
        try:
            whole = await self._current.fetch(change, alone=alone)
            box = (await complete_box(self._pbx, whole.box, planned)).filled_from(planned)
        except PbxError as error:
            raise _NothingToSend(await self._outcome_of_unfetched(change, error)) from error
        is_undo = change.wanted or change.kind is ChangeKind.REMOVE
        changed = [difference.field for difference in find_exact_differences(box, planned)] if is_undo else []
        if change.is_exact:
            changed = _changed_since(planned, box)
        if not changed and change.undocumented is not None:
            changed = [printable(name) for name in find_set_fields(change.undocumented, whole.fields)]
        if changed and change.is_exact:
            fields = ", ".join(changed)
            message = f"Since the plan was checked, the box was changed in {fields}. It was not sent: make a new plan."
            raise _NothingToSend(row_outcome(record, Status.FAILED, message, box_id=box.id, reason=Reason.OUTDATED))
        if changed:
            kept = f"Since the undo was planned, the box was changed in {', '.join(changed)}, so it is kept as it is."
            raise _NothingToSend(row_outcome(record, Status.FAILED, kept, box_id=box.id, reason=Reason.KEPT))
        if is_undo:
            return replace(change, box=box), whole
        differences = find_differences(record, box)
        if not differences:
            message = "Already up to date: someone else made this change."
            raise _NothingToSend(row_outcome(record, Status.UNCHANGED, message, box_id=box.id), box)
        return replace(change, box=box, differences=differences), whole

    async def _outcome_of_unfetched(self, change: Change, error: PbxError) -> Outcome:
        """The outcome of a change whose box could not be fetched."""
        if not isinstance(error, NoSuchBox):
            return row_outcome(change.record, Status.FAILED, f"{error} Nothing was sent for this row.")
        if change.kind is ChangeKind.REMOVE:
            return row_outcome(change.record, Status.UNCHANGED, ALREADY_REMOVED)
        return await outcome_of_missing(change, error, self._pbx)

    async def _check_unused(self, change: Change) -> None:
        """Keep a box in which a message or a greeting was recorded after the undo was planned.

        Raises:
            _NothingToSend: the box is kept.
        """
        assert change.box is not None
        messages = await self._pbx.count_messages(change.box.id)
        greetings = await self._pbx.count_greetings(change.box.id) if messages == 0 else None
        if greetings == 0:
            return
        if messages is None:
            why = "The PBX no longer shows whether the box holds messages"
        elif messages:
            why = "The box holds a message now"
        elif greetings is None:
            why = "The PBX no longer shows whether the box has a greeting"
        else:
            why = "The box has a greeting now"
        kept = f"{why}, so it is kept as it is."
        outcome = row_outcome(change.record, Status.FAILED, kept, box_id=change.box.id, reason=Reason.KEPT)
        raise _NothingToSend(outcome)
