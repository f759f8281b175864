"""Cells of the original workbook."""

import re
from collections.abc import Iterator
from typing import Final

from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.text_cells import fit

FONT: Final = "Calibri"  # Excel's default

# A workbook stores characters that XML cannot hold as _x000D_, and an underscore in text that looks like this as
# _x005F_. openpyxl decodes only the latter and encodes neither on saving. In loaded text, therefore, escapes of control
# characters and surrogates are left as they are, and all others are escaped again.
_UNDERSCORE: Final = "_x005F_"
_LOOKALIKE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_LOADED_LOOKALIKE: Final = re.compile("_(?=x(?!00[01]|[Dd][89A-Fa-f]|[Ff]{3})[0-9A-Fa-f]{4}_)")


def visible_cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """Return the cell, or the top left cell of the merged range that it belongs to."""
    cell = sheet.cell(row, column)
    if isinstance(cell, Cell):
        return cell
    merged = next(
        area
        for area in sheet.merged_cells.ranges
        if area.min_row <= row <= area.max_row and area.min_col <= column <= area.max_col
    )
    return visible_cell(sheet, merged.min_row, merged.min_col)


def set_text(cell: Cell, text: str) -> None:
    """Set a cell to text, which Excel neither evaluates nor reformats."""
    cell.value = _LOOKALIKE.sub(_UNDERSCORE, fit(ILLEGAL_CHARACTERS_RE.sub("", text))) or None
    if cell.value is not None:
        cell.data_type = "s"
    cell.number_format = "@"


def existing_cells(sheet: Worksheet) -> Iterator[Cell]:
    """Yield the existing cells of a sheet; iterating over its rows would create missing ones."""
    cells = sheet._cells.values()  # noqa: SLF001  (no public API)
    return (cell for cell in cells if isinstance(cell, Cell))


def escape_lookalikes(cell: Cell) -> None:
    """Escape text again that openpyxl has decoded and would save as another character."""
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
    cell.data_type = "s"  # also if it begins with an equals sign


def _escape_loaded(text: str) -> str:
    return _LOADED_LOOKALIKE.sub(_UNDERSCORE, text)


def style_heading(cell: Cell) -> None:
    """Style a cell as a heading."""
    cell.font, cell.fill = Font(name=FONT, bold=True, color="FFFFFF"), solid_fill(styles.BLUE)


def solid_fill(colour: str) -> PatternFill:
    """Return a solid fill of a colour such as #C9E7C4."""
    return PatternFill("solid", fgColor=f"FF{colour[1:]}")
