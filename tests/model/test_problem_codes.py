"""Each problem code has its texts, and is used."""

import re
from pathlib import Path

import pytest

from bulkvm.columns import COLUMNS, KEY_COLUMN
from bulkvm.model.problem import Fault, Problem, ProblemCode, Severity

PACKAGE = Path(__file__).parents[2] / "bulkvm"
SOURCE = "\n".join(
    file.read_text("utf-8")
    for file in PACKAGE.rglob("*.py")
    if file.stem != "problem_codes" and "simulator" not in file.parts
)


@pytest.mark.parametrize("code", ProblemCode)
def test_each_code_has_texts_and_is_used(code: ProblemCode) -> None:
    assert code.meaning
    assert code.remedy
    assert not f"{code.meaning}{code.remedy}".endswith(".")
    assert re.search(rf"\bProblemCode\.{code.name}\b", SOURCE)


def test_every_problem_has_a_code_of_the_list() -> None:
    assert not re.findall(r'[( ]code=f?"|Fault\(\s*f?"', SOURCE)


def test_a_problem_has_the_severity_of_its_code_if_it_is_given_none() -> None:
    assert Fault(ProblemCode.PIN_DESCENDING, "m.").severity is Severity.WARNING
    assert Problem(row=2, code=ProblemCode.PIN_REPEATS, message="m.").is_error
    assert not Problem(row=2, code=ProblemCode.PIN_REPEATS, message="m.", severity=Severity.WARNING).is_error


def test_each_column_that_a_new_box_needs_has_codes_for_what_is_missing() -> None:
    needed = {column for column in COLUMNS if "create" in column.required_for and column is not KEY_COLUMN}

    assert {column for column in COLUMNS if column.missing_code and column.blank_code} == needed
