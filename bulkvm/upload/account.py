"""Every row that was read, accounted for."""

from collections.abc import Iterable, Mapping

from bulkvm.outcomes import Outcome, Status
from bulkvm.problems import Problem, rows_with_errors


def account_for(
    extensions: Mapping[int, str], problems: Iterable[Problem], outcomes: Iterable[Outcome]
) -> tuple[Outcome, ...]:
    """One outcome for each row of a sheet, in the sheet's order.

    Args:
        extensions: the extension of every row that was read.
        problems: all that were found; the rows with errors are `invalid`.
        outcomes: of the rows that were sent, or were to be sent. A row without one is `not sent`.
    """
    found = tuple(problems)
    messages: dict[int, list[str]] = {}
    for problem in found:
        if problem.is_error and problem.row is not None:
            messages.setdefault(problem.row, []).append(f"{problem.message} [{problem.code}]")
    invalid = rows_with_errors(found)
    sent = {outcome.row: outcome for outcome in outcomes}
    assert invalid.isdisjoint(sent)
    assert sent.keys() | invalid <= extensions.keys()
    return tuple(
        sent.get(row)
        or Outcome(
            row=row,
            extension_number=extension,
            status=Status.INVALID if row in invalid else Status.NOT_SENT,
            message=" ".join(messages.get(row, ["Nothing was sent."])),
        )
        for row, extension in extensions.items()
    )
