"""Cells of a person's own workbook."""

import re
from collections.abc import Iterator
from typing import Final

from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.reports.workbook import styles as look
from bulkvm.reports.workbook.text_cells import fit

FONT: Final = "Calibri"  # as Excel's own

# A workbook holds what XML cannot as _x000D_, and so the underscore of a text that only looks like that as _x005F_.
# openpyxl reads the second as an underscore, leaves the first alone and escapes neither when it saves. So of a loaded
# text, what would be a control character or half a character is taken for that, and all else for mere text.
_UNDERSCORE: Final = "_x005F_"
_LOOKALIKE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_LOADED_LOOKALIKE: Final = re.compile("_(?=x(?!00[01]|[Dd][89A-Fa-f]|[Ff]{3})[0-9A-Fa-f]{4}_)")


def shown_cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """The cell, or where cells are merged, the one that shows for it."""
    cell = sheet.cell(row, column)
    if isinstance(cell, Cell):
        return cell
    merged = next(
        area
        for area in sheet.merged_cells.ranges
        if area.min_row <= row <= area.max_row and area.min_col <= column <= area.max_col
    )
    return shown_cell(sheet, merged.min_row, merged.min_col)


def set_text(cell: Cell, text: str) -> None:
    """Write text, typed as text: nothing in it is run or reformatted."""
    cell.value = _LOOKALIKE.sub(_UNDERSCORE, fit(ILLEGAL_CHARACTERS_RE.sub("", text))) or None
    if cell.value is not None:
        cell.data_type = "s"
    cell.number_format = "@"


def cells_there(sheet: Worksheet) -> Iterator[Cell]:
    """The cells that a sheet has; going through its rows would make all the others as well."""
    cells = sheet._cells.values()  # noqa: SLF001  (there is no public way)
    return (cell for cell in cells if isinstance(cell, Cell))


def escape_lookalikes(cell: Cell) -> None:
    """Escape again what openpyxl has read as plain text, and would save as the character that it looks like."""
    value = cell.value
    if cell.data_type != "s" or "_x" not in str(value):
        return
    if isinstance(value, CellRichText):
        parts = [
            TextBlock(part.font, _escape_loaded(part.text)) if isinstance(part, TextBlock) else _escape_loaded(part)
            for part in value
        ]
        cell.value = CellRichText(parts)
    else:
        cell.value = _escape_loaded(str(value))
    cell.data_type = "s"  # whatever it begins with


def _escape_loaded(text: str) -> str:
    return _LOADED_LOOKALIKE.sub(_UNDERSCORE, text)


def dress_heading(cell: Cell) -> None:
    """Make a cell look like a heading of ours."""
    cell.font, cell.fill = Font(name=FONT, bold=True, color="FFFFFF"), solid(look.BLUE)


def solid(colour: str) -> PatternFill:
    """A fill of one colour, such as #C9E7C4."""
    return PatternFill("solid", fgColor=f"FF{colour[1:]}")
