"""Rows as they are read, and the table of text that they add up to."""

import re
import sys
from bisect import bisect_left
from collections.abc import Mapping
from itertools import chain, islice, product
from string import ascii_uppercase
from typing import Final, NamedTuple

import pandas as pd

from bulkvm.model.errors import SheetError
from bulkvm.model.sheet import CellKind
from bulkvm.readers.read_limits import COLUMNS, TABLE_BYTES, TABLE_CELLS, rows
from bulkvm.readers.source import Source

_NAMES: Final = (map("".join, product(ascii_uppercase, repeat=length)) for length in (1, 2, 3))
LETTERS: Final = tuple(islice(chain.from_iterable(_NAMES), COLUMNS))
COLUMN_OF: Final = {letter: column for column, letter in enumerate(LETTERS, start=1)}

_BYTES_OF_KIND: Final = 100
_REMEMBERED: Final = 2**16

# Anything but white space, zero-width characters and direction marks.
_VISIBLE: Final = re.compile(r"[^\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


class Row(NamedTuple):
    """One row: its number as Excel shows it, its texts and what text cannot carry, by the column's letter."""

    number: int
    cells: Mapping[str, str]
    kinds: Mapping[str, CellKind] = {}
    is_hidden: bool = False


class Table:
    """The rows below the header, kept by column."""

    def __init__(self, source: Source, headings: Mapping[str, str]) -> None:
        self.rows: list[int] = []
        self.hidden: list[int] = []
        self.kinds: dict[str, dict[int, CellKind]] = {}
        self._name = source.name
        self._most_rows = rows(source.size)
        self._columns: dict[str, list[str]] = {letter: [] for letter in headings}
        self._room = TABLE_BYTES
        self._known: dict[str, str] = {}  # a text that many cells hold is held once

    def add(self, row: Row) -> bool:
        """Add a row, unless it is blank, and say whether it was added.

        Raises:
            SheetError: the sheet is too big for the memory that reading may take, or has far more rows than its file's
                size allows for.
        """
        if not any(map(_VISIBLE.search, row.cells.values())):
            return False
        above = len(self.rows)
        if above >= self._most_rows:
            raise SheetError(
                f"{self._name} has more than {self._most_rows:,} rows, far more than other files of its size, so it is "
                "not read. Split it into several files, or delete the rows that are not needed.",
                "too-large",
            )
        self.rows.append(row.number)
        for letter, text in row.cells.items():
            if text:
                column = self._columns.get(letter)
                if column is None:
                    column = self._columns[letter] = []
                if len(column) < above:
                    column.extend([""] * (above - len(column)))
                column.append(self._known.get(text) or self._keep(text))
        for letter, kind in row.kinds.items():
            self.mark(letter, row.number, kind)
        self._room -= _BYTES_OF_KIND * len(row.kinds)
        if row.is_hidden:
            self.hidden.append(row.number)
        if self._room < 0 or len(self.rows) * len(self._columns) > TABLE_CELLS:
            raise SheetError(
                f"{self._name} holds more than can be read at once (row {row.number} was reached). "
                "Split it into several files, or delete the columns that are not needed.",
                "too-large",
            )
        return True

    def mark(self, letter: str, row: int, kind: CellKind) -> None:
        """Note what text cannot carry."""
        self.kinds.setdefault(letter, {})[row] = kind

    def text(self, letter: str, row: int) -> str:
        """The text of a cell, blank where there is none."""
        column = self._columns.get(letter, [])
        place = bisect_left(self.rows, row)
        return column[place] if place < len(column) and self.rows[place] == row else ""

    def to_frame(self) -> pd.DataFrame:
        """All the text: columns from left to right, rows at their numbers. The table is empty after it."""
        index = pd.Index(self.rows, dtype="int64")
        frame = {}
        for letter in sorted(self._columns, key=lambda letter: (len(letter), letter)):
            column = self._columns.pop(letter)  # no column is held twice for longer than this
            column.extend([""] * (len(index) - len(column)))
            # Python's own strings: a cell is exactly what was read, and nothing of it is taken for a missing value.
            frame[letter] = pd.Series(column, index, dtype=object)
        return pd.DataFrame(frame, index, copy=False)

    def _keep(self, text: str) -> str:
        self._room -= sys.getsizeof(text)
        if len(self._known) < _REMEMBERED:
            self._known[text] = text
        return text
