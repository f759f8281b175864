"""What hides or joins the cells of a worksheet, told to the person who sees it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.model.problem import Problem, Severity
from bulkvm.model.sheet import CellKind
from bulkvm.readers.table import COLUMN_OF, LETTERS, Table

_NAMED: Final = 6
_RANGE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")


def warn_of_hidden(rows: Sequence[int]) -> Iterator[Problem]:
    """One warning for all the rows that cannot be seen."""
    if not rows:
        return
    groups = list(_groups(rows))
    named = ", ".join(groups[:_NAMED]) + (f" and {len(groups) - _NAMED} more places" if groups[_NAMED:] else "")
    yield Problem(
        row=None,
        code="hidden-rows",
        message=f"rows are hidden or filtered out, and are read like the others: {named}. "
        "If they are not wanted, delete them in a copy of the sheet.",
        severity=Severity.WARNING,
    )


def warn_of_hidden_columns(hidden: Sequence[tuple[int, int]], used: Collection[str]) -> Iterator[Problem]:
    """One warning for all the columns that are read and cannot be seen, given as the first and last of each group."""
    letters = [letter for letter in used if any(first <= COLUMN_OF[letter] <= last for first, last in hidden)]
    if letters:
        yield Problem(
            row=None,
            code="hidden-columns",
            message=f"columns are hidden, and are read like the others: {', '.join(letters)}. "
            "If they are not wanted, delete them in a copy of the sheet.",
            severity=Severity.WARNING,
        )


def mark_merged(ranges: Iterable[str], used: Collection[str], table: Table) -> Iterator[Problem]:
    """Mark the cells that are merged over several rows, and tell each row of it.

    Args:
        ranges: as the workbook gives them, each once.
        used: the letters of the columns that are read; in others nothing is at stake.
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
            yield Problem(
                row=row,
                cell=f"{LETTERS[covered[0] - 1]}{row}",
                code="merged-cells",
                message=f"the cell is a part of {written}, which was merged over several rows, so it is not certain "
                "which row its value belongs to. Unmerge it (Home > Merge & Center) and fill in each row.",
            )


def _mark_covered(written: str, columns: Sequence[int], row: int, table: Table) -> Iterator[Problem]:
    """Mark the cells that another one of their row covers, and that hold something nobody sees."""
    for letter in (LETTERS[column - 1] for column in columns):
        if table.text(letter, row).strip(STRIP_CHARS):
            table.mark(letter, row, CellKind.MERGED)
            yield Problem(
                row=row,
                cell=f"{letter}{row}",
                code="merged-cells",
                message=f"the cell is covered by {written}, which was merged, so that what it holds is not seen. "
                "Unmerge it (Home > Merge & Center) and fill in each cell.",
            )


def _bounds(written: str) -> tuple[int, int, int, int]:
    """The first column and row of a range such as A2:B3, counted from 1, and the last ones."""
    found = _RANGE.fullmatch(written)
    if not found:
        raise ValueError(written)
    first, top, last, bottom = found.groups()
    left, right = COLUMN_OF[first], COLUMN_OF[last or first]
    return left, int(top), right, int(bottom or top)


def _groups(rows: Sequence[int]) -> Iterator[str]:
    """Rows in words: 4, 7 to 9."""
    starts = [rows[0], *(after for before, after in pairwise(rows) if after > before + 1)]
    ends = [*(before for before, after in pairwise(rows) if after > before + 1), rows[-1]]
    return (f"{first}" if first == last else f"{first} to {last}" for first, last in zip(starts, ends, strict=True))
