"""Sends the changes of a plan, several at a time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.confirmation import Span, doubt, is_confirmed
from bulkvm.model.errors import (
    BulkvmError,
    Interrupted,
    LoginRefused,
    NotTrusted,
    OtherTenant,
    ReadBackDiffers,
    StoppedEarly,
    TenantNotConfirmed,
)
from bulkvm.model.outcome import CHECK_FIRST, Outcome, Reason, Status
from bulkvm.model.settings import DEFAULT_SETTINGS, SendSettings
from bulkvm.pbx import Pbx, WholeBox
from bulkvm.pbx.parallel import in_parallel
from bulkvm.planning import blank_fields
from bulkvm.runs.journal import Journal
from bulkvm.upload.current_boxes import order_for_pages
from bulkvm.upload.neighbours import order_by_number
from bulkvm.upload.preserved_fields import PreservedFields
from bulkvm.upload.read_back import ReadBack
from bulkvm.upload.row_result import RowResult, VerifyMode
from bulkvm.upload.row_sender import RowSender

_READ_BACK: Final = "Confirmed by reading the box back after the PBX had ended the login."
_IN_DOUBT: Final = (
    "The PBX ended the login, or did not answer, before it was certain that rows reached the right tenant, and reading "
    "their boxes back does not confirm it. The result names these rows. Check their boxes before you run the same "
    "command again."
)
_OF_UNDO: Final = (Reason.KEPT, Reason.GONE)
_MAX_READ_BACKS: Final = 3  # of rows in doubt, since the login may be moved or ended during each of them
_STOP_POLL: Final = 0.1  # seconds
_CANARIES: Final = (ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.REMOVE)


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of every change of a plan, in the plan's order, and the error that stopped the run, if any."""

    outcomes: tuple[Outcome, ...]
    error: BulkvmError | None = None


def _ignore(_: Outcome) -> None:
    """No-op callback."""


def _never() -> bool:
    return False


async def send(
    plan: Plan,
    pbx: Pbx,
    settings: SendSettings = DEFAULT_SETTINGS,
    *,
    journal: Journal | None = None,
    on_outcome: Callable[[Outcome], None] = _ignore,
    stop: Callable[[], bool] = _never,
) -> RunResult:
    """Send every change of a plan, several at a time.

    The first create, update and removal are canaries: they are sent first, one by one, and read back with all their
    fields. So is each update of a box with undocumented fields that the PBX is not known to preserve. A PBX that does
    not save what was sent, or clears other fields, damages one box only.

    Args:
        plan: the changes.
        pbx: the PBX.
        settings: concurrency, the limit of failures, and whether all boxes are read back.
        journal: records each step before it matters.
        on_outcome: called with each outcome once its box was verified, in no particular order.
        stop: polled during the run. Once it returns True, no further change is begun, and waiting requests are not
            sent.
    """
    run = _Run(pbx, settings, journal, on_outcome, stop, plan=plan)
    watch = asyncio.create_task(_end_waits_on(stop, pbx))
    try:
        for change in plan.changes:
            if not change.is_to_send:
                await run.send(change)
        for kind in _CANARIES if settings.canary else ():
            await run.send_canary(change for change in plan.changes if change.kind is kind)
        await in_parallel(run.left(plan), run.send, settings.concurrency)
        await run.finish_verifying()
        await run.settle_shared_ids(plan)
        await run.confirm(plan)
    finally:
        watch.cancel()
    return run.end(plan)


async def _end_waits_on(stop: Callable[[], bool], pbx: Pbx) -> None:
    while not stop():  # noqa: ASYNC110  (a signal handler cannot set an asyncio event)
        await asyncio.sleep(_STOP_POLL)
    pbx.end_waits()


class _Run:
    """A run in progress: the outcomes so far, and the error that stopped it, if any."""

    def __init__(
        self,
        pbx: Pbx,
        settings: SendSettings,
        journal: Journal | None,
        on_outcome: Callable[[Outcome], None],
        stop: Callable[[], bool],
        *,
        plan: Plan,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._on_outcome = on_outcome
        self._stop = stop
        self._outcomes: dict[int, Outcome] = {}
        self._pbx = pbx
        self._spans: dict[int, Span] = {}
        self._before: dict[int, WholeBox] = {}
        self._is_in_doubt = False
        self._blanks: set[frozenset[str]] = set()
        self._sender = RowSender(
            pbx,
            plan,
            preserved=PreservedFields() if settings.canary else None,
            on_begin=self._record_begin,
            on_whole=self._record_whole,
            check_running=self._check_running,
        )
        self._is_exact = plan.is_exact
        self._read_back = ReadBack(pbx, plan, self._verify)
        self._tried = 0
        self._failed = 0
        self._error: BulkvmError | None = None

    async def send_canary(self, changes: Iterable[Change]) -> None:
        """Send changes of a kind, one after another, until one of them is verified."""
        for change in changes:
            if self._has_ended() or await self._send(change, VerifyMode.CANARY):
                return

    def left(self, plan: Plan) -> Iterator[Change]:
        """The changes that have no outcome yet."""
        changes = sorted(plan.changes, key=order_by_number if self._settings.verify else order_for_pages)
        return (change for change in changes if change.record.row not in self._outcomes)

    async def send(self, change: Change) -> None:
        """Send one change, unless the run has ended."""
        if not self._has_ended():
            await self._send(change, self._verify_mode(change))

    async def finish_verifying(self) -> None:
        """Read back the boxes that were to be verified together with others which were not sent."""
        for result in await self._read_back.finish():
            self._finish(result)

    async def settle_shared_ids(self, plan: Plan) -> None:
        """Look up the boxes of creates that were answered with the same id, which only one of them can have."""
        outcomes = ((change, self._outcomes.get(change.record.row)) for change in plan.changes)
        created = [(change, o) for change, o in outcomes if o and o.status is Status.CREATED]
        rows = Counter(outcome.id for _, outcome in created)
        for change, outcome in created:
            if rows[outcome.id] > 1:
                try:
                    settled = await self._sender.look_up_again(change.record, outcome, may_create=not self._has_ended())
                except LoginRefused as error:
                    self._error = self._error or error
                    settled = _not_sent(change)
                self._outcomes[outcome.row] = settled
                self._extend_span(outcome.row)
                self._record_end(RowResult(settled), outcome)

    async def confirm(self, plan: Plan) -> None:
        """Check that the rows reached the tenant. Those of which that is not certain are read back."""
        refused: BulkvmError | None = None
        for read_backs_left in reversed(range(_MAX_READ_BACKS + 1)):
            try:
                await self._pbx.confirm_tenant()
            except BulkvmError as error:
                refused = error
                break
            unconfirmed = self._list_unconfirmed(plan)
            if not (unconfirmed and read_backs_left):
                break
            await in_parallel(unconfirmed, self._read_back_again, self._settings.concurrency)
        why = str(refused) if isinstance(refused, OtherTenant) else ""  # which names that tenant
        for change in self._list_unconfirmed(plan):
            self._replace(change.record.row, doubt(self._outcomes[change.record.row], why))
            self._is_in_doubt = True
        if isinstance(refused, LoginRefused):
            self._error = refused if self._is_in_doubt else self._error or refused
        elif self._is_in_doubt:  # which may be the cause of rows that failed before, too
            self._error = TenantNotConfirmed(f"{_IN_DOUBT} {refused or ''}".strip())
        self._record_gaps()

    def _list_unconfirmed(self, plan: Plan) -> list[Change]:
        """The changes whose requests, or some of them, may have reached another tenant."""
        if not (gaps := self._pbx.gaps):
            return []
        sent = ((change, self._spans.get(change.record.row)) for change in plan.changes if change.is_to_send)
        return [
            change
            for change, span in sent
            if span and self._outcomes[change.record.row].was_sent and not is_confirmed(span, gaps)
        ]

    async def _read_back_again(self, change: Change) -> None:
        """Read the box of a row back that may have reached another tenant."""
        row, began = change.record.row, self._pbx.moment()
        outcome = self._outcomes[row]
        try:
            why = await self._sender.find_doubt(change, outcome, self._before.get(row))
            is_untouched = not outcome.status.may_have_changed and await self._sender.is_untouched(change)
        except Exception:  # noqa: BLE001  (as long as the box cannot be read, the row is in doubt)
            return
        self._spans[row] = began, self._pbx.moment()
        if why is None:
            message = f"{outcome.message.removesuffix(_READ_BACK)} {_READ_BACK}".strip()
            self._replace(row, replace(outcome, message=message))
        else:
            self._replace(row, doubt(outcome, why, is_untouched=is_untouched))
            self._is_in_doubt = True

    def _replace(self, row: int, outcome: Outcome) -> None:
        """Replace the outcome of a row."""
        former, self._outcomes[row] = self._outcomes[row], outcome
        self._record_end(RowResult(outcome), former)

    def _extend_span(self, row: int) -> None:
        """Record that a request of a row has been answered."""
        now = self._pbx.moment()
        self._spans[row] = self._spans.get(row, (now, now))[0], now

    def _check_running(self) -> None:
        """Raise the error that stopped the run, if it has stopped."""
        if self._error:
            raise self._error
        if self._stop():
            raise Interrupted("The run was stopped.")

    def _has_ended(self) -> bool:
        return self._error is not None or self._stop()

    def _verify_mode(self, change: Change) -> VerifyMode:
        """How a box is verified. The PBX's defaults for blank cells are recorded once for each set of blank cells."""
        if self._settings.verify:
            return VerifyMode.LATER
        if (
            self._journal
            and self._settings.canary
            and change.kind is ChangeKind.CREATE
            and self._is_first_with_its_blanks(change.record)
        ):
            return VerifyMode.IF_POSSIBLE
        return VerifyMode.IN_DOUBT

    def _is_first_with_its_blanks(self, record: Record) -> bool:
        blanks = blank_fields(record)
        is_first = blanks not in self._blanks
        self._blanks.add(blanks)
        return is_first

    async def _send(self, change: Change, verify: VerifyMode) -> bool:
        """Send one change, and return whether it was verified as a canary."""
        if verify is VerifyMode.CANARY:
            self._is_first_with_its_blanks(change.record)
        began = self._pbx.moment()
        self._spans[change.record.row] = began, began
        result = await _result_of(change, self._sender.send(change, verify))
        self._finish(result)
        if self._settings.verify:
            for verified in await self._read_back.after(result):
                self._finish(verified)
        return result.is_verified

    async def _verify(self, result: RowResult) -> RowResult:
        """Verify one row, without others."""
        assert result.unverified is not None
        return await _result_of(result.unverified, self._sender.verify(result))

    def _finish(self, result: RowResult) -> None:
        """Record the result of a row: of sending it, or of verifying it later."""
        former = self._outcomes.get(result.outcome.row)
        self._error = self._error or result.error
        self._outcomes[result.outcome.row] = result.outcome
        self._extend_span(result.outcome.row)
        if result.unverified is None:
            self._on_outcome(result.outcome)
        if result.outcome.status is not Status.NOT_SENT:
            self._count(result.outcome, again=former is not None)
        self._record_end(result, former)

    def end(self, plan: Plan) -> RunResult:
        """The outcomes of all changes, including those that were never begun."""
        outcomes = tuple(
            self._outcomes.get(change.record.row) or _not_sent(change, self._error) for change in plan.changes
        )
        is_cut_short = any(outcome.status is Status.NOT_SENT for outcome in outcomes)
        if is_cut_short and (self._error is None or (self._stop() and not self._is_in_doubt)):
            self._error = Interrupted(
                "The run was stopped. Run the same command again to continue, with another --result if one was given."
            )
        return RunResult(outcomes, self._error)

    def _record_begin(self, change: Change) -> None:
        """Record what is about to be sent. If that fails, it is not sent."""
        if self._journal:
            try:
                self._journal.begin(change)
            except OSError as error:
                raise _journal_failed(error) from error

    def _record_whole(self, row: int, when: str, box: WholeBox) -> None:
        if when == "before":
            self._before[row] = box
        if self._journal:
            try:
                self._journal.whole(row, when, box.to_json())
            except OSError as error:
                raise _journal_failed(error) from error

    def _record_gaps(self) -> None:
        """Record what is confirmed. If that fails, a re-created result claims less than the run does."""
        if self._journal and self._pbx.gaps:
            with suppress(OSError):
                self._journal.confirm(self._pbx.gaps)

    def _record_end(self, result: RowResult, former: Outcome | None) -> None:
        if self._journal:
            try:
                self._journal.end(
                    result.outcome,
                    result.box,
                    former=former.status if former else None,
                    span=self._spans.get(result.outcome.row),
                    gaps=self._pbx.gaps,
                )
            except OSError as error:
                self._error = self._error or _journal_failed(error)

    def _count(self, outcome: Outcome, *, again: bool) -> None:
        """Count a row, and stop the run if too many failed. Rows without a request are not counted."""
        is_done = outcome.status.is_done or outcome.reason in _OF_UNDO
        self._tried += not again and (outcome.attempts > 0 or not is_done)
        self._failed += not is_done
        if self._settings.max_errors.is_exceeded(self._failed, self._tried):
            drifted = " Make a new plan if its boxes were changed." if self._is_exact else ""
            self._error = self._error or StoppedEarly(
                f"{self._failed} of the {self._tried} rows that were tried failed, and {self._settings.max_errors} are "
                "allowed, so the run stopped. The result gives the reasons. To continue anyway, use a higher "
                f"--max-errors.{drifted}"
            )


async def _result_of(change: Change, sending: Awaitable[RowResult]) -> RowResult:
    """The result of sending or verifying a change, with the error that stops the run."""
    try:
        return await sending
    except LoginRefused as error:
        return RowResult(replace(_not_sent(change, error), attempts=error.attempts), error=error)
    except (NotTrusted, StoppedEarly, Interrupted) as error:
        return RowResult(_not_sent(change, error), error=error)
    except Exception as error:  # noqa: BLE001  (an internal error must not cost the other rows their outcomes)
        stopped = StoppedEarly(f"Internal error ({type(error).__name__}): the run stopped. This is a bug in bulkvm.")
        return RowResult(_unexpected(change), error=stopped)


def _journal_failed(error: OSError) -> StoppedEarly:
    return StoppedEarly(
        f"The journal of the run cannot be written ({error.strerror}), so the run stopped. "
        "Free space on the disk of the state folder, and run the same command again to continue."
    )


def _unexpected(change: Change) -> Outcome:
    message = "Internal error: the outcome of this row is not known. Run the same command again."
    return replace(_not_sent(change), status=Status.UNKNOWN, message=message)


def _not_sent(change: Change, error: BulkvmError | None = None) -> Outcome:
    advice = CHECK_FIRST if isinstance(error, ReadBackDiffers) else "Run the same command again to continue."
    return Outcome(
        row=change.record.row,
        extension_number=change.record.extension_number,
        status=Status.NOT_SENT,
        message=f"The run stopped before this row was sent. {advice}",
    )
