"""A sheet as it was read: the text of its cells under their row numbers, and what text cannot express."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bulkvm.model.problem import Problem

if TYPE_CHECKING:
    import pandas as pd  # noqa: TID251  (for the type only)


class CellKind(StrEnum):
    """What a cell holds beside its text. A cell of plain text has no kind.

    Up to FORMULA the text is reliable; from FRACTION on, digits are lost or uncertain.
    """

    NUMBER = "number"  # a whole number of at most 15 digits; its text is its digits
    PADDED = "padded number"  # a number shown through a format such as 0000; its text is what is shown
    AFFIXED = "number with words"  # shown with them, as in "Room "0; its text is its digits
    BOOLEAN = "boolean"  # TRUE or FALSE, in these words
    FORMULA = "formula"  # its text is the stored result
    TOTAL = "total"  # a formula over several rows, such as SUM; its text is the stored result
    RANDOM = "random number"  # a formula with another result each time; its text is the stored one
    COMPUTED = "formula that refers to computed places"  # its text is the stored result
    FRACTION = "fraction"
    ROUNDED = "number with decimals"  # that its number format may not show; its text has them
    LONG_NUMBER = "long number"  # more than 15 significant digits: the last ones are lost
    SCIENTIFIC = "scientific notation"  # 1.35791E+09 in a CSV file: the digits are lost
    DATE = "date"
    TIME = "time"
    PERCENTAGE = "percentage"
    EXCEL_ERROR = "error value"  # #N/A, #REF! ...; its text is the error's name
    NO_RESULT = "formula without result"  # its text is the formula
    ZERO_OF_BLANK = "formula that gives 0 for an empty cell"  # or a 0 that was typed there; its text is the 0
    TOO_LONG = "text longer than a cell"  # its text is what a cell holds of it
    SHOWN_OTHERWISE = "number shown as something else"  # its text is what is shown, or the number
    HIDDEN = "value that is not shown"  # by its number format; its text is the value
    BAD_FORMAT = "number in a format longer than Excel's"  # its text is the number
    DAMAGED = "damaged cell"  # its text is what the file holds
    UNWRAPPED = "text in a formula"  # ="Bob" in a CSV file; its text is Bob
    OTHER_ENCODING = "text in another encoding"  # than the rest of a text file; its text is a guess
    UNKNOWN_WORD = "unknown word"  # in a column of another system's export that has a closed list of words
    PARTLY_STRUCK = "text struck through in part"  # not in names
    NOTE = "note"  # in a row that explains the columns
    MERGED = "merged cell"  # one of a cell merged over several rows


# The first cannot be read in any column, the second not in columns of digits.
UNREADABLE: Final = frozenset({
    CellKind.EXCEL_ERROR, CellKind.NO_RESULT, CellKind.TOO_LONG, CellKind.BAD_FORMAT, CellKind.MERGED,
    CellKind.OTHER_ENCODING, CellKind.HIDDEN, CellKind.DAMAGED, CellKind.UNKNOWN_WORD,
    CellKind.PARTLY_STRUCK, CellKind.ZERO_OF_BLANK,
})  # fmt: skip
NOT_DIGITS: Final = frozenset({
    CellKind.FRACTION, CellKind.LONG_NUMBER, CellKind.SCIENTIFIC, CellKind.DATE, CellKind.TIME, CellKind.PERCENTAGE,
    CellKind.BOOLEAN, CellKind.SHOWN_OTHERWISE, CellKind.ROUNDED, CellKind.TOTAL,
    CellKind.RANDOM,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class HiddenCells:
    """The numbers of the rows and the letters of the columns that a sheet hides."""

    rows: frozenset[int] = frozenset()
    letters: frozenset[str] = frozenset()

    def named_in(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Add to the message of each problem whose cell is hidden how to see it."""
        if not (self.rows or self.letters):
            return tuple(problems)
        return tuple(map(self._named_in, problems))

    def _named_in(self, problem: Problem) -> Problem:
        letter = (problem.cell or "").rstrip("0123456789")
        hidden = [f"Column {letter}"] if letter in self.letters else []
        if problem.row in self.rows:
            hidden.append(f"{'row' if hidden else 'Row'} {problem.row}")
        if not hidden:
            return problem
        words = "is hidden: unhide it" if len(hidden) == 1 else "are hidden: unhide them"
        return replace(problem, message=f"{problem.message} {' and '.join(hidden)} {words} to see the cell.")


NONE_HIDDEN: Final = HiddenCells()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """How another phone system's export was read.

    Attributes:
        system: the name of the system, as of `--from`.
        title: its name for people, with an article.
        columns: the headings that were read, by the header of the column.
        never_read: the headings of other secrets in the file.
        rows: how many rows the file has.
        left_out: how many of them are left out, by the reason.
        contexts: how many of the others are in each context, if there are several.
    """

    system: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    never_read: tuple[str, ...]
    rows: int
    left_out: Mapping[str, int]
    contexts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a file, as the file was when it had this SHA-256.

    `cells` is all text: its index the sheet's own row numbers (blank rows left out), its columns the sheet's column
    letters, an empty cell "". `headings` gives each letter's heading as it was written, and `heading_map` the headings
    that the user maps to columns (`--map`). `kinds` gives by letter, then by row, what a cell was where it was not
    plain text. `problems` are those that reading itself found. `left_out` gives by row why it is not a box to import.
    `hidden` are the rows and columns that the file hides. `titles` are texts alone in a row above the headings, and
    `groups` those above a heading, by letter.
    `read_as` is set for the export of another phone system. Such a sheet has only the columns that are read.
    `text_letters` are those of columns whose texts have lost no leading zeros, although the file has no kinds of cells.
    """

    path: Path
    name: str | None
    header_row: int
    headings: Mapping[str, str]
    cells: "pd.DataFrame" = field(repr=False)
    kinds: Mapping[str, Mapping[int, CellKind]] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()
    sha256: str = ""
    heading_map: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[int, str] = field(default_factory=dict)
    read_as: ReadAs | None = None
    hidden: HiddenCells = NONE_HIDDEN
    titles: tuple[str, ...] = field(default=(), repr=False)
    groups: Mapping[str, str] = field(default_factory=dict, repr=False)
    text_letters: frozenset[str] = frozenset()

    def without_rows(self, rows: Collection[int]) -> "Sheet":
        """The sheet without some of its rows."""
        kinds = {
            letter: {row: kind for row, kind in of_column.items() if row not in rows}
            for letter, of_column in self.kinds.items()
        }
        left_out = {row: reason for row, reason in self.left_out.items() if row not in rows}
        return replace(self, cells=self.cells.drop(index=list(rows)), kinds=kinds, left_out=left_out)

    def without_left_out(self) -> "Sheet":
        """The sheet without the rows that are left out, and without their problems."""
        if not self.left_out:
            return self
        problems = tuple(problem for problem in self.problems if problem.row not in self.left_out)
        return replace(self.without_rows(self.left_out.keys()), problems=problems)

    def texts(self, letter: str) -> dict[int, str]:
        """The texts of one column, by row."""
        return dict(zip(self.cells.index.tolist(), self.cells[letter].tolist(), strict=True))
