"""The sheet of another system's export in bulkvm's columns, for copies and results."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from openpyxl.utils import get_column_letter

from bulkvm.columns import COLUMNS, KEY_COLUMN, SECRET_HEADERS, Column
from bulkvm.columns.sheet_columns import joined_texts, letters_by_header, sheet_columns
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import UNREADABLE, CellKind, Sheet

_LETTERS = {column.header: get_column_letter(number) for number, column in enumerate(COLUMNS, start=1)}


def in_our_columns(
    sheet: Sheet, problems: Sequence[Problem], *, for_scripts: bool = False
) -> tuple[Sheet, Sequence[Problem]]:
    """Return an export in bulkvm's columns, and its problems at their cells there; any other sheet as it is.

    Rows keep their numbers. No copy has the file of another system, which contains its secrets. Rows that are left out
    have no PIN. The headings are the titles that messages name, or the API's names for scripts.
    """
    if sheet.read_as is None:
        return sheet, problems
    letters, read = letters_by_header(sheet), sheet_columns(sheet)
    columns: dict[str, list[str]] = {letter: [""] * len(sheet.cells.index) for letter in _LETTERS.values()}
    for header, found in letters.items():
        texts = joined_texts(sheet, header, found)
        hidden = sheet.left_out if header in SECRET_HEADERS else {}
        columns[_LETTERS[header]] = ["" if row in hidden else text for row, text in texts.items()]
    ours = replace(
        sheet,
        name=None,
        headings={_LETTERS[c.header]: c.header if for_scripts else c.title for c in COLUMNS},
        cells=pd.DataFrame(columns, index=sheet.cells.index, dtype=object),
        problems=tuple(_move_read(problem, read, sheet.header_row) for problem in sheet.problems),
        kinds={_LETTERS[header]: _join_kinds(sheet, found) for header, found in letters.items()},
        heading_map={},
    )
    return ours, [_move(problem, sheet.header_row) for problem in problems]


def _join_kinds(sheet: Sheet, letters: Sequence[str]) -> Mapping[int, CellKind]:
    """Return the kinds of the cells of one column; of several that are joined, those that cannot be read."""
    if len(letters) == 1:
        return sheet.kinds.get(letters[0], {})
    kinds = (item for letter in letters for item in sheet.kinds.get(letter, {}).items())
    return {row: kind for row, kind in kinds if kind in UNREADABLE}


def _move_read(problem: Problem, columns: Mapping[str, Column], header_row: int) -> Problem:
    """Move a problem of reading to the cell of its column, or to its row if it is in a column that is not there."""
    column = columns.get((problem.cell or "").rstrip("0123456789"))
    return _move(replace(problem, column=column.header), header_row) if column else replace(problem, cell=None)


def _move(problem: Problem, header_row: int) -> Problem:
    if problem.cell is None:
        return problem
    letter = _LETTERS[problem.column or KEY_COLUMN.header]
    return replace(problem, cell=f"{letter}{problem.row or header_row}")
