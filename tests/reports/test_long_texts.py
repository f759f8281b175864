"""Texts that many cells share do not make copies grow far beyond the file."""

from pathlib import Path

import openpyxl
import pytest

from bulkvm.model.problem import ProblemCode
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook import text_limit
from bulkvm.reports.workbook.annotated_copy import write_annotated
from bulkvm.reports.workbook.clean_copy import write_clean
from bulkvm.validation import validate

ROWS = 40
LONG = "n" * 1_000
CUT_CELL = text_limit.CUT_CHARACTERS + len("<check> …")


@pytest.fixture
def sheet_of_one_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(text_limit, "BASE_CHARACTERS", 10 * len(LONG))
    monkeypatch.setattr(text_limit, "CHARACTERS_OF_BYTE", 0)
    rows = "".join(f"{number},{LONG}\n" for number in range(6201, 6201 + ROWS))
    (tmp_path / "a.csv").write_text(f"extension_number,name\n{rows}")
    return tmp_path / "a.csv"


def test_an_annotated_copy_shortens_long_cells_beyond_its_limit_and_reports_it(sheet_of_one_text: Path) -> None:
    sheet = read_sheet(sheet_of_one_text)
    problems = validate(sheet).problems

    written = write_annotated(sheet_of_one_text.with_name("copy.xlsx"), sheet, problems)

    copy = read_sheet(written)
    lengths = [len(name) for name in copy.cells["B"]]
    assert sum(lengths) <= text_limit.BASE_CHARACTERS + ROWS * CUT_CELL
    assert lengths[0] == len(LONG)
    refused = {problem.row for problem in validate(copy).problems if problem.code is ProblemCode.CELL_REFUSED}
    assert len(refused) == lengths.count(CUT_CELL) == ROWS - 9
    summary = read_summary(written)
    assert "too much text for a copy" in summary


def test_a_clean_copy_shortens_long_cells_beyond_its_limit(sheet_of_one_text: Path) -> None:
    sheet = read_sheet(sheet_of_one_text)

    written = write_clean(sheet_of_one_text.with_name("clean.csv"), sheet, validate(sheet).understood)

    assert written.stat().st_size <= text_limit.BASE_CHARACTERS + ROWS * (CUT_CELL + 40)


def read_summary(copy: Path) -> str:
    book = openpyxl.load_workbook(copy, read_only=True)
    return " ".join(str(row[0]) for row in book["bulkvm"].iter_rows(values_only=True))
