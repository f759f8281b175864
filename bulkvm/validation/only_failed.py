"""Selects the rows of an earlier result that are not done (`--only-failed`)."""

from collections.abc import Iterator
from dataclasses import replace

from bulkvm.columns import ID_HEADING, STATUS_HEADING
from bulkvm.columns.sheet_columns import result_letters, result_texts, result_words
from bulkvm.model.box import Record
from bulkvm.model.errors import UsageError
from bulkvm.model.outcome import DONE, Status
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.validation.sheet_checks import Checked


def select_failed(sheet: Sheet, checked: Checked) -> Checked:
    """Keep only the rows that an earlier run did not complete, and report how many are left out.

    Raises:
        UsageError: the sheet is not a result.
    """
    if STATUS_HEADING not in result_letters(sheet):
        raise _no_result()
    statuses, ids = result_words(sheet, STATUS_HEADING), result_texts(sheet, ID_HEADING)
    left = {row for row, status in statuses.items() if status not in DONE}
    return replace(
        checked,
        records=tuple(record for record in checked.records if record.row in left),
        problems=(
            *(problem for problem in checked.problems if problem.row is None or problem.row in left),
            *_left_out(len(statuses) - len(left)),
        ),
        extensions={row: extension for row, extension in checked.extensions.items() if row in left},
        understood=tuple(record for record in checked.understood if record.row in left),
        completed=tuple(
            Record(row=row, extension_number=extension, id=ids[row])
            for row, extension in checked.extensions.items()
            if row not in left and row in ids and statuses[row] != Status.LEFT_OUT
        ),
        left_out={row: reason for row, reason in checked.left_out.items() if row in left},
    )


def _left_out(n: int) -> Iterator[Problem]:
    if n:
        rows = "1 row that an earlier run completed is" if n == 1 else f"{n:,} rows that an earlier run completed are"
        message = f"{rows} left out. Edits in such rows are not sent."
        yield Problem(row=None, code=ProblemCode.ROWS_LEFT_OUT, message=message)


def _no_result() -> UsageError:
    return UsageError(
        "--only-failed reads the rows that an earlier run did not complete, and this sheet has no column "
        f"{STATUS_HEADING}. Name the result of that run, or leave --only-failed out."
    )
