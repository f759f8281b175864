"""Replaces formulas by their results, which openpyxl does not save."""

from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.reports.workbook.original.original_cells import existing_cells, set_text


def replace_formulas(worksheet: Worksheet, sheet: Sheet) -> bool:
    """Replace formulas by the text that was read, so that the copy reads the same; return whether there were any.

    This applies to columns that are read, and to blank rows, which formulas without results would fill. A formula
    without a usable result stays: as text, it could be accepted.
    """
    texts = {
        letter: {sheet.header_row: sheet.headings[letter], **sheet.texts(letter)} for letter in sheet_columns(sheet)
    }
    filled = {sheet.header_row, *sheet.cells.index.tolist()}
    found = False
    for cell in existing_cells(worksheet):
        if cell.data_type != "f" or cell.row < sheet.header_row:
            continue
        kind = sheet.kinds.get(cell.column_letter, {}).get(cell.row)
        was_read = cell.column_letter in texts and kind in {None, CellKind.FORMULA}
        if was_read or cell.row not in filled:
            set_text(cell, texts.get(cell.column_letter, {}).get(cell.row, ""))
            found = True
    return found
