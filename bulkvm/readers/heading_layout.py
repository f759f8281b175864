"""Headings that are not in one row: in two rows, below each other, or those of another table further down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from bulkvm.columns import KEY_COLUMN, Column
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.header_matching import match_headings
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.read_limits import HEADING_CHARACTERS
from bulkvm.text import join_limited

_MOST_SEARCHED: Final = 1000  # rows with a word for the extension
_MAX_LISTED: Final = 6


def refuse_other_layouts(sheet: Sheet) -> Sheet:
    """Leave out rows with headings that the columns of the sheet do not have, with an error of the whole file.

    Without it, the rows below them would be read in the wrong columns, or some columns not at all.
    """
    columns = sheet_columns(sheet)
    keys = [letter for letter, column in columns.items() if column is KEY_COLUMN]
    if len(keys) != 1 or not len(sheet.cells):
        return sheet
    key = keys[0]
    texts = {row: text.strip(STRIP_CHARS) for row, text in sheet.texts(key).items() if not text.isdecimal()}
    words = [row for row, text in texts.items() if 0 < len(text) <= HEADING_CHARACTERS and text.isprintable()]
    words = [row for row in islice(words, _MOST_SEARCHED) if not any(map(str.isdigit, texts[row]))]
    first = sheet.cells.index.tolist()[0]
    if len(texts) == len(sheet.cells) and _names_several({texts[row] for row in words}, sheet):
        return _refused(
            sheet,
            words,
            f"the headings are below each other in column {key}. Put them into one row, with a row for each box below: "
            "in Excel, copy the table, and choose Paste Special > Transpose.",
        )
    if not texts.get(first, "x") and _continues(sheet, columns, first):
        return _refused(
            sheet,
            [first],
            f"the headings are in rows {sheet.header_row} and {first}. Put all of them into row {sheet.header_row}, "
            f"and delete row {first}.",
        )
    if others := [row for row in words if _is_other_table(sheet, key, row)]:
        named = join_limited([str(row) for row in others], _MAX_LISTED)
        return _refused(
            sheet,
            others,
            f"row {named} has headings of another table, which lacks the column "
            f'"{KEY_COLUMN.title}". Save that table as a sheet of its own.',
        )
    return sheet


def _refused(sheet: Sheet, rows: Sequence[int], message: str) -> Sheet:
    problem = Problem(row=None, code=ProblemCode.HEADINGS_CHANGE, message=message)
    others = (problem for problem in sheet.problems if problem.row not in rows)
    return replace(sheet.without_rows(rows), problems=(problem, *others))


def _names_several(texts: set[str], sheet: Sheet) -> bool:
    """Whether there are headings of several columns other than the extension among the texts of a column."""
    found = {column for text in texts for column in match_headings({"A": text}, sheet.heading_map).values()}
    return len(found - {KEY_COLUMN}) > 1


def _continues(sheet: Sheet, columns: Mapping[str, Column], row: int) -> bool:
    """Whether a row has headings of columns that the sheet lacks, in columns that are not read."""
    found = _matched(sheet, row, [letter for letter in sheet.cells.columns if letter not in columns])
    return not set(found.values()) <= set(columns.values())


def _is_other_table(sheet: Sheet, key: str, row: int) -> bool:
    """Whether a row with a word for the extension has several headings, and not that of the extension."""
    found = set(_matched(sheet, row, list(sheet.cells.columns)).values())
    return len(found) > 1 and KEY_COLUMN not in found and not match_headings({key: str(sheet.cells.at[row, key])})


def _matched(sheet: Sheet, row: int, letters: Sequence[str]) -> dict[str, Column]:
    return match_headings({str(letter): str(sheet.cells.at[row, letter]) for letter in letters}, sheet.heading_map)
