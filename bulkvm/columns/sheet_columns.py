"""Which columns a sheet has, and which of its cells cannot be read."""

import hashlib
import json
from collections.abc import Sequence

from bulkvm.columns import COLUMN_OF_HEADER, KEY_COLUMN, SECRET_HEADERS, Column
from bulkvm.columns.cell_display import STRIP_CHARS, stands_for_no_value
from bulkvm.columns.header_matching import heading_key, match_headings
from bulkvm.model.sheet import NOT_DIGITS, UNREADABLE, CellKind, Sheet


def sheet_columns(sheet: Sheet) -> dict[str, Column]:
    """Map the letters of a sheet to columns. If several headings mean the same column, all of them are in it."""
    return match_headings(sheet.headings, sheet.heading_map)


def letters_by_header(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """Map headers to letters; of several columns that are read as one, all in the order in which they are joined."""
    found: dict[str, list[str]] = {}
    for letter, column in sheet_columns(sheet).items():
        found.setdefault(column.header, []).append(letter)
    given = {heading_key(theirs): place for place, theirs in enumerate(sheet.heading_map)}

    def place(letter: str) -> int:
        return given.get(heading_key(sheet.headings[letter]), 0)

    return {header: tuple(sorted(letters, key=place)) for header, letters in found.items()}


def result_letters(sheet: Sheet) -> dict[str, str]:
    """Map the headings of a sheet, such as bulkvm_status, to letters. Of a heading that is there twice, the first."""
    return {heading.strip().casefold(): letter for letter, heading in reversed([*sheet.headings.items()])}


def result_texts(sheet: Sheet, heading: str) -> dict[int, str]:
    """The texts of a column of a result, such as bulkvm_id, by row; none if the sheet lacks it."""
    letter = result_letters(sheet).get(heading)
    return {row: text.strip(STRIP_CHARS) for row, text in sheet.texts(letter).items()} if letter else {}


def result_words(sheet: Sheet, heading: str) -> dict[int, str]:
    """Like `result_texts`, for a column with words such as `left out`: in lower case, with single spaces."""
    return {row: " ".join(text.casefold().split()) for row, text in result_texts(sheet, heading).items()}


def joined_texts(sheet: Sheet, header: str, letters: Sequence[str]) -> dict[int, str]:
    """The texts of a column by row; of several columns that are read as one, joined."""
    if len(letters) == 1:
        return sheet.texts(letters[0])
    column = COLUMN_OF_HEADER[header]
    cells = zip(*(sheet.cells[letter].tolist() for letter in letters), strict=True)
    return {
        row: column.joiner.join(_filled(column, [text.strip(STRIP_CHARS) for text in texts]))
        for row, texts in zip(sheet.cells.index.tolist(), cells, strict=True)
    }


def sha256_without_pins(sheet: Sheet) -> str:
    """The SHA-256 of what is read from a sheet, without its PINs: whoever knows the rest could try them out."""
    read = {header: found for header, found in letters_by_header(sheet).items() if header not in SECRET_HEADERS}
    texts = {header: joined_texts(sheet, header, found) for header, found in read.items()}
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def _filled(column: Column, texts: Sequence[str]) -> list[str]:
    filled = list(filter(None, texts))
    return parts_to_join(filled) if column.is_free_text else filled


def parts_to_join(texts: Sequence[str]) -> list[str]:
    """The parts of a name that are joined: those that stand for no value, such as n/a, only if all do."""
    return [text for text in texts if not stands_for_no_value(text)] or list(texts)


def refused_cells(sheet: Sheet) -> dict[int, set[str]]:
    """The letters, by row, of the cells that cannot be read because of their kind, regardless of their text.

    For a row that could not be read as a whole, or has an error in another column, that is its extension.
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
        is_in_column = problem.cell is not None and problem.cell.rstrip("0123456789") in columns
        if problem.is_error and problem.row is not None and not is_in_column:
            found.setdefault(problem.row, set()).update(keys)
    return found


def may_have_lost_zero(sheet: Sheet, letter: str, row: int) -> bool:
    """Whether a cell was a number, which has no leading zeros. In a CSV file, any cell may have been one."""
    if letter in sheet.text_letters:
        return False
    kind = sheet.kinds.get(letter, {}).get(row)
    may_be_number = kind in {CellKind.NUMBER, CellKind.AFFIXED} or (kind is None and sheet.name is None)
    return may_be_number and not str(sheet.cells.at[row, letter]).strip(STRIP_CHARS).startswith("0")
