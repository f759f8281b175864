"""A sheet re-created from a run's journal."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from openpyxl.utils import get_column_letter

from bulkvm.columns import COLUMNS, UNDO_HEADING, Column
from bulkvm.model.box import Record
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.clean_copy import cell_text


def rebuild_sheet(
    file: Path, records: Sequence[Record], cells: Mapping[int, Mapping[str, str]], *, undo_of: str = ""
) -> Sheet:
    """Re-create a sheet with bulkvm's headings and the original row numbers.

    Args:
        file: the file that the sheet was read from.
        records: the parsed rows.
        cells: by row and header, the texts of invalid rows, whose records lack what could not be parsed.
        undo_of: the run that was undone, if the rows are those of an undo. An extra column names it, since such a
            sheet cannot be imported.
    """

    def text(record: Record, column: Column) -> str:
        return cells[record.row].get(column.header, "") if record.row in cells else cell_text(record, column)

    letters = {get_column_letter(number): column for number, column in enumerate(COLUMNS, start=1)}
    columns = {letter: [text(record, column) for record in records] for letter, column in letters.items()}
    headings = {letter: column.header for letter, column in letters.items()}
    if undo_of:
        letter = get_column_letter(len(COLUMNS) + 1)
        headings[letter], columns[letter] = UNDO_HEADING, [undo_of] * len(records)
    frame = pd.DataFrame(columns, index=[record.row for record in records], dtype=object)
    return Sheet(file, None, 1, headings, frame)
