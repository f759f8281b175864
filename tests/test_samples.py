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


def test_the_sample_with_mistakes_has_every_kind_of_problem() -> None:
    source = "\n".join(file.read_text("utf-8") for file in (SAMPLES.parent / "bulkvm" / "columns").glob("*.py"))
    found = {problem.code for problem in validate(read_sheet(SAMPLES / "mistakes.xlsx")).problems}

    codes = {ProblemCode[name] for name in re.findall(r"Fault\(\s*ProblemCode\.(\w+)", source)}
    # No spreadsheet can hold the first; the second is the fault of the tenant's policy.
    no_sheets_fault = {ProblemCode.NAME_CONTROL, ProblemCode.PIN_POLICY}
    assert codes - found == no_sheets_fault


def test_the_mistakes_are_shown_in_less_than_60_lines() -> None:
    text = render_problems(validate(read_sheet(SAMPLES / "mistakes.xlsx")).problems, most=1)

    assert len(text.splitlines()) < 60
