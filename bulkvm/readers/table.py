"""Rows of a sheet, collected into a table of text."""

import operator
import re
import sys
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from itertools import chain, islice, product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final, NamedTuple

from bulkvm.model.errors import SheetError
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import CellKind
from bulkvm.readers.encoding import FOREIGN_BYTES, Text
from bulkvm.readers.read_limits import CELL_CHARACTERS, COLUMNS, TABLE_BYTES, TABLE_CELLS, max_rows
from bulkvm.readers.source import Source

if TYPE_CHECKING:
    import pandas as pd

_NAMES: Final = (map("".join, product(ascii_uppercase, repeat=length)) for length in (1, 2, 3))
LETTERS: Final = tuple(islice(chain.from_iterable(_NAMES), COLUMNS))
COLUMN_OF: Final = {letter: column for column, letter in enumerate(LETTERS, start=1)}

_BYTES_OF_KIND: Final = 100
_MAX_INTERNED: Final = 2**16

# Anything but white space, zero-width characters and direction marks.
_VISIBLE: Final = re.compile(r"[^\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def has_text(texts: Iterable[str]) -> bool:
    """Whether any text has a character that can be seen."""
    return any(map(_VISIBLE.search, texts))


def make_row(number: int, texts: Mapping[str, str], kinds: Mapping[str, CellKind] | None = None) -> "Row":
    """Return a row of a file that has no cells of its own; text that is longer than a cell is cut."""
    long = {letter: text[:CELL_CHARACTERS] for letter, text in texts.items() if len(text) > CELL_CHARACTERS}
    return Row(number, {**texts, **long}, {**(kinds or {}), **dict.fromkeys(long, CellKind.TOO_LONG)})


def make_frame(columns: Mapping[str, list[str]], rows: list[int]) -> "pd.DataFrame":
    """Return a table of text, indexed by row number."""
    import pandas as pd  # noqa: PLC0415  (slow to import, and not needed for help)

    index = pd.Index(rows, dtype="int64")
    # Python strings: cells stay as they were read, and none becomes a missing value.
    frame = {letter: pd.Series(column, index, dtype=object) for letter, column in columns.items()}
    return pd.DataFrame(frame, index, copy=False)


class Row(NamedTuple):
    """One row: its number in the sheet, its texts and cell kinds by column letter.

    `struck` and `white` are the letters of the cells struck through, and of those with white text on white.
    `height` is in points, as stored. `wrapped` are the letters of cells with wrapped text, for plans only, and
    `repeated` those of cells that repeat their text.
    """

    number: int
    cells: Mapping[str, str]
    kinds: Mapping[str, CellKind] = {}
    is_hidden: bool = False
    struck: Collection[str] = ()
    white: Collection[str] = ()
    height: str | None = None
    wrapped: Collection[str] = ()
    repeated: Collection[str] = ()


def decode_foreign(row: Row, text: Text) -> Row:
    """Decode what is in another encoding than the rest of the file, and mark its cells."""
    if not text.is_mixed:
        return row
    foreign = [letter for letter, value in row.cells.items() if FOREIGN_BYTES.search(value)]
    cells = {**row.cells, **{letter: text.decode_foreign(row.cells[letter]) for letter in foreign}}
    return row._replace(cells=cells, kinds={**row.kinds, **dict.fromkeys(foreign, CellKind.OTHER_ENCODING)})


class Table:
    """The rows below the header, stored by column."""

    def __init__(self, source: Source, headings: Mapping[str, str], *, is_packed: bool = False) -> None:
        self.rows: list[int] = []
        self.hidden: list[int] = []
        self.struck: list[tuple[int, Collection[str]]] = []  # rows, and the letters of their struck cells
        self.white: list[tuple[int, Collection[str]]] = []  # the same for white text on white
        self.repeated: list[tuple[int, Collection[str]]] = []  # the same for text that is repeated in its cell
        self.kinds: dict[str, dict[int, CellKind]] = {}
        self._name = source.name
        self._max_rows = max_rows(source.size, is_packed=is_packed)
        self._columns: dict[str, list[str]] = {letter: [] for letter in headings}
        self._bytes_left = TABLE_BYTES
        self._interned: dict[str, str] = {}  # text that repeats is stored once

    def add(self, row: Row) -> bool:
        """Add a row unless it is blank, and return whether it was added.

        Raises:
            SheetError: the sheet exceeds the limits on memory or rows.
        """
        if not has_text(row.cells.values()):
            return False
        above = len(self.rows)
        if above >= self._max_rows:
            raise SheetError(
                f"{self._name} has more than {self._max_rows:,} rows, far more than other files of its size, so it is "
                "not read. Split it into several files, or delete the rows that you do not need.",
                ProblemCode.TOO_LARGE,
            )
        self.rows.append(row.number)
        columns, interned = self._columns, self._interned
        for letter, text in row.cells.items():
            if text:
                column = columns.get(letter)
                if column is None:
                    column = columns[letter] = []
                if len(column) < above:
                    column.extend([""] * (above - len(column)))
                column.append(interned.get(text) or self._intern(text))
        if row.kinds or row.struck or row.white or row.repeated or row.is_hidden:
            self._add_marks(row)
        if self._bytes_left < 0 or len(self.rows) * len(self._columns) > TABLE_CELLS:
            raise SheetError(
                f"{self._name} is too large to read at once (row {row.number} was reached). "
                "Split it into several files, or delete the columns that you do not need.",
                ProblemCode.TOO_LARGE,
            )
        return True

    def _add_marks(self, row: Row) -> None:
        for letter, kind in row.kinds.items():
            self.mark(letter, row.number, kind)
        if row.struck:
            self.struck.append((row.number, row.struck))
        if row.white:
            self.white.append((row.number, row.white))
        if row.repeated:
            self.repeated.append((row.number, row.repeated))
        if row.is_hidden:
            self.hidden.append(row.number)
        marks = len(row.kinds) + len(row.struck) + len(row.white) + len(row.repeated)
        self._bytes_left -= _BYTES_OF_KIND * marks

    def sort(self) -> None:
        """Sort rows that the file has in another order, and join the parts of a row. Cells there twice are damaged."""
        if all(map(operator.lt, self.rows, islice(self.rows, 1, None))):
            return
        places: dict[int, list[int]] = {}
        for place in sorted(range(len(self.rows)), key=self.rows.__getitem__):
            places.setdefault(self.rows[place], []).append(place)
        for letter, column in self._columns.items():
            column.extend([""] * (len(self.rows) - len(column)))
            for row, parts in places.items():
                if sum(1 for place in parts if column[place]) > 1:
                    self.mark(letter, row, CellKind.DAMAGED)
            self._columns[letter] = [
                next((column[place] for place in parts if column[place]), "") for parts in places.values()
            ]
        self.rows = list(places)
        self.hidden = sorted(set(self.hidden))

    def mark(self, letter: str, row: int, kind: CellKind) -> None:
        """Set the kind of a cell."""
        self.kinds.setdefault(letter, {})[row] = kind

    def text(self, letter: str, row: int) -> str:
        """Return the text of a cell, empty if there is none."""
        column = self._columns.get(letter, [])
        place = bisect_left(self.rows, row)
        return column[place] if place < len(column) and self.rows[place] == row else ""

    def has_values(self, letter: str) -> bool:
        """Return whether a cell of the column is not empty."""
        return any(self._columns.get(letter, ()))

    def to_frame(self) -> "pd.DataFrame":
        """Return the table as a DataFrame, indexed by row number, and empty it."""
        import pandas as pd  # noqa: PLC0415  (slow to import, and not needed for help)

        index = pd.Index(self.rows, dtype="int64")
        frame = {}
        for letter in sorted(self._columns, key=lambda letter: (len(letter), letter)):
            column = self._columns.pop(letter)  # so that only one column is in memory twice
            column.extend([""] * (len(index) - len(column)))
            # Python strings: cells stay as they were read, and none becomes a missing value.
            frame[letter] = pd.Series(column, index, dtype=object)
        return pd.DataFrame(frame, index, copy=False)

    def _intern(self, text: str) -> str:
        self._bytes_left -= sys.getsizeof(text)
        if len(self._interned) < _MAX_INTERNED:
            self._interned[text] = text
        return text
