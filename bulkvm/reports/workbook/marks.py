"""Marks: colours and notes for the cells with problems."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.sheet_columns import letters_by_header
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.text_cells import count_lines, fit

MAX_NOTES: Final = 5_000  # with more, Excel opens the copy slowly
MAX_MARKED: Final = 50_000  # problems; more than anyone corrects before checking the sheet again
_LOST_ZEROS: Final = frozenset({ProblemCode.PIN_LOST_ZERO, ProblemCode.PIN_ZERO_RESTORED})
NOTE_AUTHOR: Final = "bulkvm"
NOTE_HEAD: Final = f"{NOTE_AUTHOR} says:\n"  # identifies notes of earlier copies, including those of 0.1.0
NOTE_WIDTH: Final = 340  # pixels, like the heights below
_CHARACTERS_A_LINE: Final = 48
_LINE_HEIGHT: Final = 19
_MAX_HEIGHT: Final = 600


@dataclass(frozen=True, slots=True)
class Mark:
    """The highest severity in a cell, and the texts of all its problems. Their codes are for programs."""

    severity: Severity
    texts: tuple[str, ...]

    @property
    def note(self) -> str:
        """The note of the cell, with each text once."""
        return fit(NOTE_HEAD + "\n\n".join(dict.fromkeys(self.texts)))


def most_severe(problems: Sequence[Problem]) -> Sequence[Problem]:
    """Return the problems to mark: all, or if there are too many, the first ones, errors first."""
    if len(problems) <= MAX_MARKED:
        return problems
    return sorted(problems, key=lambda problem: problem.severity)[:MAX_MARKED]


def cells_with_lost_zeros(problems: Iterable[Problem]) -> frozenset[str]:
    """Return the cells whose numbers lost a leading zero, marked or not."""
    return frozenset(problem.cell for problem in problems if problem.code in _LOST_ZEROS and problem.cell)


def make_marks(sheet: Sheet, problems: Sequence[Problem]) -> Mapping[str, Mark]:
    """Make the marks of all cells with problems, errors first."""
    letters = column_letters(sheet)
    problems_of_cell: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if cell := marked_cell(problem, letters):
            problems_of_cell[cell].append(problem)
    marks = {cell: _mark(found) for cell, found in problems_of_cell.items()}
    return dict(sorted(marks.items(), key=lambda item: item[1].severity))


def marked_cell(problem: Problem, letters: Mapping[str, str]) -> str | None:
    """Return the cell to mark for a problem: for a row, its extension; for the file, None."""
    if problem.cell or problem.row is None:
        return problem.cell
    return f"{letters.get(problem.column or '', letters[KEY_COLUMN.header])}{problem.row}"


def column_letters(sheet: Sheet) -> Mapping[str, str]:
    """Return column letters by header. Without an extension column, the first column takes its place."""
    letters = {header: found[0] for header, found in letters_by_header(sheet).items()}
    return {KEY_COLUMN.header: next(iter(sheet.headings), "A"), **letters}


def note_height(note: str) -> int:
    """Return the height in pixels at which a note is readable without scrolling, up to a maximum."""
    return min(_LINE_HEIGHT * (count_lines(note, _CHARACTERS_A_LINE) + 1), _MAX_HEIGHT)


def _mark(problems: Sequence[Problem]) -> Mark:
    errors_first = sorted(problems, key=lambda problem: problem.severity)
    texts = (f"{problem.severity.capitalize()}: {problem.message}" for problem in errors_first)
    return Mark(errors_first[0].severity, tuple(texts))
