"""Formulas of a person's own workbook, whose results openpyxl does not save."""

from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.reports.workbook.original.original_cells import cells_there, set_text


def replace_formulas(own: Worksheet, sheet: Sheet) -> bool:
    """Put what was read in the place of formulas, so that the copy reads as the sheet did; say whether there were any.

    That is in the columns that are read, and in blank rows, which formulas without results would fill. A formula
    whose result cannot be used stays, lest it pass for text.
    """
    texts = {
        letter: {sheet.header_row: sheet.headings[letter], **sheet.texts(letter)} for letter in sheet_columns(sheet)
    }
    filled = {sheet.header_row, *sheet.cells.index.tolist()}
    found = False
    for cell in cells_there(own):
        if cell.data_type != "f" or cell.row < sheet.header_row:
            continue
        kind = sheet.kinds.get(cell.column_letter, {}).get(cell.row)
        was_read = cell.column_letter in texts and kind in {None, CellKind.FORMULA}
        if was_read or cell.row not in filled:
            set_text(cell, texts.get(cell.column_letter, {}).get(cell.row, ""))
            found = True
    return found
