"""Text copies: each text is stored exactly, and few steps are needed for a cell."""

import io
import sys
from types import FrameType
from typing import Any

import openpyxl
from hypothesis import example, given
from hypothesis import strategies as st
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.reports.workbook.text_only.text_worksheet import TextWorksheet

HOSTILE = (
    "a&b", "<b>", "]]>", " a", "a ", "\t", "a\nb", "a\n", "\r", "_x000D_", "\0", "\x7f", "\ufffe",
    "<r>a</r>", "=1", "\U0001f600",
)  # fmt: skip


def write(texts: list[str], sheet_class: type) -> bytes:
    file = io.BytesIO()
    book = Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet("Boxes", sheet_class)
    style = book.add_format({"num_format": "@"})
    for row, text in enumerate(texts):
        sheet.write_string(row, row % 40, text, style)
    book.close()
    return file.getvalue()


def stored(content: bytes) -> list[list[tuple[str, Any, str]]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Boxes"]
    return [[(cell.coordinate, cell.value, cell.number_format) for cell in row if cell.value] for row in sheet]


@given(st.lists(st.text(min_size=1, max_size=8), max_size=30))
@example(list(HOSTILE))
def test_each_text_is_stored_as_xlsxwriter_stores_it(texts: list[str]) -> None:
    assert stored(write(texts, TextWorksheet)) == stored(write(texts, Worksheet))


def test_a_cell_takes_few_calls() -> None:
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        write(["Desk"] * 2_000, TextWorksheet)
    finally:
        sys.setprofile(None)

    assert calls < 2_000 * 21
