"""The summary sheet, written with openpyxl."""

from collections.abc import Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.original.original_cells import FONT, set_text, solid_fill, style_heading, visible_cell
from bulkvm.reports.workbook.page_setup import FOOTER, PAPER
from bulkvm.reports.workbook.summary import MARKER, WIDTHS, Line, LineKind, make_chart, repeated_row, summary_name

_THIN: Final = Side(style="thin", color=styles.GREY[1:])
ROW_BORDER: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


def remove_former_summary(workbook: Workbook, sheet_name: str) -> bool:
    """Remove the summary sheet of an earlier copy, and return whether there was one."""
    marker = workbook.defined_names.pop(MARKER, None)
    former = {title for title, _ in marker.destinations} - {sheet_name} if marker else set()
    for title in former.intersection(workbook.sheetnames):
        del workbook[title]
    return bool(former)


def write_summary(workbook: Workbook, lines: Sequence[Line], sheet_name: str) -> None:
    """Add the summary as the first sheet, with links to the sheet named `sheet_name`."""
    name = summary_name(workbook.sheetnames)
    sheet: Worksheet = workbook.create_sheet(name, index=0)
    workbook.defined_names[MARKER] = DefinedName(MARKER, attr_text=f"{quote_sheetname(name)}!$A$1")
    for column, width in enumerate(WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for row, line in enumerate(lines, start=1):
        _write_line(sheet, row, line, sheet_name)
    _add_chart(sheet, lines)
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", PAPER
    sheet.page_setup.fitToHeight = 0
    if heading := repeated_row(lines):
        sheet.print_title_rows = f"{heading}:{heading}"
    left, right = FOOTER
    sheet.HeaderFooter.oddFooter = HeaderFooterItem(left=_HeaderFooterPart(left), right=_HeaderFooterPart(right))
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    _show(workbook, sheet)


def _write_line(sheet: Worksheet, row: int, line: Line, sheet_name: str) -> None:
    sheet.row_dimensions[row].height = line.height
    for column, value in enumerate(line.cells, start=1):
        cell = visible_cell(sheet, row, column)
        if isinstance(value, int):
            cell.value = value
        else:
            set_text(cell, value)
        _style_cell(cell, line)
    if line.merged:
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=line.merged)
    first = sheet.cell(row, 1)
    if line.colour and (colour := styles.colour_of(line.colour)):
        first.fill = solid_fill(colour)
    if line.link:
        first.font = Font(name=FONT, underline="single", color=styles.LINK[1:])
        first.hyperlink = Hyperlink(ref=first.coordinate, location=f"{quote_sheetname(sheet_name)}!{line.link}")


def _style_cell(cell: Cell, line: Line) -> None:
    kind = line.kind
    vertical = "center" if kind is LineKind.FORM else "top"
    wrapped = bool(line.merged) or kind is LineKind.ROW
    cell.alignment = Alignment(horizontal="left", vertical=vertical, wrap_text=wrapped)
    if kind is LineKind.TITLE:
        cell.font = Font(name=FONT, bold=True, size=16, color=styles.BLUE[1:])
    elif kind is LineKind.SECTION:
        cell.font = Font(name=FONT, bold=True, size=12, color=styles.BLUE[1:])
    elif kind is LineKind.HEADING:
        style_heading(cell)
    elif kind in {LineKind.ROW, LineKind.FORM}:
        cell.border = ROW_BORDER


def _show(workbook: Workbook, sheet: Worksheet) -> None:
    """Make this the only selected sheet: edits would apply to all selected sheets."""
    workbook.active = sheet
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet


def _add_chart(sheet: Worksheet, lines: Sequence[Line]) -> None:
    counted = make_chart(lines)
    if counted is None:
        return
    chart = BarChart()
    chart.type, chart.title, chart.legend = "bar", counted.title, None
    chart.add_data(Reference(sheet, min_col=3, min_row=counted.first, max_row=counted.last))
    chart.set_categories(Reference(sheet, min_col=1, min_row=counted.first, max_row=counted.last))
    series = chart.series[0]
    for index, colour in enumerate(counted.colours):
        point = DataPoint(idx=index)
        point.graphicalProperties.solidFill = colour[1:]
        series.dPt.append(point)
    chart.dataLabels = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
    chart.x_axis.scaling.orientation, chart.x_axis.delete = "maxMin", False
    chart.y_axis.delete, chart.y_axis.majorGridlines = True, None
    chart.gapWidth, chart.width = 40, 8  # centimetres
    chart.height = 2.1 + 0.95 * len(counted.colours)
    sheet.add_chart(chart, counted.cell)
