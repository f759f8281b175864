"""Result columns in the original workbook."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from openpyxl.cell import Cell
from openpyxl.drawing.spreadsheet_drawing import TwoCellAnchor
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.table import Table, TableColumn
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.change import PlannedStatus
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
from bulkvm.reports.workbook.original.result_pane import set_up_printing, show_results
from bulkvm.reports.workbook.result_columns import Results, assign_columns


def add_results(worksheet: Worksheet, sheet: Sheet, results: Results) -> Mapping[str, Sequence[Cell]]:
    """Write the result columns, and return the coloured cells by colour.

    Rows without a result keep the text of an earlier one.
    """
    headings = {cell.column_letter: cell.value for cell in worksheet[sheet.header_row] if isinstance(cell.value, str)}
    used = {cell.column for cell in existing_cells(worksheet) if cell.value is not None}
    places = assign_columns(results, headings, {*used, _last_column_under_drawings(worksheet, sheet.header_row)})
    for place, (heading, width) in zip(places, results.headings.items(), strict=True):
        worksheet.column_dimensions[get_column_letter(place)].width = width
        cell = visible_cell(worksheet, sheet.header_row, place)
        set_text(cell, heading)
        style_heading(cell)
    coloured: dict[str, list[Cell]] = defaultdict(list)
    for row, texts in results.rows.items():
        for place, text in zip(places, texts, strict=True):
            if text is not None:
                cell = visible_cell(worksheet, row, place)
                set_text(cell, text)
                _unwrap(worksheet, cell)
        status = texts[0]
        if isinstance(status, Status | PlannedStatus) and (colour := styles.colour_of(status)):
            cell = visible_cell(worksheet, row, places[0])
            cell.fill = solid_fill(colour)
            coloured[colour].append(cell)
    _widen_filter(worksheet, sheet, max(places))
    show_results(worksheet, sheet, places[0])
    bottom = max(sheet.cells.index, default=sheet.header_row)
    set_up_printing(worksheet, sheet, f"{get_column_letter(max(places))}{bottom}")
    return coloured


def _last_column_under_drawings(worksheet: Worksheet, header_row: int) -> int:
    """Return the last column under pictures and charts that would cover results; those above the headings do not."""
    drawings = (*vars(worksheet)["_charts"], *vars(worksheet)["_images"])  # no public API
    corners = [drawing.anchor.to for drawing in drawings if isinstance(drawing.anchor, TwoCellAnchor)]
    return max((corner.col + 1 for corner in corners if corner.row + 1 >= header_row), default=0)


def _unwrap(worksheet: Worksheet, cell: Cell) -> None:
    """Give a row its normal height again, if an earlier result (up to 0.1.0) wrapped a long message in it."""
    if cell.alignment.wrap_text:
        cell.alignment = Alignment()
        worksheet.row_dimensions[cell.row].height = None


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
