"""Which columns a sheet has, and which of its cells cannot be read."""

from bulkvm.columns import KEY_COLUMN, PIN_COLUMN, Column
from bulkvm.columns.header_matching import is_result_heading, match_heading, may_be_other_secret, names_pin_of_box
from bulkvm.model.sheet import NOT_DIGITS, UNREADABLE, Sheet


def sheet_columns(sheet: Sheet) -> dict[str, Column]:
    """Map the letters of a sheet to columns. If several headings mean the same column, all of them are in it."""
    found = {
        letter: match_heading(text, sheet.heading_map)
        for letter, text in sheet.headings.items()
        if not is_result_heading(text)
    }
    columns = {letter: column for letter, column in found.items() if column}
    pins = [letter for letter, column in columns.items() if column is PIN_COLUMN]
    if any(names_pin_of_box(sheet.headings[letter]) for letter in pins):
        for letter in pins:  # beside the PIN of the box, a password belongs to something else
            if may_be_other_secret(sheet.headings[letter]):
                del columns[letter]
    return columns


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
