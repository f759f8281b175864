"""Rows that are not boxes: those that hold only defaults, check boxes or running numbers, and repeated headings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final

from bulkvm.columns import KEY_COLUMN, Column
from bulkvm.columns.boolean import is_no
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.column_notes import explains_columns
from bulkvm.columns.header_matching import heading_key, match_headings
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers.hidden_and_merged import row_ranges
from bulkvm.readers.read_limits import HEADER_ROWS, HEADING_CHARACTERS
from bulkvm.text import join_limited

_MAX_LISTED: Final = 6
_MOST_EXPLAINING: Final = 3  # rows below the headings


def skip_rows(sheet: Sheet) -> Sheet:
    """Leave out rows that are not boxes, with a warning for each kind.

    A row is a box if it has anything in the columns that make a box, such as the extension, the name and the PIN.
    """
    columns = sheet_columns(sheet)
    keys = [letter for letter, column in columns.items() if column is KEY_COLUMN]
    if len(keys) != 1:
        return sheet
    key = sheet.texts(keys[0])
    not_numbers = {row: text.strip(STRIP_CHARS) for row, text in key.items() if not text.isdecimal()}
    short = {text for text in not_numbers.values() if 0 < len(text) <= HEADING_CHARACTERS}
    words = {text for text in short if not any(map(str.isdigit, text))}
    explaining = _explaining_rows(sheet, columns, keys[0])
    names_of_key = {text for text in words if _is_heading(text, KEY_COLUMN, sheet, keys[0])}
    with_name = [row for row, text in not_numbers.items() if text in names_of_key]
    headings = [row for row in with_name if row not in explaining and _repeats_headings(sheet, columns, row)]
    known = {text for text in words if text in names_of_key or match_headings({keys[0]: text}, sheet.heading_map)}
    reported = {*headings, *explaining}
    others = [row for row, text in not_numbers.items() if text in known and row not in reported]
    others = [row for row in others if _has_other_headings(sheet, row)]
    blanks = {row for row, kind in sheet.kinds.get(keys[0], {}).items() if kind is CellKind.ZERO_OF_BLANK}
    without_number = sorted(
        {row for row, text in not_numbers.items() if not text and row not in sheet.left_out} | blanks
    )
    prefilled = _find_prefilled(sheet, columns, without_number) if without_number else []
    if not (headings or others or prefilled or explaining):
        return sheet
    refused = (*_refuse(others, sheet.header_row, sheet.cells.index[0]), *_refuse_explaining(explaining, keys[0]))
    problems = (*refused, *_warn(headings, prefilled), *sheet.problems)
    kept = sheet.without_rows({*headings, *others, *prefilled})
    kinds = {**kept.kinds}
    for letter in columns if explaining else ():
        kinds[letter] = {**kinds.get(letter, {}), **dict.fromkeys(explaining, CellKind.NOTE)}
    return replace(kept, problems=problems, kinds=kinds)


def _explaining_rows(sheet: Sheet, columns: Mapping[str, Column], key: str) -> list[int]:
    """The first rows, as far as they explain the columns."""
    first = sheet.cells.loc[:, list(columns)].head(_MOST_EXPLAINING)
    rows = zip(first.index.tolist(), first.to_numpy().tolist(), strict=True)
    explaining = takewhile(lambda row: explains_columns(dict(zip(columns, row[1], strict=True)), columns, key), rows)
    return [row for row, _ in explaining]


def _repeats_headings(sheet: Sheet, columns: Mapping[str, Column], row: int) -> bool:
    """Whether every cell of a row that is read holds its own heading, and no other cell that of another column.

    More than one cell does if there are several columns.
    """
    texts = {letter: str(sheet.cells.at[row, letter]) for letter in columns}
    written = {letter: text for letter, text in texts.items() if text.strip(STRIP_CHARS)}
    if len(written) == 1 < len(columns):
        return False
    if not all(_is_heading(text, columns[letter], sheet, letter) for letter, text in written.items()):
        return False
    others = {str(letter): str(text) for letter, text in sheet.cells.loc[row].items() if letter not in columns}
    return set(match_headings(others, sheet.heading_map).values()) <= set(columns.values())


def _has_other_headings(sheet: Sheet, row: int) -> bool:
    """Whether a row that does not repeat the headings has that of the extension and another one."""
    columns = match_headings(
        {str(letter): str(text) for letter, text in sheet.cells.loc[row].items()}, sheet.heading_map
    )
    return len(columns) > 1 and KEY_COLUMN in columns.values()


def _is_heading(text: str, column: Column, sheet: Sheet, letter: str) -> bool:
    same = heading_key(text) == heading_key(sheet.headings[letter])
    return same or match_headings({letter: text}, sheet.heading_map) == {letter: column}


def _find_prefilled(sheet: Sheet, columns: Mapping[str, Column], rows: Sequence[int]) -> list[int]:
    """Find the rows in which nothing makes a box, among those without an extension."""
    of_box = [letter for letter, column in columns.items() if not column.choices]
    # Where the extension alone makes a box, a text in a column that is not read may be the name of one.
    others = set(sheet.cells.columns) - set(of_box) if len(of_box) == 1 else set(columns) - set(of_box)
    at = {row: place for place, row in enumerate(sheet.cells.index.tolist())}
    reported = {problem.row for problem in sheet.problems}
    left = [row for row in rows if row not in reported]
    for letter in of_box:
        texts, kinds = sheet.cells[letter].tolist(), sheet.kinds.get(letter, {})
        left = [row for row in left if _is_blank(texts[at[row]], kinds.get(row))]
    for letter in others:
        texts = sheet.cells[letter].tolist()
        if any(texts):
            left = [row for row in left if _is_default(texts, at[row])]
    return left


def _is_blank(text: str, kind: CellKind | None) -> bool:
    return kind is CellKind.ZERO_OF_BLANK or (kind is None and not text.strip(STRIP_CHARS))


def _is_default(texts: list[str], at: int) -> bool:
    """Whether a cell is blank, an unticked box, a running number or filled down: like the cell above or below."""
    text = texts[at].strip(STRIP_CHARS)
    return (
        not text or is_no(text) or text.isdecimal() or texts[at] in texts[max(at - 1, 0) : at] + texts[at + 1 : at + 2]
    )


def _refuse(rows: Sequence[int], header_row: int, first_row: int) -> Iterator[Problem]:
    if rows:
        note = ""
        if rows[0] == first_row:
            note = f" If row {first_row} only explains the columns, delete it."
        elif rows[0] > HEADER_ROWS:
            note = (
                f" If the table only begins in row {rows[0]}, delete the rows above it: headings are looked for in the "
                f"first {HEADER_ROWS} rows."
            )
        yield Problem(
            row=None,
            code=ProblemCode.HEADINGS_CHANGE,
            message=f"the headings in {_list_rows(rows)} are in other columns than those in row {header_row}. The rows "
            f"below would be read in the wrong columns. Arrange them in the columns of row {header_row}, or save them "
            f"as a sheet of their own.{note}",
        )


def _refuse_explaining(rows: Sequence[int], key: str) -> Iterator[Problem]:
    for row in rows:
        yield Problem(
            row=row,
            cell=f"{key}{row}",
            column=KEY_COLUMN.header,
            code=ProblemCode.EXTENSION_NOT_DIGITS,
            message="This row only explains the columns. Delete the row.",
        )


def _warn(headings: Sequence[int], prefilled: Sequence[int]) -> Iterator[Problem]:
    if headings:
        yield Problem(
            row=None,
            code=ProblemCode.REPEATED_HEADINGS,
            message=f"the headings are repeated in {_list_rows(headings)}, which {_was(headings)} skipped.",
        )
    if prefilled:
        has = "has" if len(prefilled) == 1 else "have"
        yield Problem(
            row=None,
            code=ProblemCode.PREFILLED_ROWS,
            message=f"{_list_rows(prefilled)} {has} no extension, name, PIN or recipients, so {_it(prefilled)} "
            f"{_was(prefilled)} skipped as blank.",
        )


def _list_rows(rows: Sequence[int]) -> str:
    return f"{'row' if len(rows) == 1 else 'rows'} {join_limited(list(row_ranges(rows)), _MAX_LISTED)}"


def _was(rows: Sequence[int]) -> str:
    return "was" if len(rows) == 1 else "were"


def _it(rows: Sequence[int]) -> str:
    return "it" if len(rows) == 1 else "they"
