"""Result columns in the original workbook."""

from openpyxl.cell import Cell
from openpyxl.drawing.spreadsheet_drawing import TwoCellAnchor
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.table import Table, TableColumn
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.outcome import Status
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.original.original_cells import (
    existing_cells,
    set_text,
    solid_fill,
    style_heading,
    visible_cell,
)
from bulkvm.reports.workbook.result_columns import Results, assign_columns
from bulkvm.reports.workbook.text_cells import row_height


def add_results(worksheet: Worksheet, sheet: Sheet, results: Results) -> None:
    """Write the result columns. Rows without a result keep the text of an earlier one."""
    headings = {cell.column_letter: cell.value for cell in worksheet[sheet.header_row] if isinstance(cell.value, str)}
    last = max((cell.column for cell in existing_cells(worksheet) if cell.value is not None), default=0)
    places = assign_columns(results, headings, max(last, _last_column_under_drawings(worksheet, sheet.header_row)))
    for place, (heading, width) in zip(places, results.headings.items(), strict=True):
        worksheet.column_dimensions[get_column_letter(place)].width = width
        cell = visible_cell(worksheet, sheet.header_row, place)
        set_text(cell, heading)
        style_heading(cell)
    for row, texts in results.rows.items():
        for place, width, text in zip(places, results.headings.values(), texts, strict=True):
            if text is not None:
                cell = visible_cell(worksheet, row, place)
                set_text(cell, text)
                if len(text) > width:
                    _wrap(worksheet, cell, row_height([text], [width]))
        if isinstance(status := texts[0], Status):
            worksheet.cell(row, places[0]).fill = solid_fill(styles.COLOURS[status])
    _widen_filter(worksheet, sheet, max(places))


def _last_column_under_drawings(worksheet: Worksheet, header_row: int) -> int:
    """Return the last column under pictures and charts that would cover results; those above the headings do not."""
    drawings = (*vars(worksheet)["_charts"], *vars(worksheet)["_images"])  # no public API
    corners = [drawing.anchor.to for drawing in drawings if isinstance(drawing.anchor, TwoCellAnchor)]
    return max((corner.col + 1 for corner in corners if corner.row + 1 >= header_row), default=0)


def _wrap(worksheet: Worksheet, cell: Cell, height: int) -> None:
    """Wrap a long text, and make its row high enough."""
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    row = worksheet.row_dimensions[cell.row]
    row.height = max(row.height or 0, height)


def _widen_filter(worksheet: Worksheet, sheet: Sheet, last: int) -> None:
    """Include the results in the table or filter of the sheet, or add a filter."""
    for table in worksheet.tables.values():
        if table.headerRowCount and CellRange(table.ref).min_row == sheet.header_row:
            _widen_table(worksheet, table, last)
            return
    bottom = max(sheet.cells.index, default=sheet.header_row)
    area = CellRange(worksheet.auto_filter.ref or f"A{sheet.header_row}:A{bottom}")
    worksheet.auto_filter.ref = _up_to(area, last)


def _widen_table(worksheet: Worksheet, table: Table, last: int) -> None:
    """Extend a table to the last column, if Excel allows it: every column needs a unique heading."""
    area = CellRange(table.ref)
    headings = [worksheet.cell(area.min_row, column).value for column in range(area.max_col + 1, last + 1)]
    names = [*table.column_names, *(heading for heading in headings if isinstance(heading, str))]
    if table.totalsRowCount or len(set(names)) < len(table.column_names) + len(headings):
        return
    highest = max(column.id for column in table.tableColumns)
    for number, name in enumerate(names[len(table.column_names) :], start=highest + 1):
        table.tableColumns.append(TableColumn(id=number, name=name))
    table.ref = _up_to(area, last)
    if table.autoFilter:
        table.autoFilter.ref = table.ref


def _up_to(area: CellRange, last: int) -> str:
    """Return the area extended to the last column."""
    area.expand(right=max(0, last - area.max_col))
    return area.coord
