"""Gives every row of a sheet its outcome."""

from collections.abc import Iterable, Mapping

from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, rows_with_errors


def complete_outcomes(
    extensions: Mapping[int, str], problems: Iterable[Problem], outcomes: Iterable[Outcome]
) -> tuple[Outcome, ...]:
    """Return one outcome for each row of a sheet, in the sheet's order.

    Args:
        extensions: the extension of every row that was read.
        problems: all problems that were found; the rows with errors are `invalid`.
        outcomes: of the rows that were to be sent. A valid row without one is `not sent`.
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
