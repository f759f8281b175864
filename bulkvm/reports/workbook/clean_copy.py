"""Clean copies: the sheet as bulkvm parsed it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bulkvm.columns import CLEAR, COLUMNS, RESULT_PREFIX, Column, refused_text
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.sheet_columns import joined_texts, letters_by_header, refused_cells
from bulkvm.files import Reservation, writing
from bulkvm.model.box import BLANK, Record
from bulkvm.model.sheet import Sheet
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.table_file import FILTER_BUTTON, Table, format_table, table_format
from bulkvm.reports.workbook.text_limit import TextLimit


def write_clean(
    target: Path, sheet: Sheet, records: Sequence[Record], *, overwrite: bool | Reservation = False
) -> Path:
    """Write records to a .csv or .xlsx file, each with the number of its row in the sheet.

    An invalid cell keeps its text. If the text by itself would be valid, it is marked with `<check>`.

    Args:
        target: a file other than the sheet's own; its extension determines the format.
        sheet: the sheet as it was read.
        records: the parsed rows.
        overwrite: whether an existing file may be replaced; or the reservation of the name.

    Returns:
        The path of the file written, see `writing`.
    """
    check_result_name(target, sheet, overwrite=overwrite)
    table = Table(
        headings=[*(column.header for column in COLUMNS), f"{RESULT_PREFIX}row"],
        widths=[*(max(column.width, len(column.header) + FILTER_BUTTON) for column in COLUMNS), 14],
        rows=_rows(sheet, records),
    )
    content = format_table(table, table_format(target))
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path


def _rows(sheet: Sheet, records: Sequence[Record]) -> Iterator[list[str]]:
    letters = letters_by_header(sheet)
    texts = {header: joined_texts(sheet, header, found) for header, found in letters.items()}
    refused, limit = refused_cells(sheet), TextLimit(sheet)
    for record in records:
        row = [cell_text(record, column) for column in COLUMNS]
        marked = refused.get(record.row, set())
        for place, column in enumerate(COLUMNS):
            if column.header not in letters:
                continue
            text = texts[column.header].get(record.row, "")
            if not marked.isdisjoint(letters[column.header]):
                row[place] = refused_text(text)
            elif not row[place]:
                row[place] = text.strip(STRIP_CHARS)
        yield [*limit.shorten(row), str(record.row)]


def cell_text(record: Record, column: Column) -> str:
    """Return the text of a record's field as in a sheet."""
    value = getattr(record, column.header)
    if value is BLANK:
        return ""
    return CLEAR if value == () else column.format(value)
