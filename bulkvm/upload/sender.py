"""A whole plan, sent."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from bulkvm.model.box import Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import BulkvmError, Interrupted, LoginRefused, NotTrusted, StoppedEarly
from bulkvm.model.outcome import DONE, Outcome, Status
from bulkvm.model.settings import DEFAULT_SETTINGS, SendSettings
from bulkvm.pbx import Pbx, WholeBox
from bulkvm.pbx.parallel import in_parallel
from bulkvm.planning import blank_fields
from bulkvm.runs.journal import Journal
from bulkvm.upload.kept_fields import KeptFields
from bulkvm.upload.read_back import ReadBack, Sent
from bulkvm.upload.row_sender import send_change

_ASK_EVERY: Final = 0.1  # seconds
_CANARIES: Final = (ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.REMOVE)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of every change of a plan, in the plan's order, and what ended the run before its end, if it did."""

    outcomes: tuple[Outcome, ...]
    error: BulkvmError | None = None


def _hear_nothing(_: Outcome) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


async def send(
    plan: Plan,
    pbx: Pbx,
    settings: SendSettings = DEFAULT_SETTINGS,
    *,
    journal: Journal | None = None,
    on_outcome: Callable[[Outcome], None] = _hear_nothing,
    stop: Callable[[], bool] = _never,
) -> RunResult:
    """Send every change of a plan, several at a time.

    The first create, update and removal are sent before, one by one, and read back with all their fields: a PBX that
    does something else than was sent, or erases what it was not told to keep, does so to one box alone. So is each
    update of a box with undocumented fields that the PBX is not known to keep.

    Args:
        plan: what is to be done.
        pbx: where.
        settings: how many at a time, how many may fail, whether all are read back.
        journal: where each step is noted before it matters.
        on_outcome: hears of each outcome as it comes, in no particular order.
        stop: asked before each change and now and then; once it says yes, no further change is begun, and what only
            waits is not sent.
    """
    run = _Run(pbx, settings, journal, on_outcome, stop, known_ids=set(plan.ids))
    watch = asyncio.create_task(_end_waits_once(stop, pbx))
    try:
        for change in plan.changes:
            if change.kind is ChangeKind.UNCHANGED:
                await run.send(change)
        for kind in _CANARIES if settings.canary else ():
            await run.prove(change for change in plan.changes if change.kind is kind)
        await in_parallel(run.left(plan), run.send, settings.concurrency)
    finally:
        watch.cancel()
    return run.end(plan)


async def _end_waits_once(stop: Callable[[], bool], pbx: Pbx) -> None:
    while not stop():  # noqa: ASYNC110  (a signal's handler may set no asyncio event)
        await asyncio.sleep(_ASK_EVERY)
    pbx.end_waits()


class _Run:
    """A run under way: what became of its rows so far, and why it goes no further, if so."""

    def __init__(
        self,
        pbx: Pbx,
        settings: SendSettings,
        journal: Journal | None,
        on_outcome: Callable[[Outcome], None],
        stop: Callable[[], bool],
        *,
        known_ids: set[str],
    ) -> None:
        self._pbx = pbx
        self._settings = settings
        self._journal = journal
        self._on_outcome = on_outcome
        self._stop = stop
        self._known_ids = known_ids
        self._outcomes: dict[int, Outcome] = {}
        self._blanks: set[frozenset[str]] = set()
        self._kept = KeptFields() if settings.canary else None
        self._sent = 0
        self._not_done = 0
        self._error: BulkvmError | None = None

    async def prove(self, changes: Iterable[Change]) -> None:
        """Send changes of a kind, one after another, until one of them was done and reads back as it should."""
        for change in changes:
            if self._has_ended() or await self._send(change, ReadBack.CANARY):
                return

    def left(self, plan: Plan) -> Iterator[Change]:
        """The changes that were not sent yet."""
        return (change for change in plan.changes if change.record.row not in self._outcomes)

    async def send(self, change: Change) -> None:
        """Send one change, unless the run has ended."""
        if not self._has_ended():
            await self._send(change, self._reading_of(change))

    def _check(self) -> None:
        """Raise what ended the run, if it has ended."""
        if self._error:
            raise self._error
        if self._stop():
            raise Interrupted("The run was stopped.")

    def _has_ended(self) -> bool:
        return self._error is not None or self._stop()

    def _reading_of(self, change: Change) -> ReadBack:
        """Whether a box is read back. What the PBX gives for blank cells is noted once for each set of them."""
        if self._settings.verify:
            return ReadBack.ALWAYS
        if (
            self._journal
            and self._settings.canary
            and change.kind is ChangeKind.CREATE
            and self._is_first_with_its_blanks(change.record)
        ):
            return ReadBack.IF_POSSIBLE
        return ReadBack.IN_DOUBT

    def _is_first_with_its_blanks(self, record: Record) -> bool:
        blanks = blank_fields(record)
        is_first = blanks not in self._blanks
        self._blanks.add(blanks)
        return is_first

    async def _send(self, change: Change, read_back: ReadBack) -> bool:
        """Send one change, and say whether it proved how this PBX works."""
        if read_back is ReadBack.CANARY:
            self._is_first_with_its_blanks(change.record)
        try:
            sent = await send_change(
                change,
                self._pbx,
                read_back=read_back,
                begin=self._note_begin,
                note_whole=self._note_whole,
                kept=self._kept,
                check=self._check,
                known_ids=self._known_ids,
            )
        except (LoginRefused, NotTrusted, StoppedEarly, Interrupted) as error:
            sent = Sent(_not_sent(change), error=error)
        except Exception as error:  # noqa: BLE001  (one row's surprise must not cost the others their outcomes)
            unforeseen = StoppedEarly(f"Something unforeseen ended the run: {type(error).__name__}.")
            sent = Sent(_surprised(change), error=unforeseen)
        self._error = self._error or sent.error
        self._outcomes[sent.outcome.row] = sent.outcome
        self._on_outcome(sent.outcome)
        if sent.outcome.status is not Status.NOT_SENT:
            self._count(sent.outcome)
        self._note_end(sent)
        return sent.is_proven

    def end(self, plan: Plan) -> RunResult:
        """What became of all rows, those that were never begun included."""
        outcomes = tuple(self._outcomes.get(change.record.row) or _not_sent(change) for change in plan.changes)
        is_cut_short = any(outcome.status is Status.NOT_SENT for outcome in outcomes)
        if is_cut_short and (self._error is None or self._stop()):
            self._error = Interrupted("The run was stopped. Run the same command again to go on.")
        return RunResult(outcomes, self._error)

    def _note_begin(self, change: Change) -> None:
        """Note what is about to be sent. Without that, nothing is sent."""
        if self._journal:
            try:
                self._journal.begin(change)
            except OSError as error:
                raise _journal_full(error) from error

    def _note_whole(self, row: int, when: str, box: WholeBox) -> None:
        if self._journal:
            try:
                self._journal.whole(row, when, box.to_json())
            except OSError as error:
                raise _journal_full(error) from error

    def _note_end(self, sent: Sent) -> None:
        if self._journal:
            try:
                self._journal.end(sent.outcome, sent.box)
            except OSError as error:
                self._error = self._error or _journal_full(error)

    def _count(self, outcome: Outcome) -> None:
        """Count a row for which the PBX was asked to do something, or could not be asked."""
        is_done = outcome.status in DONE
        self._sent += outcome.attempts > 0 or not is_done
        self._not_done += not is_done
        if self._settings.max_errors.is_exceeded(self._not_done, self._sent):
            self._error = self._error or StoppedEarly(
                f"{self._not_done} of the {self._sent} rows that were tried were not done, and "
                f"{self._settings.max_errors} are allowed, so the run ended. Read the result for the reason. "
                "If it is all right to go on, give a higher --max-errors."
            )


def _journal_full(error: OSError) -> StoppedEarly:
    return StoppedEarly(
        f"The journal of the run cannot be written ({error.strerror}), so the run ended. "
        "Make room on the disk that holds the state folder, and run the same command again to go on."
    )


def _surprised(change: Change) -> Outcome:
    return replace(
        _not_sent(change),
        status=Status.UNKNOWN,
        message=(
            "Something unforeseen happened, and what became of this row is not known. "
            "Run the same command again to see."
        ),
    )


def _not_sent(change: Change) -> Outcome:
    return Outcome(
        row=change.record.row,
        extension_number=change.record.extension_number,
        status=Status.NOT_SENT,
        message="The run ended first. Run the same command again to go on.",
    )
