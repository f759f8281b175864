"""The example row of the template, which is not a row of the sheet."""

from bulkvm.columns import KEY_COLUMN, Column, is_example
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.sheet import Sheet


def drop_example_rows(sheet: Sheet) -> Sheet:
    """Return the sheet without rows that hold only examples, wherever they were moved to.

    A row with an example and a value that was typed stays, and the example in it is an error.
    """
    columns = sheet_columns(sheet)
    keys = [letter for letter, column in columns.items() if column is KEY_COLUMN]
    if not keys:
        return sheet
    extensions = zip(sheet.cells.index.tolist(), sheet.cells[keys[0]].tolist(), strict=True)
    found = [row for row, text in extensions if _is_example(KEY_COLUMN, text)]
    cells = sheet.cells.loc[found, list(columns)].to_numpy().tolist() if found else []
    examples = {
        row for row, texts in zip(found, cells, strict=True) if all(map(_is_blank_or_example, columns.values(), texts))
    }
    return sheet.without_rows(examples) if examples else sheet


def _is_blank_or_example(column: Column, text: str) -> bool:
    return _is_example(column, text) or not text.strip(STRIP_CHARS)


def _is_example(column: Column, text: str) -> bool:
    return is_example(column, text.lstrip(STRIP_CHARS))
