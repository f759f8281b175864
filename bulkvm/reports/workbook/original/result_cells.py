"""The columns of a result, in a person's own workbook."""

from openpyxl.cell import Cell
from openpyxl.drawing.spreadsheet_drawing import TwoCellAnchor
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.table import Table, TableColumn
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.model.outcome import Status
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook import styles as look
from bulkvm.reports.workbook.original.original_cells import cells_there, dress_heading, set_text, shown_cell, solid
from bulkvm.reports.workbook.result_columns import Results, place_results
from bulkvm.reports.workbook.text_cells import row_height


def add_results(own: Worksheet, sheet: Sheet, results: Results) -> None:
    """Write the results beside the rows. What has none keeps what an earlier result says of it."""
    headings = {cell.column_letter: cell.value for cell in own[sheet.header_row] if isinstance(cell.value, str)}
    last = max((cell.column for cell in cells_there(own) if cell.value is not None), default=0)
    places = place_results(results, headings, max(last, _last_column_under_drawings(own, sheet.header_row)))
    for place, (heading, width) in zip(places, results.headings.items(), strict=True):
        own.column_dimensions[get_column_letter(place)].width = width
        cell = shown_cell(own, sheet.header_row, place)
        set_text(cell, heading)
        dress_heading(cell)
    for row, texts in results.rows.items():
        for place, width, text in zip(places, results.headings.values(), texts, strict=True):
            if text is not None:
                cell = shown_cell(own, row, place)
                set_text(cell, text)
                if len(text) > width:
                    _wrap(own, cell, row_height([text], [width]))
        if isinstance(status := texts[0], Status):
            own.cell(row, places[0]).fill = solid(look.COLOURS[status])
    _widen_filter(own, sheet, max(places))


def _last_column_under_drawings(own: Worksheet, header_row: int) -> int:
    """Up to which column pictures and charts reach that would cover results; a logo above the headings does not."""
    drawings = (*vars(own)["_charts"], *vars(own)["_images"])  # there is no public way
    corners = [drawing.anchor.to for drawing in drawings if isinstance(drawing.anchor, TwoCellAnchor)]
    return max((corner.col + 1 for corner in corners if corner.row + 1 >= header_row), default=0)


def _wrap(own: Worksheet, cell: Cell, height: int) -> None:
    """Show all of a long text, in a row that is high enough."""
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    row = own.row_dimensions[cell.row]
    row.height = max(row.height or 0, height)


def _widen_filter(own: Worksheet, sheet: Sheet, last: int) -> None:
    """Make the results filterable: in the table that holds the sheet, in the sheet's own filter, or in a new one."""
    for table in own.tables.values():
        if table.headerRowCount and CellRange(table.ref).min_row == sheet.header_row:
            _widen_table(own, table, last)
            return
    bottom = max(sheet.cells.index, default=sheet.header_row)
    area = CellRange(own.auto_filter.ref or f"A{sheet.header_row}:A{bottom}")
    own.auto_filter.ref = _up_to(area, last)


def _widen_table(own: Worksheet, table: Table, last: int) -> None:
    """Take the columns up to the last into a table, if Excel allows it: each must have a heading, and none twice."""
    area = CellRange(table.ref)
    headings = [own.cell(area.min_row, column).value for column in range(area.max_col + 1, last + 1)]
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
    """The area, made wide enough for the last column."""
    area.expand(right=max(0, last - area.max_col))
    return area.coord
