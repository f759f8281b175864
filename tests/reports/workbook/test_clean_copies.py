"""A clean copy has the look of the template, and reads as the sheet that it was made of."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS, EXAMPLE
from bulkvm.columns.csv_escape import escape_formula
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.box import Record
from bulkvm.model.sheet import Sheet
from bulkvm.readers import read_sheet
from bulkvm.reports.template.template_workbook import write_template
from bulkvm.reports.workbook.clean_copy import write_clean
from bulkvm.validation import validate
from tests.readers.exports import EXPORTS, Export

# Valid, repaired and wrong texts of each column.
CELLS: Mapping[str, Sequence[str]] = {
    "Ext": ("6201", "6202", "0203", "'6204", "62 05", "12", "888", "ext. 7", "6201"),
    "Name": ("Front Desk", "  Müller  ", "Line\nbreak", "n" * 70, "NULL", "=1+1", "'=1", "#N/A", "e.g. Desk"),
    "PIN": ("402817", "024680", "2580", "12345", "111402", "123987", "40a2", "", "<check> 4", "1.2E+5"),
    "Language": ("en-US", "de_DE", "English", ""),
    "Notify": ("yes", "x", "perhaps", ""),
    "E-mail": ("a@example.com", "a@example.com; b@example.com", "no address", "<clear>", "a@a.com, a@a.com"),
    "Announce date and time": ("12-hour clock", "DISABLE", "13-hour clock", ""),
}  # fmt: skip
rows = st.lists(st.tuples(*map(st.sampled_from, CELLS.values())), min_size=1, max_size=8)


def write_sheet(file: Path, cells: Sequence[Sequence[str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([CELLS, *([escape_formula(cell) for cell in row] for row in cells)])
    return file


def reading(sheet: Sheet) -> tuple[list[Record], list[list[str]]]:
    """The valid records by their place in the sheet, and the codes of each row's errors."""
    checked = validate(sheet)
    places = {row: place for place, row in enumerate(sheet.without_left_out().cells.index.tolist())}
    codes: list[list[str]] = [[] for _ in places]
    for problem in checked.problems:
        if problem.is_error and problem.row is not None:
            is_of_kind = problem.code.startswith("excel-")  # the copy has only its text, with a mark
            codes[places[problem.row]].append("cell-refused" if is_of_kind else problem.code)
    return [replace(record, row=places[record.row]) for record in checked.records], [sorted(found) for found in codes]


@settings(max_examples=40)
@given(suffix=st.sampled_from(["csv", "xlsx"]), cells=rows)
def test_a_clean_copy_has_the_same_records_and_the_same_errors(suffix: str, cells: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sheet = read_sheet(write_sheet(Path(folder) / "boxes.csv", cells))
        copy = read_sheet(write_clean(Path(folder) / f"clean.{suffix}", sheet, validate(sheet).understood))

    assert reading(copy) == reading(sheet)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: f"{export.system} {export.columns[:30]}")
def test_a_clean_copy_of_an_export_has_its_records_and_errors(export: Export, suffix: str, tmp_path: Path) -> None:
    sheet = read_sheet(export.write(tmp_path), system=export.system)
    copy = read_sheet(write_clean(tmp_path / f"clean.{suffix}", sheet, validate(sheet).understood))

    assert reading(copy) == reading(sheet)
    assert (validate(copy).left_out, copy.read_as) == ({}, None)


def test_a_clean_workbook_has_the_look_of_the_template_without_its_example(tmp_path: Path) -> None:
    sheet = read_sheet(write_sheet(tmp_path / "boxes.csv", [[cells[0] for cells in CELLS.values()]]))
    assert len(sheet_columns(sheet)) == len(CELLS)

    clean = openpyxl.load_workbook(write_clean(tmp_path / "clean.xlsx", sheet, validate(sheet).understood))
    blank = openpyxl.load_workbook(write_template(tmp_path / "template.xlsx"))

    assert clean.sheetnames == blank.sheetnames
    boxes, template = clean["Boxes"], blank["Boxes"]
    assert [boxes.cell(1, n).value for n in range(1, len(COLUMNS) + 2)] == [
        *(template.cell(1, n).value for n in range(1, len(COLUMNS) + 1)),
        "bulkvm_row",
    ]
    assert boxes["A1"].fill.fgColor.rgb == template["A1"].fill.fgColor.rgb
    assert {rule.formula1 for rule in boxes.data_validations.dataValidation} <= {
        rule.formula1.replace("3", "2") if rule.type == "custom" else rule.formula1
        for rule in template.data_validations.dataValidation
    } | {rule.formula1 for rule in template.data_validations.dataValidation}
    assert len(boxes.conditional_formatting) == len(template.conditional_formatting)
    assert boxes.column_dimensions["I"].hidden
    assert boxes["H2"].value == "12-hour clock"
    assert (boxes["A2"].value, boxes["A2"].number_format, boxes["J2"].value) == ("6201", "@", "2")
    texts = [str(cell.value) for sheet in clean for row in sheet.iter_rows() for cell in row]
    assert not [text for text in texts if text.startswith((EXAMPLE, "Row 2 is"))]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_may_have_lost_a_zero_is_detected_again_in_a_clean_copy(suffix: str, tmp_path: Path) -> None:
    rows = [("6201", "48291570"), ("6202", "59302684"), ("203", "60413795"), ("6204", "71524806"), ("6205", "4829157")]
    (tmp_path / "a.csv").write_text("Ext,PIN\n" + "".join(f"{number},{pin}\n" for number, pin in rows))
    sheet = read_sheet(tmp_path / "a.csv")

    copy = read_sheet(write_clean(tmp_path / f"clean.{suffix}", sheet, validate(sheet).understood))

    assert [problem.code for problem in validate(copy).problems] == ["extension-lost-zero", "pin-short"]
    assert validate(copy).records == validate(sheet).records
