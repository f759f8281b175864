"""Scrolls the original sheet to its results."""

from collections.abc import Sequence
from typing import Final

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.views import Selection
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.columns import KEY_COLUMN
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.marks import column_letters
from bulkvm.reports.workbook.page_setup import count_pages_wide
from bulkvm.reports.workbook.result_view import make_view

_DEFAULT_WIDTH: Final = 8.43  # characters, in Excel


def show_results(worksheet: Worksheet, sheet: Sheet, result: int) -> None:
    """Freeze the extension and the headings, unless more is frozen, and scroll to the results where needed."""
    view, pane = worksheet.sheet_view, worksheet.sheet_view.pane
    if pane and pane.state == "split":  # the person's own windows
        return
    key = column_index_from_string(column_letters(sheet)[KEY_COLUMN.header])
    shown = make_view(column_widths(worksheet, result), sheet.header_row, key, result)
    rows = max(shown.rows, int(pane.ySplit or 0) if pane else 0)
    columns = max(shown.columns, int(pane.xSplit or 0) if pane else 0)
    if not columns:
        view.topLeftCell = f"{get_column_letter(shown.first)}1"
    elif pane is None:
        view.topLeftCell = None
    if not (rows or columns):
        return
    top = f"{get_column_letter(columns + 1)}{rows + 1}"
    view.selection = [Selection(activeCell=top, sqref=top)]
    worksheet.freeze_panes = top
    if view.pane:
        view.pane.topLeftCell = f"{get_column_letter(max(shown.first, columns + 1))}{rows + 1}"


def set_up_printing(worksheet: Worksheet, sheet: Sheet, last: str) -> None:
    """Print in landscape, as wide as the page, with the headings on each, unless the person set something up.

    The setup of an earlier copy, or of the template, is renewed. A wide table takes several pages side by side, each
    with the extensions, so that its text can be read. The printed area ends with the `last` cell: otherwise, it would
    grow with long messages.
    """
    setup, properties, header_row = worksheet.page_setup, worksheet.sheet_properties, sheet.header_row
    is_fitted = bool(properties.pageSetUpPr and properties.pageSetUpPr.fitToPage)
    titles = worksheet.print_title_rows
    is_ours = is_fitted and setup.fitToHeight == 0 and titles == f"${header_row}:${header_row}"
    is_theirs = setup.orientation in {"portrait", "landscape"} or is_fitted or setup.scale
    if not is_ours and (is_theirs or titles or worksheet.print_area):
        return
    worksheet.print_area = f"A1:{last}"
    setup.orientation, setup.fitToHeight = "landscape", 0
    properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    worksheet.print_title_rows = f"{header_row}:{header_row}"
    fit_pages(worksheet, sheet, column_widths(worksheet, coordinate_to_tuple(last)[1]))


def fit_pages(worksheet: Worksheet, sheet: Sheet, widths: Sequence[float]) -> None:
    """Print a table on as many pages side by side as its widths need, each with the extensions."""
    worksheet.page_setup.fitToWidth = pages = count_pages_wide(widths)
    if pages > 1:
        key = column_letters(sheet)[KEY_COLUMN.header]
        worksheet.print_title_cols = f"{key}:{key}"


def column_widths(worksheet: Worksheet, last: int) -> list[float]:
    """Return the widths of the columns up to the last one, in characters; hidden ones have none."""
    default = worksheet.sheet_format.defaultColWidth or worksheet.sheet_format.baseColWidth or _DEFAULT_WIDTH
    widths = [float(default)] * last
    for dimension in worksheet.column_dimensions.values():
        width = 0.0 if dimension.hidden else dimension.width
        for column in range(dimension.min or 1, min(dimension.max or 0, last) + 1):
            widths[column - 1] = width
    return widths
