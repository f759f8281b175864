"""The outcome of every row, and the exit code of a run."""

from collections.abc import Iterable, Mapping, Sequence

from bulkvm.model.errors import BulkvmError, Interrupted, ReadBackDiffers, StoppedEarly
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, rows_with_errors


def complete_outcomes(
    extensions: Mapping[int, str], problems: Iterable[Problem], outcomes: Iterable[Outcome]
) -> tuple[Outcome, ...]:
    """Return one outcome for each row of a sheet, in the sheet's order.

    Args:
        extensions: the extension of every row that was read.
        problems: all problems that were found; the rows with errors are `invalid`.
        outcomes: of the rows that were to be sent, and of those that are left out. A valid row without one is
            `not sent`.
    """
    invalid = rows_with_errors(problems)
    sent = {outcome.row: outcome for outcome in outcomes}
    assert invalid.isdisjoint(sent)
    assert sent.keys() | invalid <= extensions.keys()
    return tuple(
        sent.get(row)
        or Outcome(row=row, extension_number=extension, status=Status.INVALID if row in invalid else Status.NOT_SENT)
        for row, extension in extensions.items()
    )


def exit_code_of(outcomes: Sequence[Outcome], error: BulkvmError | None) -> ExitCode:
    """The exit code of a run. A deliberate end takes precedence, then unknown outcomes."""
    if isinstance(error, Interrupted | ReadBackDiffers):
        return error.exit_code
    if any(outcome.status is Status.UNKNOWN for outcome in outcomes):
        return ExitCode.UNKNOWN
    if isinstance(error, StoppedEarly):
        return ExitCode.STOPPED
    if error:
        return error.exit_code
    return ExitCode.DONE if all(outcome.status.is_done for outcome in outcomes) else ExitCode.NOT_ALL_DONE
