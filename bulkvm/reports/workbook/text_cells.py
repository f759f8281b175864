"""Text cells of a workbook, which Excel neither evaluates nor reformats."""

from collections.abc import Iterable
from typing import Final

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

LINE_HEIGHT: Final = 15  # points, of a row with one line
_LETTERS_OF_WIDTH: Final = 1.1  # widths are measured in digits, which are wider than most letters
_MAX_HEIGHT: Final = 409  # points of a row, in Excel
MAX_LENGTH: Final = 32_767  # characters in a cell or a note; with longer ones, Excel reports the file as damaged


def write_text(sheet: Worksheet, row: int, column: int, text: str, cell_format: Format) -> None:
    """Write text to a cell; rows and columns are counted from 0."""
    if len(text) > MAX_LENGTH:
        text = fit(text)
    if text[:3] == "<r>" and text.endswith("</r>"):
        # xlsxwriter would write this as XML. In two pieces, it stays text.
        sheet.write_rich_string(row, column, text[:1], cell_format, text[1:], cell_format)
    elif text:
        sheet.write_string(row, column, text, cell_format)
    else:
        sheet.write_blank(row, column, None, cell_format)


def fit(text: str) -> str:
    """Truncate text to the length of a cell."""
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def count_lines(text: str, width: int) -> int:
    """Count the lines of a text at a width in characters."""
    return sum(1 + len(line) // width for line in text.splitlines() or [""])


def row_height(texts: Iterable[str], widths: Iterable[int]) -> int:
    """Return the height in points for a row of wrapped text, which not every program computes itself."""
    cells = zip(texts, widths, strict=False)
    lines = max((count_lines(text, int(width * _LETTERS_OF_WIDTH)) for text, width in cells), default=1)
    return min(LINE_HEIGHT * lines, _MAX_HEIGHT)
