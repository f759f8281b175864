"""Tables of text, as CSV or workbook."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from xlsxwriter import Workbook

from bulkvm.columns.csv_escape import escape_formula
from bulkvm.files import check_kind
from bulkvm.model.errors import UsageError
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.text_cells import write_text


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text with headings, column widths in characters, and the name of the worksheet."""

    headings: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[str]]
    name: str = "Boxes"


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
    heading, text = workbook.add_format(styles.HEADING), workbook.add_format(styles.TEXT)
    sheet = workbook.add_worksheet(table.name)
    for column, (name, width) in enumerate(zip(table.headings, table.widths, strict=True)):
        sheet.set_column(column, column, width, text)
        write_text(sheet, 0, column, name, heading)
    last = 0
    for last, row in enumerate(table.rows, start=1):
        for column, value in enumerate(row):
            if value:  # an empty cell has the format of its column
                write_text(sheet, last, column, value, text)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(table.headings) - 1)
    workbook.close()
    return file.getvalue()
