"""Which columns a sheet has, and which of its cells cannot be read."""

from bulkvm.columns import KEY_COLUMN, Column
from bulkvm.columns.header_matching import match_headings
from bulkvm.model.sheet import NOT_DIGITS, UNREADABLE, Sheet


def sheet_columns(sheet: Sheet) -> dict[str, Column]:
    """Map the letters of a sheet to columns. If several headings mean the same column, all of them are in it."""
    return match_headings(sheet.headings, sheet.heading_map)


def refused_cells(sheet: Sheet) -> dict[int, set[str]]:
    """The letters, by row, of the cells that cannot be read because of their kind, regardless of their text.

    For a row that could not be read as a whole, that is its extension.
    """
    found: dict[int, set[str]] = {}
    columns = sheet_columns(sheet)
    for letter, column in columns.items():
        kinds = UNREADABLE | NOT_DIGITS if column.digits else UNREADABLE
        for row, kind in sheet.kinds.get(letter, {}).items():
            if kind in kinds:
                found.setdefault(row, set()).add(letter)
    keys = {letter for letter, column in columns.items() if column is KEY_COLUMN}
    for problem in sheet.problems:
        if problem.is_error and problem.row is not None and problem.cell is None:
            found.setdefault(problem.row, set()).update(keys)
    return found
