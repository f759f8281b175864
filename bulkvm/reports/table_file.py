"""Tables of text, as CSV or workbook."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook

from bulkvm.columns.csv_escape import escape_formula
from bulkvm.files import check_kind
from bulkvm.model.errors import UsageError
from bulkvm.model.outcome import Colour
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.page_setup import set_up_page
from bulkvm.reports.workbook.text_cells import LINE_HEIGHT, row_height, write_text

FILTER_BUTTON: Final = 4  # characters that it takes from a heading


def _no_colours(_: Sequence[str]) -> Mapping[int, Colour]:
    return {}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text with headings, column widths in characters, and the name of the worksheet.

    `colours` returns the colours of a row's cells by column, counted from 0. `hidden` are columns of a workbook.
    """

    headings: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[str]]
    name: str = "Boxes"
    colours: Callable[[Sequence[str]], Mapping[int, Colour]] = _no_colours
    hidden: Collection[int] = ()


def table_format(target: Path, extensions: Sequence[str] = (".csv", ".xlsx")) -> str:
    """Return the format of a file by its extension, such as csv.

    Raises:
        UsageError: the name has another extension, or is that of a device.
    """
    extension = target.suffix.lower()
    if extension not in extensions:
        check_kind(target)
        names = f"{', '.join(extensions[:-1])} or {extensions[-1]}"
        raise UsageError(f"{target} could not be written: its name must end in {names}.")
    return extension.removeprefix(".")


def format_table(table: Table, file_format: str, *, bom: bool = True) -> bytes:
    """Return the content of a file with the table; `file_format` is csv or xlsx."""
    return _workbook(table) if file_format == "xlsx" else _csv(table, bom=bom)


def _csv(table: Table, *, bom: bool) -> bytes:
    """Format CSV as Excel does. By the byte order mark, Excel recognises UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([escape_formula(value) for value in row] for row in chain([table.headings], table.rows))
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _workbook(table: Table) -> bytes:
    file = io.BytesIO()
    workbook = Workbook(file, {"in_memory": True})
    heading, text = workbook.add_format(styles.HEADING), workbook.add_format(styles.WRAPPED)
    coloured = {colour: workbook.add_format({**styles.ROW, "bg_color": colour}) for colour in Colour}
    sheet = workbook.add_worksheet(table.name)
    for column, (name, width) in enumerate(zip(table.headings, table.widths, strict=True)):
        sheet.set_column(column, column, width, text, {"hidden": column in table.hidden})
        write_text(sheet, 0, column, name, heading)
    last = 0
    for last, row in enumerate(table.rows, start=1):
        colours = table.colours(row)
        for column, value in enumerate(row):
            if value:  # an empty cell has the format of its column
                write_text(sheet, last, column, value, coloured[colours[column]] if column in colours else text)
        if (height := row_height(row, table.widths)) > LINE_HEIGHT:
            sheet.set_row(last, height)
    sheet.freeze_panes(1, 1)
    set_up_page(sheet, 0)
    sheet.autofilter(0, 0, last, len(table.headings) - 1)
    workbook.close()
    return file.getvalue()
