"""Tables of text, as CSV and as a workbook."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook

from bulkvm.columns.csv_escape import escape_formula
from bulkvm.model.errors import UsageError
from bulkvm.reports.workbook import styles as look
from bulkvm.reports.workbook.text_cells import write_text

_KINDS: Final = {".csv": "csv", ".xlsx": "xlsx"}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings; a width is in characters, `name` that of the sheet in a workbook."""

    headings: Sequence[str]
    widths: Sequence[int]
    rows: Iterable[Sequence[str]]
    name: str = "Boxes"


def table_kind(target: Path) -> str:
    """Whether a file is to be CSV or a workbook, by its name."""
    kind = _KINDS.get(target.suffix.lower())
    if kind is None:
        raise UsageError(f"{target.name} could not be written: its name must end in .csv or .xlsx.")
    return kind


def format_table(table: Table, kind: str, *, bom: bool = True) -> bytes:
    """Write a table to bytes."""
    return _workbook(table) if kind == "xlsx" else _csv(table, bom=bom)


def _csv(table: Table, *, bom: bool) -> bytes:
    """CSV as Excel writes it; the byte order mark tells Excel that it is UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([escape_formula(value) for value in row] for row in chain([table.headings], table.rows))
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _workbook(table: Table) -> bytes:
    file = io.BytesIO()
    workbook = Workbook(file, {"in_memory": True})
    heading, text = workbook.add_format(look.HEADING), workbook.add_format(look.TEXT)
    sheet = workbook.add_worksheet(table.name)
    for column, (name, width) in enumerate(zip(table.headings, table.widths, strict=True)):
        sheet.set_column(column, column, width, text)
        write_text(sheet, 0, column, name, heading)
    last = 0
    for last, row in enumerate(table.rows, start=1):
        for column, value in enumerate(row):
            if value:  # an empty cell has its column's format
                write_text(sheet, last, column, value, text)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(table.headings) - 1)
    workbook.close()
    return file.getvalue()
