"""Text cells of a workbook, which Excel neither evaluates nor reformats."""

from collections.abc import Iterable
from itertools import repeat
from typing import Final

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

FONT_SIZE: Final = 11  # points
LINE_HEIGHT: Final = 15  # points, of a row with one line in that size
_LETTERS_OF_WIDTH: Final = 1.1  # widths are measured in digits, which are wider than most letters
_MAX_HEIGHT: Final = 409  # points of a row, in Excel
MAX_WIDTH: Final = 255  # characters of a column, in Excel
MAX_LINES: Final = _MAX_HEIGHT // LINE_HEIGHT
_WIDE_LETTERS: Final = "mwMW@%"
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


def full_row_height(
    texts: Iterable[str], widths: Iterable[float], font_sizes: Iterable[float] = repeat(FONT_SIZE)
) -> float:
    """Return the height in points for a row of wrapped text of which each line is shown, as far as Excel allows."""
    heights = (
        LINE_HEIGHT * max(size / FONT_SIZE, 1) * wrapped_lines(text, width * FONT_SIZE / size)
        for text, width, size in zip(texts, widths, font_sizes, strict=False)
    )
    return min(max(heights, default=LINE_HEIGHT), _MAX_HEIGHT)


def wrapped_lines(text: str, width: float) -> int:
    """Count the lines of a text that a program wraps at a width in digits of its font; rather too many than too few."""
    if 2 * len(text) <= width and "\n" not in text:
        return 1
    return sum(_wrapped_lines(line, width) for line in text.split("\n"))


def fitting_width(texts: Iterable[str], width: int) -> int:
    """Return the least width, from a given one up, of a column whose rows can show each of the texts."""
    for text in texts:
        while width < MAX_WIDTH and wrapped_lines(text, width) > MAX_LINES:
            width = min(width + 5, MAX_WIDTH)
    return width


def _wrapped_lines(line: str, width: float) -> int:
    lines, used = 1, 0.0
    for word in line.split(" "):
        length = _width(word)
        if used and used + length > width:
            lines, used = lines + 1, 0.0
        used += length
        if used > width:  # a program breaks a word that is wider than the column
            lines, used = lines + int(used / width), used % width
        used += 1
    return lines


def _width(word: str) -> float:
    """The width of a word in digits. Letters of other scripts may be twice as wide."""
    if not word.isascii():
        return 2.0 * len(word)
    capitals = 0 if word.islower() else sum(map(str.isupper, word))
    return 1.1 * len(word) + 0.7 * sum(map(word.count, _WIDE_LETTERS)) + 0.2 * capitals
