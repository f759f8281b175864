"""Problems with hidden rows and columns, rows struck through, and merged cells of a worksheet."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.model.sheet import CellKind
from bulkvm.readers.table import COLUMN_OF, LETTERS, Table
from bulkvm.text import join_limited

_MAX_LISTED: Final = 6
_DELETE: Final = "If you do not want them, delete them from a copy of the sheet."
_DELETE_TEXT: Final = (
    "If that text does not count, delete it from a copy of the sheet; if the row does not, delete the row."
)
_RANGE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")


def warn_hidden_rows(rows: Sequence[int]) -> Iterator[Problem]:
    """Warn once about all hidden rows."""
    if not rows:
        return
    named = join_limited(list(row_ranges(rows)), _MAX_LISTED)
    yield _read_like_others(ProblemCode.HIDDEN_ROWS, "hidden or filtered rows", named)


def warn_struck_rows(struck: Iterable[tuple[int, Collection[str]]], used: Collection[str]) -> Iterator[Problem]:
    """Warn once about all rows with text that is struck through in a column that is read."""
    yield from _warn_rows(struck, used, ProblemCode.STRUCK_THROUGH, "text that is struck through")


def allow_partly_struck(table: Table, letters: Collection[str]) -> None:
    """Read text struck through in part in these columns like other struck text; elsewhere, it is an error instead."""
    for letter in letters:
        kinds = table.kinds.get(letter, {})
        table.kinds[letter] = {row: kind for row, kind in kinds.items() if kind is not CellKind.PARTLY_STRUCK}
    table.struck = [
        (row, [letter for letter in found if table.kinds.get(letter, {}).get(row) is not CellKind.PARTLY_STRUCK])
        for row, found in table.struck
    ]


def warn_white_rows(
    white: Iterable[tuple[int, Collection[str]]], used: Collection[str], dark: Iterable[str]
) -> Iterator[Problem]:
    """Warn once about all rows with text that cannot be seen in a column that is read, such as white text on white.

    The cells of `dark` ranges have another background than their style.
    """
    bounds = [_bounds(written) for written in dark if _RANGE.fullmatch(written)]
    if bounds:
        white = [(row, [letter for letter in found if not _is_within(letter, row, bounds)]) for row, found in white]
    yield from _warn_rows(
        white, used, ProblemCode.HIDDEN_ROWS, "text in the colour of its background, or too small to be seen,"
    )


def warn_repeated_text(repeated: Iterable[tuple[int, Collection[str]]], used: Collection[str]) -> Iterator[Problem]:
    """Warn once about all rows with the alignment Fill in a column that is read: it may show 62 as 626262."""
    rows = sorted({row for row, letters in repeated if not set(letters).isdisjoint(used)})
    if rows:
        yield Problem(
            row=None,
            code=ProblemCode.EXCEL_FORMAT,
            message=f"the alignment Fill repeats the text of cells, and the text is read once: rows "
            f"{join_limited(list(row_ranges(rows)), _MAX_LISTED)}. Check these values, and choose another alignment.",
            severity=Severity.WARNING,
        )


def _is_within(letter: str, row: int, bounds: Iterable[tuple[int, int, int, int]]) -> bool:
    column = COLUMN_OF[letter]
    return any(left <= column <= right and top <= row <= bottom for left, top, right, bottom in bounds)


def _warn_rows(
    marked: Iterable[tuple[int, Collection[str]]], used: Collection[str], code: ProblemCode, what: str
) -> Iterator[Problem]:
    rows = sorted({row for row, letters in marked if not set(letters).isdisjoint(used)})
    if rows:
        named = join_limited(list(row_ranges(rows)), _MAX_LISTED)
        yield _read_like_others(code, f"rows with {what}", named, _DELETE_TEXT)


def warn_hidden_columns(hidden: Sequence[tuple[int, int]], used: Collection[str], table: Table) -> Iterator[Problem]:
    """Warn once about the hidden columns that have values. `hidden` is the first and last of each group.

    The id is not among the `used` ones if its heading is that of exports and templates, which hide it.
    """
    letters = [
        letter
        for letter in used
        if any(first <= COLUMN_OF[letter] <= last for first, last in hidden) and table.has_values(letter)
    ]
    if letters:
        yield _read_like_others(ProblemCode.HIDDEN_COLUMNS, "hidden columns", ", ".join(letters))


def _read_like_others(code: ProblemCode, what: str, places: str, remedy: str = _DELETE) -> Problem:
    return Problem(
        row=None,
        code=code,
        message=f"{what} are read like the others: {places}. {remedy}",
        severity=Severity.WARNING,
    )


def warn_conditional(
    conditional: Iterable[tuple[str, str]], changing: Collection[str], used: Collection[str], table: Table
) -> Iterator[Problem]:
    """Warn once about the columns where a conditional format may change what is shown.

    Args:
        conditional: conditional formats, and the ranges that have them.
        changing: the conditional formats that strike text through, hide it, or change how numbers are shown.
        used: the letters of the columns that are read, in their order.
        table: the rows.
    """
    ranges = [written for style, ranges in conditional if style in changing for written in ranges.upper().split()]
    bounds = [_bounds(written) for written in ranges if _RANGE.fullmatch(written)]
    rows = [(left, right) for left, top, right, bottom in bounds if _has_rows(table.rows, top, bottom)]
    letters = [letter for letter in used if any(left <= COLUMN_OF[letter] <= right for left, right in rows)]
    if letters:
        yield Problem(
            row=None,
            code=ProblemCode.CONDITIONAL_FORMAT,
            message="conditional formats that hide or strike text, or change how numbers are shown, are ignored in "
            f"{'column' if len(letters) == 1 else 'columns'} {', '.join(letters)}. Check that the values are right.",
            severity=Severity.WARNING,
        )


def _has_rows(rows: Sequence[int], top: int, bottom: int) -> bool:
    return bisect_left(rows, top) < bisect_right(rows, bottom)


def mark_merged(ranges: Iterable[str], used: Collection[str], table: Table) -> Iterator[Problem]:
    """Mark cells that are merged over several rows or hidden by a merged cell, and yield a problem for each.

    Args:
        ranges: the merged ranges, without duplicates.
        used: the letters of the columns that are read.
        table: the rows.

    Raises:
        ValueError: merged ranges overlap.
    """
    columns = sorted(COLUMN_OF[letter] for letter in used)
    for written in ranges:
        left, top, right, bottom = _bounds(written)
        if top == bottom:
            yield from _mark_covered(
                written, columns[bisect_right(columns, left) : bisect_right(columns, right)], top, table
            )
            continue
        covered = columns[bisect_left(columns, left) : bisect_right(columns, right)]
        rows = table.rows[bisect_left(table.rows, top) : bisect_right(table.rows, bottom)] if covered else []
        for row in rows:
            for column in covered:
                letter = LETTERS[column - 1]
                if table.kinds.get(letter, {}).get(row) is CellKind.MERGED:
                    raise ValueError(written)
                table.mark(letter, row, CellKind.MERGED)
            yield _problem(
                f"{LETTERS[covered[0] - 1]}{row}",
                row,
                f"The cell is part of {written}, which is merged over several rows, so it is unclear which row the "
                "value belongs to. Unmerge it (Home > Merge & Center) and fill in each row.",
            )


def find_covered_headings(ranges: Iterable[str], used: Collection[str], header_row: int) -> Iterator[Problem]:
    """Find the headings of read columns that a merged cell hides."""
    for written in ranges:
        left, top, right, bottom = _bounds(written)
        if not top <= header_row <= bottom:
            continue
        for letter in used:
            column = COLUMN_OF[letter]
            if left <= column <= right and (column, header_row) != (left, top):
                yield Problem(
                    row=None,
                    code=ProblemCode.MERGED_CELLS,
                    message=f"the merged cell {written} hides the heading in {letter}{header_row}. Unmerge it "
                    "(Home > Merge & Center), and check the headings.",
                )


def spread_merged(row: int, texts: Mapping[str, str], ranges: Iterable[str]) -> dict[str, str]:
    """The texts of a row by letter, those of merged cells in all their columns up to the next text."""
    ends: dict[str, int] = {}
    for left, top, right, _ in map(_bounds, ranges):
        if top == row and (letter := LETTERS[left - 1]) in texts:
            ends[letter] = max(right, ends.get(letter, 0))
    spread = dict(texts)
    for letter, end in ends.items():
        for other in LETTERS[COLUMN_OF[letter] : end]:
            if other in texts:
                break
            spread[other] = texts[letter]
    return spread


def join_groups(rows: Mapping[int, Mapping[str, str]], ranges: Collection[str] = ()) -> dict[str, str]:
    """The texts above each heading, from the top, with those of merged cells in all their columns."""
    joined: dict[str, str] = {}
    for row, texts in sorted(rows.items()):
        for letter, text in spread_merged(row, texts, ranges).items():
            joined[letter] = f"{joined[letter]}, {text}" if letter in joined else text
    return joined


def _mark_covered(written: str, columns: Sequence[int], row: int, table: Table) -> Iterator[Problem]:
    """Mark the cells with a value that is hidden by a merged cell in the same row."""
    for letter in (LETTERS[column - 1] for column in columns):
        if table.text(letter, row).strip(STRIP_CHARS):
            table.mark(letter, row, CellKind.MERGED)
            yield _problem(
                f"{letter}{row}",
                row,
                f"The cell has a value that the merged cell {written} hides. "
                "Unmerge it (Home > Merge & Center) and fill in each cell.",
            )


def _problem(cell: str, row: int, message: str) -> Problem:
    return Problem(row=row, cell=cell, code=ProblemCode.MERGED_CELLS, message=message)


def _bounds(written: str) -> tuple[int, int, int, int]:
    """Return the first column and row and the last column and row of a range such as A2:B3, counted from 1."""
    found = _RANGE.fullmatch(written)
    if not found:
        raise ValueError(written)
    first, top, last, bottom = found.groups()
    left, right = COLUMN_OF[first], COLUMN_OF[last or first]
    return left, int(top), right, int(bottom or top)


def row_ranges(rows: Sequence[int]) -> Iterator[str]:
    """Format consecutive rows as ranges: `4`, `7 to 9`."""
    starts = [rows[0], *(after for before, after in pairwise(rows) if after > before + 1)]
    ends = [*(before for before, after in pairwise(rows) if after > before + 1), rows[-1]]
    return (f"{first}" if first == last else f"{first} to {last}" for first, last in zip(starts, ends, strict=True))
