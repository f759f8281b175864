"""Text in the cells of a workbook, typed as text: nothing in it is run or reformatted."""

from collections.abc import Iterable
from typing import Final

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

LINE_HEIGHT: Final = 15  # points, of a row with one line
_TALLEST: Final = 409  # points of a row, in Excel
LONGEST: Final = 32_767  # characters in a cell or a note; Excel calls a file with a longer one damaged


def write_text(sheet: Worksheet, row: int, column: int, text: str, look: Format) -> None:
    """Write a cell; rows and columns count from 0."""
    if len(text) > LONGEST:
        text = fit(text)
    if text[:3] == "<r>" and text.endswith("</r>"):
        # xlsxwriter would take this for XML of its own; in two pieces it is plain text.
        sheet.write_rich_string(row, column, text[:1], look, text[1:], look)
    elif text:
        sheet.write_string(row, column, text, look)
    else:
        sheet.write_blank(row, column, None, look)


def fit(text: str) -> str:
    """Cut a text to what a cell holds."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def count_lines(text: str, width: int) -> int:
    """How many lines a text takes at a width in characters."""
    return sum(1 + len(line) // width for line in text.splitlines() or [""])


def row_height(texts: Iterable[str], widths: Iterable[int]) -> int:
    """How high, in points, a row of wrapped texts must be; not every program finds out by itself."""
    lines = max((count_lines(*cell) for cell in zip(texts, widths, strict=False)), default=1)
    return min(LINE_HEIGHT * lines, _TALLEST)
