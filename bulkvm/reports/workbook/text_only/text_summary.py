"""The summary sheet, written with xlsxwriter."""

from collections.abc import Sequence
from typing import Any, Final

from openpyxl.utils import quote_sheetname
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from bulkvm.model.outcome import Colour
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.page_setup import set_up_page
from bulkvm.reports.workbook.summary import MARKER, WIDTHS, Line, LineKind, make_chart, repeated_row
from bulkvm.reports.workbook.text_cells import write_text

_FORMATS: Final[dict[LineKind, dict[str, Any]]] = {
    LineKind.TITLE: {**styles.TEXT, "bold": True, "font_size": 16, "font_color": styles.BLUE},
    LineKind.SECTION: {**styles.TEXT, "bold": True, "font_size": 12, "font_color": styles.BLUE},
    LineKind.HEADING: styles.HEADING,
    LineKind.TEXT: styles.TEXT,
    LineKind.STEP: styles.TEXT,
    LineKind.ROW: styles.ROW,
    LineKind.FORM: {**styles.ROW, "valign": "vcenter"},
}


def write_summary(workbook: Workbook, lines: Sequence[Line], name: str, sheet_name: str, *, footer: str = "") -> None:
    """Add the summary sheet, with links to the sheet named `sheet_name`."""
    sheet = workbook.add_worksheet(name)
    workbook.define_name(MARKER, f"={quote_sheetname(name)}!$A$1")
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    kinds = {kind: workbook.add_format(properties) for kind, properties in _FORMATS.items()}
    wrapped = workbook.add_format(styles.WRAPPED)
    colours = {colour: workbook.add_format({**styles.ROW, "bg_color": colour}) for colour in Colour}
    link = {**styles.ROW, "underline": True, "font_color": styles.LINK}
    links = {colour: workbook.add_format({**link, "bg_color": colour}) for colour in Colour}
    for row, line in enumerate(lines):
        sheet.set_row(row, line.height)
        if line.merged:
            sheet.merge_range(row, 0, row, line.merged - 1, "", wrapped)
        colour = styles.colour_of(line.colour) if line.colour else None
        for column, value in enumerate(line.cells):
            cell_format = colours[colour] if colour and column == 0 else wrapped if line.merged else kinds[line.kind]
            if isinstance(value, int):
                sheet.write_number(row, column, value, cell_format)
            elif column == 0 and line.link and colour:
                place = f"internal:{quote_sheetname(sheet_name)}!{line.link}"
                sheet.write_url(row, 0, place, links[colour], string=value)
            else:
                write_text(sheet, row, column, value, cell_format)
    _add_chart(workbook, sheet, lines)
    sheet.hide_gridlines(2)
    heading = repeated_row(lines)
    set_up_page(sheet, heading and heading - 1, footer=footer)


def _add_chart(workbook: Workbook, sheet: Worksheet, lines: Sequence[Line]) -> None:
    counted = make_chart(lines)
    if counted is None:
        return
    first, last = counted.first - 1, counted.last - 1
    chart = workbook.add_chart({"type": "bar"})
    assert chart is not None  # None only for unknown types
    chart.add_series(
        {
            "categories": [sheet.name, first, 0, last, 0],
            "values": [sheet.name, first, 2, last, 2],
            "points": [{"fill": {"color": colour}} for colour in counted.colours],
            "data_labels": {"value": True},
            "gap": 40,
        }
    )
    chart.set_title({"name": counted.title, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_size({"width": 310, "height": 80 + 36 * len(counted.colours)})
    sheet.insert_chart(counted.cell, chart)
