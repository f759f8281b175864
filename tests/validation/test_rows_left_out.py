"""Rows that are left out are accounted for, and not checked."""

from collections.abc import Collection
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bulkvm.model.outcome import Status
from bulkvm.model.problem import rows_with_errors
from bulkvm.runs import complete_outcomes
from bulkvm.validation import take_rows, validate
from tests.sheets import sheet_of

ROWS = (
    ("6201", "Desk", "402817"), ("6201", "Desk", "582046"), ("6203", "Lab", "1111"), ("", "", ""), ("x", "y", "z"),
    ("6206", "Store", "918275"),
)  # fmt: skip
ALL = range(2, len(ROWS) + 2)


@given(st.sets(st.sampled_from(ALL)))
def test_each_row_is_valid_invalid_or_left_out(left_out: Collection[int]) -> None:
    sheet = sheet_of(("Ext", "Name", "PIN"), *ROWS)

    checked = validate(replace(sheet, left_out=dict.fromkeys(left_out, "It is no box.")))
    outcomes = complete_outcomes(checked.extensions, checked.problems, checked.left_out_outcomes)

    valid, invalid = {record.row for record in checked.records}, rows_with_errors(checked.problems)
    assert not {problem.row for problem in checked.problems} & set(left_out)
    assert sorted([*valid, *invalid, *left_out]) == list(checked.extensions) == list(ALL)
    assert {o.row for o in outcomes if o.status is Status.LEFT_OUT} == set(left_out)
    assert ({2, 3} <= invalid) is not bool({2, 3} & set(left_out))  # they have the same extension


def test_rows_left_out_are_not_compared() -> None:
    sheet = sheet_of(("Ext", "Name", "PIN"), ROWS[0], ("", "", ""))

    assert take_rows(sheet)[1] != ()
    assert len(take_rows(replace(sheet, left_out={3: "It is no box."}))[0]) == 1
