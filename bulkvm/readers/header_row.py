"""Detection of the header row."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Final

from bulkvm.columns import COLUMNS, KEY_COLUMN, PLAN_DETAILS, SUMMARY_STEPS
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import match_heading, match_headings
from bulkvm.columns.suggested_columns import suggest_map
from bulkvm.model.errors import SheetError
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.readers.file_type import empty_error
from bulkvm.readers.read_limits import HEADER_ROWS, HEADING_CHARACTERS, SEARCHED_CELLS
from bulkvm.readers.table import COLUMN_OF, Row
from bulkvm.text import join_limited

if TYPE_CHECKING:
    import pandas as pd

_MAX_LISTED: Final = 8
_OF_SUMMARIES: Final = frozenset({SUMMARY_STEPS, PLAN_DETAILS})
_MAX_LENGTH: Final = 40
_OTHER_DELIMITERS: Final = {
    **{delimiter: re.compile(re.escape(delimiter)) for delimiter in ("^", "~", ":", "!", "\uff0c", "\uff1b")},
    "  ": re.compile(r"\s{2,}"),
}
_GROUP_ROWS: Final = 3  # above the headings
_GROUP_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Header:
    """The header row, the columns it names, the numbers of rows above it that may be boxes, and all rows above it."""

    row: Row
    recognised: frozenset[str]
    boxes_above: tuple[int, ...] = ()
    above: tuple[Row, ...] = field(default=(), repr=False)

    @property
    def headings(self) -> dict[str, str]:
        """The headings by column letter, as written."""
        return {letter: text for letter, text in self.row.cells.items() if text.strip(STRIP_CHARS)}

    @property
    def titles(self) -> tuple[str, ...]:
        """The texts that are alone in a row above, in the first column or before it."""
        return tuple(text for row in self.above if self._is_title(row) for text in _filled(row).values())

    @property
    def groups(self) -> dict[int, dict[str, str]]:
        """The texts of the rows above that may be groups of headings, by row and letter.

        Directly above, those are all rows but titles; further up, those without numbers or long texts.
        """
        number = self.row.number
        near = (row for row in self.above if number - row.number <= _GROUP_ROWS and not self._is_title(row))
        return {
            row.number: texts
            for row in near
            if (texts := _filled(row)) and (row.number == number - 1 or all(map(_may_be_group, texts.values())))
        }

    def _is_title(self, row: Row) -> bool:
        letters = list(_filled(row))
        return len(letters) == 1 and COLUMN_OF[letters[0]] <= min(map(COLUMN_OF.__getitem__, self.headings))

    @property
    def is_certain(self) -> bool:
        """Whether it has the extension and another column. A single word may be a coincidence."""
        return KEY_COLUMN.header in self.recognised and len(self.recognised) > 1


def first_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the rows in which to look for the header, with text cut to the length of a heading."""
    return [
        row._replace(cells={letter: text[:HEADING_CHARACTERS] for letter, text in row.cells.items()})
        for row in takewhile(lambda row: row.number <= HEADER_ROWS, rows)
    ]


def find_header(rows: Sequence[Row], heading_map: Mapping[str, str] | None) -> Header | None:
    """Find the row with the most known headings: the extension with any others, or at least two without it.

    If there are boxes above it, below headings of their own, that is the row of those: none of them is lost.
    """
    found = [
        Header(row, frozenset(column.header for column in match_headings(row.cells, heading_map).values()))
        for row in rows
    ]
    headers = [header for header in found if KEY_COLUMN.header in header.recognised or len(header.recognised) > 1]
    best = max(headers, key=lambda header: len(header.recognised), default=None)
    if best is None:
        return None
    before = (header for header in headers if header.row.number < best.row.number and header.is_certain)
    first = next((header for header in before if _has_box(header, best, rows, heading_map)), best)
    above = tuple(row for row in rows if row.number < first.row.number)
    return replace(first, boxes_above=tuple(_boxes_above(first, rows, heading_map)), above=above)


def _filled(row: Row) -> dict[str, str]:
    return {letter: text.strip(STRIP_CHARS) for letter, text in row.cells.items() if text.strip(STRIP_CHARS)}


def _may_be_group(text: str) -> bool:
    return len(text.split()) <= _GROUP_WORDS and not any(map(str.isdigit, text)) and not text.endswith(":")


def _has_box(header: Header, last: Header, rows: Sequence[Row], heading_map: Mapping[str, str] | None) -> bool:
    """Whether there is an extension between two rows with headings, in the column of the first one's extensions."""
    columns = match_headings(header.row.cells, heading_map)
    keys = [letter for letter, column in columns.items() if column is KEY_COLUMN]
    between = [row for row in rows if header.row.number < row.number < last.row.number]
    return any(row.cells.get(key, "").strip(STRIP_CHARS).isdecimal() for key in keys for row in between)


def _boxes_above(header: Header, rows: Sequence[Row], heading_map: Mapping[str, str] | None) -> Iterator[int]:
    """Yield the rows above the headings with an extension and most of the other values."""
    columns = match_headings(header.row.cells, heading_map)
    keys = [letter for letter, column in columns.items() if column is KEY_COLUMN]
    for row in rows:
        if row.number >= header.row.number:
            return
        filled = sum(bool(row.cells.get(letter, "").strip(STRIP_CHARS)) for letter in columns)
        has_key = any(row.cells.get(key, "").strip(STRIP_CHARS).isdecimal() for key in keys)
        if has_key and 2 * filled > len(columns) > 1 and not _numbers_columns(row):
            yield row.number


def _numbers_columns(row: Row) -> bool:
    """Whether a row only counts the columns, as in many forms: 1, 2, 3."""
    texts = [text.strip(STRIP_CHARS) for text in row.cells.values() if text.strip(STRIP_CHARS)]
    return texts == [str(number) for number in range(1, len(texts) + 1)]


def refuse_boxes_above(header: Header) -> Iterator[Problem]:
    """Refuse a sheet with boxes above its headings, as after sorting it together with them."""
    if header.boxes_above:
        named = join_limited([str(row) for row in header.boxes_above], _MAX_LISTED)
        yield Problem(
            row=None,
            code=ProblemCode.HEADINGS_CHANGE,
            message=f"the headings are in row {header.row.number}, and rows above them may be boxes: {named}. Move the "
            "headings above all rows. If those rows are no boxes, delete them.",
        )


def refuse_header_below(name: str, rows: Iterable[Row]) -> None:
    """Raise an error if the headings are below the first rows, in which they are looked for."""
    below = [row for row in rows if row.number > HEADER_ROWS]
    cells = accumulate(len(row.cells) for row in below)
    header = find_header(
        [row for row, sum_of_cells in zip(below, cells, strict=True) if sum_of_cells <= SEARCHED_CELLS], None
    )
    if header and header.is_certain:
        raise SheetError(
            f"{name} has its headings in row {header.row.number}, and they are looked for in the first {HEADER_ROWS} "
            "rows. Delete the rows above the headings from a copy of the sheet.",
            ProblemCode.NO_HEADER,
        )


def no_header_error(name: str, rows: Sequence[Row], *, is_empty: bool) -> SheetError:
    """Make the error for a file without a header row, with the headings that are needed and those found."""
    if is_empty:
        return empty_error(name)
    if any(text.strip() in _OF_SUMMARIES for row in rows for text in row.cells.values()):
        return SheetError(
            f"{name} has only the first sheet of a workbook, which describes the others. Use the workbook itself, or "
            "open it, click the tab of the sheet with the boxes, and save that one as CSV.",
            ProblemCode.NO_HEADER,
        )
    if twice := _saved_twice(rows):
        return SheetError(
            f"{name} was saved as CSV twice: each line is in a single cell ({twice}). Export it again from its source, "
            "or choose Data > Text to Columns in Excel for column A and save it.",
            ProblemCode.SAVED_TWICE,
        )
    if delimiter := _other_delimiter(rows):
        how = (
            "aligned with spaces. Export it with commas or semicolons instead."
            if delimiter.isspace()
            else f'separated by "{delimiter}". Export it with commas or semicolons, or put the line sep={delimiter} '
            "above the headings in a copy."
        )
        return SheetError(f"{name} has its columns {how}", ProblemCode.NO_HEADER)
    needed = " and ".join(
        column.title for column in COLUMNS if "create" in column.required_for and column is not KEY_COLUMN
    )
    found = max((list(_words(row)) for row in rows), key=len, default=[])
    there = "The closest row has " + ", ".join(f'"{word}"' for word in found[:_MAX_LISTED]) + ". " if found else ""
    options = suggest_map(_values_by_word(rows))
    has_number = any(f'={KEY_COLUMN.header}"' in option for option in options)
    or_map = f"If these are its headings, read it with {' '.join(options)}. If not, add" if has_number else "Add these"
    return SheetError(
        f"{name} has no known headings in its first {HEADER_ROWS} rows. It needs {KEY_COLUMN.title}, and {needed} for "
        f"new boxes. {there}{or_map} headings above the columns.",
        ProblemCode.NO_HEADER,
    )


def warn_unnamed_columns(
    header: Header, cells: "pd.DataFrame", among: Iterable[str], merged: Mapping[str, str] = {}
) -> Iterator[Problem]:
    """Warn about the columns among these letters that have values but no heading.

    Args:
        header: the header row.
        cells: the cells below it.
        among: the letters of the columns.
        merged: the letter of the heading that a merged cell extends over such a column, by the column's letter.
    """
    headings = header.headings
    unnamed = (letter for letter in among if letter not in headings)
    letters = [letter for letter in unnamed if any(text.strip(STRIP_CHARS) for text in cells[letter])]
    last = {merged[letter]: letter for letter in letters if letter in merged}
    for first, letter in last.items():
        yield Problem(
            row=None,
            code=ProblemCode.COLUMN_NO_HEADING,
            message=f'the heading "{shown(headings[first])}" is merged over columns {first} to {letter}, and only '
            f"column {first} is read. Put all values into column {first}, or unmerge the heading (Home > Merge & "
            "Center) and type one for each column.",
            severity=Severity.WARNING,
        )
    letters = [letter for letter in letters if letter not in merged]
    if not letters:
        return
    named = join_limited(letters, _MAX_LISTED)
    have = (
        f"column {named} has values and no heading, so it is"
        if len(letters) == 1
        else f"columns {named} have values and no headings, so they are"
    )
    yield Problem(
        row=None,
        code=ProblemCode.COLUMN_NO_HEADING,
        message=f"{have} not read. To include the values, add a heading in row {header.row.number}.",
        severity=Severity.WARNING,
    )


def _saved_twice(rows: Sequence[Row]) -> str | None:
    """Return a cell that contains several known headings, if each line of the CSV became a single cell."""
    for row in rows:
        for delimiter in ",;\t|":
            texts = [text for text in row.cells.values() if delimiter in text]
            if len(texts) == 1 and sum(match_heading(part) is not None for part in texts[0].split(delimiter)) > 1:
                return f'"{shown(texts[0])}"'
    return None


def _other_delimiter(rows: Sequence[Row]) -> str:
    """The character between known headings that are in a single cell; two spaces if there are several of them."""
    for row in rows:
        texts = list(row.cells.values())
        if len(texts) == 1:
            for delimiter, between in _OTHER_DELIMITERS.items():
                if sum(match_heading(part) is not None for part in between.split(texts[0])) > 1:
                    return delimiter
    return ""


def _values_by_word(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The values below each text of the row that may be the header."""
    top = max(rows, key=lambda row: len(list(_words(row))), default=None)
    if top is None:
        return {}
    below = rows[rows.index(top) + 1 :]
    values = {letter: [row.cells.get(letter, "") for row in below] for letter in top.cells}
    return {word: values[letter] for letter, text in top.cells.items() for word in _words(Row(0, {letter: text}))}


def _words(row: Row) -> Iterator[str]:
    """Yield the texts that may be headings. Text with a digit is left out: it may be a PIN."""
    for text in row.cells.values():
        word = " ".join(text.split())
        if word.isprintable() and any(map(str.isalpha, word)) and not any(map(str.isdigit, word)):
            yield word if len(word) <= _MAX_LENGTH else word[: _MAX_LENGTH - 1] + "…"
