"""The samples have the problems that the files beside them list."""

import re
from pathlib import Path

import pytest

from bulkvm.model.problem_codes import ProblemCode
from bulkvm.readers import read_sheet
from bulkvm.reports.text.problem_text import render_problem, render_problems
from bulkvm.validation import validate

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize("sample", ["clinic.xlsx", "clinic.csv", "mistakes.xlsx"])
def test_a_sample_has_exactly_the_problems_reported_beside_it(request: pytest.FixtureRequest, sample: str) -> None:
    checked = validate(read_sheet(SAMPLES / sample))
    reported = SAMPLES / f"{sample}.expected.txt"
    lines = [
        f"{sample}: {len(checked.extensions)} rows, {len(checked.records)} of them valid.",
        *(f"{problem.severity}: {render_problem(problem)}" for problem in checked.problems),
    ]
    text = "\n".join([*lines, ""])

    if request.config.getoption("--renew-golden"):
        reported.write_text(text, encoding="utf-8", newline="\n")
    assert text == reported.read_text("utf-8")


def test_the_sample_with_mistakes_has_every_kind_of_problem_that_a_person_can_make_in_excel() -> None:
    package = SAMPLES.parent / "bulkvm"
    files = [*(package / "columns").glob("*.py"), *(package / "validation").glob("*.py")]
    files += [package / "readers" / f"{name}.py" for name in ("hidden_and_merged", "skipped_rows", "header_row")]
    found = {problem.code for problem in validate(read_sheet(SAMPLES / "mistakes.xlsx")).problems}

    codes = {
        ProblemCode[name] for file in files for name in re.findall(r"ProblemCode\.([A-Z_]+)", file.read_text("utf-8"))
    }

    assert codes - found == {
        # The whole file is refused, or a column is missing.
        ProblemCode.COLUMN_MISSING, ProblemCode.COLUMN_TWICE, ProblemCode.HEADING_AMBIGUOUS, ProblemCode.NO_HEADER,
        ProblemCode.MAP_NOT_THERE, ProblemCode.PIN_COLUMN_UNCERTAIN, ProblemCode.UNDO_RESULT, ProblemCode.PLAN_AS_SHEET,
        ProblemCode.DIFF_AS_SHEET,
        ProblemCode.NO_ROWS, ProblemCode.HEADINGS_CHANGE,
        ProblemCode.SAVED_TWICE, ProblemCode.NAME_MISSING, ProblemCode.PIN_MISSING, ProblemCode.PIN_COLUMN_UNREAD,
        # Excel does not write these.
        ProblemCode.CELL_TOO_LONG, ProblemCode.CELL_FORMAT, ProblemCode.CELL_DAMAGED, ProblemCode.EXCEL_SCIENTIFIC,
        ProblemCode.TEXT_UNWRAPPED, ProblemCode.NAME_CONTROL, ProblemCode.SURPLUS_VALUES,
        # These depend on the PBX, on an earlier run or on an option.
        ProblemCode.NAME_BLANK, ProblemCode.PIN_BLANK, ProblemCode.PIN_POLICY, ProblemCode.PIN_ZERO_RESTORED,
        ProblemCode.PIN_REPLACED, ProblemCode.PIN_SHORT, ProblemCode.ROWS_LEFT_OUT,
    }  # fmt: skip


def test_the_mistakes_are_shown_in_one_line_for_each_kind() -> None:
    problems = validate(read_sheet(SAMPLES / "mistakes.xlsx")).problems
    text = render_problems(problems, most=1)

    others = 5  # the number of problems, and options that help with some
    assert len(text.splitlines()) <= len({problem.code for problem in problems}) + others
