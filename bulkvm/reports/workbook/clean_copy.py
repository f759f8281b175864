"""Clean copies: the sheet as bulkvm parsed it, as CSV or in the look of the template."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bulkvm.columns import CLEAR, COLUMN_OF_HEADER, COLUMNS, KEY_COLUMN, PIN_COLUMN, ROW_HEADING, Column, refused_text
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.pin import PLAIN_PIN
from bulkvm.columns.sheet_columns import joined_texts, letters_by_header, may_have_lost_zero, refused_cells
from bulkvm.files import Reservation, writing
from bulkvm.model.box import BLANK, Record
from bulkvm.model.sheet import Sheet
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.table_file import Table, format_table, table_format
from bulkvm.reports.template.template_workbook import Rows, fill_template
from bulkvm.reports.workbook.text_limit import TextLimit

_PIN: Final = COLUMNS.index(PIN_COLUMN)
_EXTENSION: Final = COLUMNS.index(KEY_COLUMN)
_CLOCK: Final = COLUMNS.index(COLUMN_OF_HEADER["play_datetime"])
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,14}")  # with more digits, Excel would change the last ones


def write_clean(
    target: Path, sheet: Sheet, records: Sequence[Record], *, overwrite: bool | Reservation = False
) -> Path:
    """Write records to a .csv or .xlsx file, each with the number of its row in the sheet.

    An invalid cell keeps its text. If the text by itself might be valid, it is marked with `<check>`. In a workbook, a
    PIN or an extension that may have lost a leading zero stays a number, so that the loss is detected again.

    Args:
        target: a file other than the sheet's own; its extension determines the format.
        sheet: the sheet as it was read.
        records: the parsed rows.
        overwrite: whether an existing file may be replaced; or the reservation of the name.

    Returns:
        The path of the file written, see `writing`.
    """
    check_result_name(target, sheet, overwrite=overwrite)
    rows = _rows(sheet, records)
    if table_format(target) == "xlsx":
        longest = {place: _longest(records, COLUMNS[place].header) for place in (_EXTENSION, _PIN)}
        letters = {header: found[0] for header, found in letters_by_header(sheet).items()}
        texts = (_as_in_template(row, sheet, letters, longest) for row in rows)
        content = fill_template(Rows(texts, len(records), {ROW_HEADING: 14}))
    else:
        content = format_table(Table([*(column.header for column in COLUMNS), ROW_HEADING], [], rows), "csv")
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


def _as_in_template(
    row: Sequence[str], sheet: Sheet, letters: Mapping[str, str], longest: Mapping[int, int]
) -> Sequence[str | int]:
    """Return a row in the words of the template. What may have lost a leading zero stays a number.

    That is a PIN that may be refused, or a PIN or an extension that is shorter than the longest one.
    """
    filled: list[str | int] = [*row]
    filled[_CLOCK] = COLUMNS[_CLOCK].in_words(row[_CLOCK])
    for place, most in longest.items():
        letter = letters.get(COLUMNS[place].header)
        is_doubtful = len(row[place]) < most or (place == _PIN and not PLAIN_PIN.fullmatch(row[place]))
        if letter and is_doubtful and _NUMBER.fullmatch(row[place]) and may_have_lost_zero(sheet, letter, int(row[-1])):
            filled[place] = int(row[place])
    return filled


def _longest(records: Sequence[Record], header: str) -> int:
    """The length of the longest valid text of a column."""
    return max((len(value) for record in records if isinstance(value := getattr(record, header), str)), default=0)


def cell_text(record: Record, column: Column) -> str:
    """Return the text of a record's field as in a sheet."""
    value = getattr(record, column.header)
    if value is BLANK:
        return ""
    return CLEAR if value == () else column.format(value)
