"""A whole plan, sent."""

from collections.abc import Callable
from dataclasses import dataclass

from bulkvm.changes import Change, Plan
from bulkvm.errors import BulkvmError, Interrupted, LoginRefused
from bulkvm.outcomes import Outcome, Status
from bulkvm.pbx import Pbx
from bulkvm.pbx.workers import in_parallel
from bulkvm.settings import DEFAULT_SETTINGS
from bulkvm.upload.row import send_change


@dataclass(frozen=True, slots=True)
class Ending:
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
    *,
    workers: int = DEFAULT_SETTINGS.concurrency,
    on_outcome: Callable[[Outcome], None] = _hear_nothing,
    stop: Callable[[], bool] = _never,
) -> Ending:
    """Send every change of a plan, at most `workers` at a time.

    Args:
        plan: what is to be done.
        pbx: where.
        workers: how many changes are under way at once.
        on_outcome: hears of each outcome as it comes, in no particular order.
        stop: asked before each change; once it says yes, no further change is begun.
    """
    outcomes: dict[int, Outcome] = {}
    errors: list[BulkvmError] = []

    async def send_one(change: Change) -> None:
        if errors or stop():
            return
        try:
            outcome = await send_change(change, pbx)
        except LoginRefused as error:
            errors.append(error)
            return
        outcomes[change.record.row] = outcome
        on_outcome(outcome)

    await in_parallel(plan.changes, send_one, workers)
    if not errors and len(outcomes) < len(plan.changes):
        errors.append(Interrupted("The run was stopped. Import the same again to go on."))
    return Ending(
        tuple(outcomes.get(change.record.row) or _not_sent(change) for change in plan.changes),
        errors[0] if errors else None,
    )


def _not_sent(change: Change) -> Outcome:
    return Outcome(
        row=change.record.row,
        extension_number=change.record.extension_number,
        status=Status.NOT_SENT,
        message="The run ended first. Import again to go on.",
    )
