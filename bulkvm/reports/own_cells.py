"""Cells of a person's own workbook."""

from typing import Final

from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.reports import look
from bulkvm.reports.cells import fit

FONT: Final = "Calibri"  # as Excel's own


def shown_cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """The cell, or where cells are merged, the one that shows for it."""
    cell = sheet.cell(row, column)
    if isinstance(cell, Cell):
        return cell
    merged = next(area for area in sheet.merged_cells.ranges if cell.coordinate in area)
    return shown_cell(sheet, merged.min_row, merged.min_col)


def set_text(cell: Cell, text: str) -> None:
    """Write text, typed as text: nothing in it is run or reformatted."""
    cell.value = fit(ILLEGAL_CHARACTERS_RE.sub("", text)) or None
    if cell.value is not None:
        cell.data_type = "s"
    cell.number_format = "@"


def dress_heading(cell: Cell) -> None:
    """Make a cell look like a heading of ours."""
    cell.font, cell.fill = Font(name=FONT, bold=True, color="FFFFFF"), solid(look.BLUE)


def solid(colour: str) -> PatternFill:
    """A fill of one colour, such as #C9E7C4."""
    return PatternFill("solid", fgColor=f"FF{colour[1:]}")
