import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.columns.csv_escape import escape_formula
from bulkvm.readers import read_sheet
from tests.readers.files import HEADINGS, texts

Rows = Sequence[Sequence[str]]

# What a cell of a workbook can hold: no control characters but tab and line break, no halves of characters.
CELL = st.text(
    st.characters(codec="utf-8", include_characters="\n\t", exclude_characters="\ufffe\uffff").filter(
        lambda c: c >= " " or c in "\n\t"
    ),
    max_size=12,
).filter(lambda text: "_x" not in text) | st.sampled_from(
    ["0101", "1E5", "=1+1", "'0101", "''=x", "NA", "nan", "TRUE", " x ", "a,b;c|d\te", 'say "hi"', "two\nlines", "😀"]
)
ROWS = st.lists(st.tuples(st.from_regex("[0-9]{3,8}", fullmatch=True), CELL, CELL), min_size=1, max_size=4)


def write_with_openpyxl(path: Path, rows: Rows) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate(rows, start=1):
        for place, text in enumerate(row, start=1):
            sheet.cell(number, place, text).data_type = "s"
    book.save(path)


def write_with_xlsxwriter(path: Path, rows: Rows) -> None:
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            sheet.write_string(number, place, text)
    book.close()


def write_in_constant_memory(path: Path, rows: Rows) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            sheet.write_string(number, place, text)
    book.close()


@pytest.mark.parametrize("write", [write_with_openpyxl, write_with_xlsxwriter, write_in_constant_memory])
@given(rows=ROWS)
@settings(max_examples=40, deadline=None)
def test_text_in_a_workbook_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, write: Callable[[Path, Rows], None], rows: Rows
) -> None:
    path = tmp_path_factory.mktemp("written") / "a.xlsx"
    write(path, [HEADINGS, *rows])

    sheet = read_sheet(path)

    assert texts(sheet) == [list(row) for row in rows]
    assert sheet.cells.index.tolist() == list(range(2, len(rows) + 2))
    assert sheet.kinds == {}
    assert sheet.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=20, deadline=None)
def test_text_in_a_csv_file_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, delimiter: str, rows: Rows, end: str
) -> None:
    path = tmp_path_factory.mktemp("written") / "a.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
        writer.writerows([HEADINGS, *([escape_formula(text) for text in row] for row in rows)])

    sheet = read_sheet(path)

    assert texts(sheet) == [list(row) for row in rows]
    assert sheet.cells.index.tolist() == list(range(2, len(rows) + 2))
    assert sheet.problems == ()
