"""The rows of a result that are still to be done."""

import pytest

from bulkvm.model.errors import UsageError
from bulkvm.model.outcome import DONE, Status
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.validation import Checked, select_failed, validate
from tests.sheets import sheet_of


def select(sheet: Sheet) -> Checked:
    return select_failed(sheet, validate(sheet))


@pytest.mark.parametrize("status", Status)
def test_a_row_is_taken_exactly_if_it_was_not_done(status: Status) -> None:
    sheet = sheet_of(("Ext", "bulkvm_status"), ("6201", f" {status.upper()}"), ("6202", "failed"))

    taken = select(sheet)

    assert [record.row for record in taken.records] == ([3] if status in DONE else [2, 3])
    assert list(taken.extensions) == [record.row for record in taken.records]


def test_a_row_that_was_added_since_is_taken() -> None:
    assert list(select(sheet_of(("Ext", "bulkvm_status"), ("6201", ""))).extensions) == [2]


def test_problems_of_rows_that_are_left_out_are_left_out() -> None:
    reported = [Problem(row=row, code=ProblemCode.PIN_REPEATS, message="x") for row in (None, 2, 3)]
    sheet = sheet_of(("Ext", "bulkvm_status"), ("6201", "created"), ("6202", "failed"), problems=reported)

    assert [problem.row for problem in select(sheet).problems if problem.code is ProblemCode.PIN_REPEATS] == [None, 3]


def test_a_row_that_takes_the_number_of_one_that_was_done_is_refused() -> None:
    taken = select(sheet_of(("Ext", "bulkvm_status"), ("6201", "created"), ("6201", "invalid")))

    assert [(problem.row, problem.code) for problem in taken.problems if problem.is_error] == [(3, "extension-twice")]
    assert taken.records == ()


def test_a_sheet_that_is_not_a_result_is_refused() -> None:
    with pytest.raises(UsageError, match="no column bulkvm_status"):
        select(sheet_of(("Ext",), ("6201",)))
