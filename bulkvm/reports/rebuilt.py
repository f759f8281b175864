"""A sheet, rebuilt from what is known of its rows."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from openpyxl.utils import get_column_letter

from bulkvm.box import Record
from bulkvm.columns import COLUMNS
from bulkvm.reports.clean import cell_text
from bulkvm.sheet import Sheet


def rebuild_sheet(file: Path, extensions: Mapping[int, str], records: Mapping[int, Record]) -> Sheet:
    """Lay rows out under our own headings, each at its own number; of a row without a record only its extension.

    Args:
        file: what the sheet was read from.
        extensions: the extension of every row.
        records: what is known of a row, by its number.
    """
    known = {
        row: records.get(row) or Record(row=row, extension_number=extension) for row, extension in extensions.items()
    }
    letters = [get_column_letter(number) for number in range(1, len(COLUMNS) + 1)]
    columns = {
        letter: [cell_text(record, column) for record in known.values()]
        for letter, column in zip(letters, COLUMNS, strict=True)
    }
    headings = {letter: column.header for letter, column in zip(letters, COLUMNS, strict=True)}
    return Sheet(file, None, 1, headings, pd.DataFrame(columns, index=list(known), dtype=object))
