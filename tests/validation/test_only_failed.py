"""The rows of a result that are still to be done."""

import pytest

from bulkvm.errors import UsageError
from bulkvm.outcomes import DONE, Status
from bulkvm.problems import Problem
from bulkvm.validation import select_failed
from tests.sheets import sheet_of

FOUND = tuple(Problem(row=row, code="x", message="x") for row in (None, 2, 3))


@pytest.mark.parametrize("status", Status)
def test_a_row_is_taken_exactly_if_it_was_not_done(status: Status) -> None:
    sheet = sheet_of(("Ext", "bulkvm_status"), ("6201", f" {status.upper()}"), ("6202", "failed"))

    rows = select_failed(sheet).cells.index.tolist()

    assert rows == ([3] if status in DONE else [2, 3])


def test_a_row_that_was_added_since_is_taken() -> None:
    assert select_failed(sheet_of(("Ext", "bulkvm_status"), ("6201", ""))).cells.index.tolist() == [2]


def test_problems_of_rows_that_are_left_out_are_left_out() -> None:
    sheet = sheet_of(("Ext", "bulkvm_status"), ("6201", "created"), ("6202", "failed"), problems=FOUND)

    assert [problem.row for problem in select_failed(sheet).problems] == [None, 3]


def test_a_sheet_that_is_no_result_is_refused() -> None:
    with pytest.raises(UsageError, match="no column bulkvm_status"):
        select_failed(sheet_of(("Ext",), ("6201",)))
