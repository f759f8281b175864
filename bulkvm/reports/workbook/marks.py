"""Which cells a copy of the sheet marks, and what their notes say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.problem import Problem, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.text_cells import count_lines, fit

MOST_NOTES: Final = 5_000  # more of them make Excel slow to open the copy
NOTE_AUTHOR: Final = "bulkvm"
NOTE_HEAD: Final = f"{NOTE_AUTHOR} says:\n"  # by which a former note is known
NOTE_WIDTH: Final = 340  # pixels, and so for the height
_CHARACTERS_A_LINE: Final = 48
_LINE_HEIGHT: Final = 19
_TALLEST: Final = 600


@dataclass(frozen=True, slots=True)
class Mark:
    """The worst that is wrong in a cell, and all of it in words."""

    severity: Severity
    note: str


def place_marks(sheet: Sheet, problems: Sequence[Problem]) -> Mapping[str, Mark]:
    """Find the cells to mark, those with errors first, and what to say of each."""
    letters = find_letters(sheet)
    problems_of_cell: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if cell := marked_cell(problem, letters):
            problems_of_cell[cell].append(problem)
    marks = {cell: _mark(found) for cell, found in problems_of_cell.items()}
    return dict(sorted(marks.items(), key=lambda item: item[1].severity))


def marked_cell(problem: Problem, letters: Mapping[str, str]) -> str | None:
    """Where a problem is marked: that of a whole row at its extension, that of the whole file nowhere."""
    if problem.cell or problem.row is None:
        return problem.cell
    return f"{letters.get(problem.column or '', letters[KEY_COLUMN.header])}{problem.row}"


def find_letters(sheet: Sheet) -> Mapping[str, str]:
    """The letters of our columns by header; a sheet without extensions has its first one in their place."""
    letters = {column.header: letter for letter, column in sheet_columns(sheet).items()}
    return {KEY_COLUMN.header: next(iter(sheet.headings), "A"), **letters}


def note_height(note: str) -> int:
    """How many pixels a note needs to be read without scrolling, within reason."""
    return min(_LINE_HEIGHT * (count_lines(note, _CHARACTERS_A_LINE) + 1), _TALLEST)


def _mark(problems: Sequence[Problem]) -> Mark:
    severity = Severity.ERROR if any(problem.is_error for problem in problems) else Severity.WARNING
    told = (f"{problem.severity.capitalize()}: {problem.message} [{problem.code}]" for problem in problems)
    return Mark(severity, fit(NOTE_HEAD + "\n\n".join(told)))
