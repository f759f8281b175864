"""Cells of a worksheet that get their value from formulas in other cells."""

import re
from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Mapping
from enum import IntEnum
from itertools import islice
from typing import Final, NamedTuple

from bulkvm.model.sheet import CellKind
from bulkvm.readers.cell_text import CellText
from bulkvm.readers.formula_references import (
    Reference,
    find_references,
    is_aggregate_of_row,
    is_computed,
    may_give_blank,
    with_ranges,
)
from bulkvm.readers.read_limits import HEADER_ROWS, HEADING_CHARACTERS
from bulkvm.readers.table import COLUMN_OF

_MAX_REMEMBERED: Final = 2**20  # random cells, to which other cells may refer
_MAX_REFERENCES: Final = 1000  # of one formula
_MAX_SPILLED: Final = 100  # ranges that formulas fill
_MAX_SHARED: Final = 2**16
_MAX_STEPS: Final = 50  # from a random number to a cell that depends on it, in one row
_RANGE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
CAN_BE_RANDOM: Final = frozenset({
    None, CellKind.NUMBER, CellKind.PADDED, CellKind.AFFIXED, CellKind.FORMULA,
})  # fmt: skip


class Origin(IntEnum):
    """How certain it is that a cell gets a random number."""

    COMPUTED = 1  # it is not known which cells it refers to
    POSSIBLE = 2  # it refers to a range with one
    CERTAIN = 3


class _Shared(NamedTuple):
    """A formula that the cells below it share, and the place where it is stored."""

    letter: str
    row: int
    kind: CellKind | None
    origin: Origin | None
    references: tuple[Reference, ...]
    may_give_blank: bool

    def references_from(self, letter: str, row: int) -> tuple[Reference, ...]:
        """The references of a cell below; those of a cell in another column are not followed."""
        return tuple(r.moved(row - self.row) for r in self.references) if letter == self.letter else ()


class RandomCells:
    """The cells of a worksheet that get, or may get, a random number."""

    def __init__(self) -> None:
        self._rows: dict[Origin, dict[int, list[int]]] = {origin: {} for origin in Origin}  # sorted, by column
        self.count = 0

    def add(self, column: int, row: int, origin: Origin) -> None:
        """Remember a cell."""
        rows = self._rows[origin].setdefault(column, [])
        if self.count < _MAX_REMEMBERED and not _has_any(rows, row, row):
            insort(rows, row)
            self.count += 1

    def has(self, origin: Origin) -> bool:
        """Whether there is such a cell."""
        return any(self._rows[origin].values())

    def origin_of(self, reference: Reference) -> Origin | None:
        """What a formula gets from the cells that it refers to."""
        for origin in reversed(Origin):
            columns = self._rows[origin].items()
            found = (rows for column, rows in columns if reference.first <= column <= reference.last)
            if any(_has_any(rows, reference.top, reference.bottom) for rows in found):
                return origin if reference.is_of_one_row else min(origin, Origin.POSSIBLE)
        return None

    def rows(self, letter: str, origin: Origin) -> Collection[int]:
        """The rows of such cells in a column."""
        return self._rows[origin].get(COLUMN_OF[letter], ())


class FormulaCells:
    """Finds the random numbers that a cell gets from another one: copied, calculated, looked up, filled or spilled.

    Rows are read once, from the first to the last. To follow references to cells further down or in other worksheets,
    a worksheet is read again, with the random cells that were known before: `known`, by the folded name of the sheet,
    which is blank for the worksheet itself.
    """

    def __init__(self, texts: CellText, known: Mapping[str, RandomCells] | None = None) -> None:
        self.random = RandomCells()
        self.sheets: set[str] = set()  # the folded names of other worksheets to which formulas refer
        self.refers_ahead = False  # whether what a formula refers to may not have been read before it
        self._known = known or {}
        self._texts = texts
        self._shared: dict[str, _Shared] = {}
        self._spilled: list[tuple[int, int, int, int]] = []
        self._headings: dict[str, int] = {}  # columns by the folded texts of the first rows
        self._in_row: dict[str, tuple[Reference, ...]] = {}
        self._letters: set[str] = set()
        self.filled_with_blanks: list[tuple[int, int, int, int]] = []  # ranges of formulas that may give empty cells

    def has_any_in(self, letters: Collection[str]) -> bool:
        """Whether a cell of these columns has a formula, or may have its value from one beside it."""
        return bool(self._spilled) or not self._letters.isdisjoint(letters)

    def add(
        self, letter: str, row: int, formula: str, attributes: Mapping[str, str], kind: CellKind | None
    ) -> CellKind | None:
        """Note a formula, and return the kind of its cell, given the kind that follows from the formula alone.

        Args:
            letter: the column of the cell.
            row: the row of the cell.
            formula: the formula; blank if another cell has it.
            attributes: those of its element (ECMA-376 part 1, 18.3.1.40).
            kind: the kind of the cell.
        """
        self._letters.add(letter)
        if attributes.get("t") == "array" and may_give_blank(formula):
            _note_filled(self.filled_with_blanks, attributes)
        whole = with_ranges(formula, self._texts.names)
        references = tuple(islice(find_references(whole, row, self._headings), _MAX_REFERENCES)) if whole else ()
        origin = self._origin(whole, kind)
        index = attributes.get("si", "") if attributes.get("t") == "shared" else None
        if index is not None and formula and len(self._shared) < _MAX_SHARED:
            self._shared[index] = _Shared(letter, row, kind, origin, references, may_give_blank(formula))
        elif index is not None and (shared := self._shared.get(index)):
            origin = shared.origin
            references = shared.references_from(letter, row)
            if kind is CellKind.FORMULA and shared.kind in {CellKind.RANDOM, CellKind.TOTAL}:
                kind = shared.kind
        if kind is CellKind.TOTAL and references and is_aggregate_of_row(formula, row):
            kind = CellKind.FORMULA
        if origin:
            self.random.add(COLUMN_OF[letter], row, origin)
        if origin is Origin.CERTAIN:
            _note_filled(self._spilled, attributes)
        elif references:
            self._in_row[letter] = references
            self.sheets.update(reference.sheet for reference in references if reference.sheet)
            self.refers_ahead = self.refers_ahead or any(r.sheet or r.bottom > row for r in references)
        return kind

    def _origin(self, formula: str, kind: CellKind | None) -> Origin | None:
        if kind is CellKind.RANDOM or self._texts.is_random(formula):
            return Origin.CERTAIN
        return Origin.COMPUTED if is_computed(formula) else None

    def may_be_blank(self, letter: str, row: int, formula: str | None, attributes: Mapping[str, str]) -> bool:
        """Whether the 0 in a cell may be that of an empty cell, to which its formula or one that fills it refers."""
        if formula is None:
            column = COLUMN_OF[letter]
            return any(
                left <= column <= right and top <= row <= bottom for left, top, right, bottom in self.filled_with_blanks
            )
        shared = self._shared.get(attributes.get("si", "")) if not formula else None
        return shared.may_give_blank if shared else may_give_blank(formula)

    def end_row(self, row: int, cells: Mapping[str, str]) -> None:
        """Find the random numbers of a row that is complete."""
        if row <= HEADER_ROWS:
            for letter, text in cells.items():
                if len(text) <= HEADING_CHARACTERS:
                    self._headings.setdefault(text.casefold(), COLUMN_OF[letter])
        for left, top, right, bottom in self._spilled:
            if top <= row <= bottom:
                for letter in cells:
                    if left <= COLUMN_OF[letter] <= right and letter not in self._in_row:
                        self.random.add(COLUMN_OF[letter], row, Origin.CERTAIN)
        if self._in_row and (self.random.count or self._known):
            self._follow(row)
        self._in_row.clear()

    def _follow(self, row: int) -> None:
        """Follow the references of a row, until they lead to no other random cell."""
        found: dict[str, Origin] = {}
        for _ in range(_MAX_STEPS):
            better = {
                letter: origin
                for letter, references in self._in_row.items()
                if (origin := max(filter(None, map(self._origin_at, references)), default=None))
                and origin > found.get(letter, 0)
            }
            if not better:
                return
            found |= better
            for letter, origin in better.items():
                self.random.add(COLUMN_OF[letter], row, origin)

    def _origin_at(self, reference: Reference) -> Origin | None:
        here = None if reference.sheet else self.random.origin_of(reference)
        before = self._known[reference.sheet].origin_of(reference) if reference.sheet in self._known else None
        return max(filter(None, (here, before)), default=None)

    def marks(self, letters: Collection[str], pins: Collection[str]) -> Iterator[tuple[str, int, CellKind]]:
        """Yield the cells of read columns that get a random number, and those of PINs that may get one."""
        for letter in letters:
            yield from ((letter, row, CellKind.RANDOM) for row in self.random.rows(letter, Origin.CERTAIN))
        for letter in pins:
            yield from ((letter, row, CellKind.RANDOM) for row in self.random.rows(letter, Origin.POSSIBLE))
            yield from ((letter, row, CellKind.COMPUTED) for row in self.random.rows(letter, Origin.COMPUTED))


def _note_filled(ranges: list[tuple[int, int, int, int]], attributes: Mapping[str, str]) -> None:
    """Note the range that an array formula fills."""
    found = _RANGE.fullmatch(attributes.get("ref", "")) if attributes.get("t") == "array" else None
    if found and found[1] in COLUMN_OF and found[3] in COLUMN_OF and len(ranges) < _MAX_SPILLED:
        ranges.append((COLUMN_OF[found[1]], int(found[2]), COLUMN_OF[found[3]], int(found[4])))


def _has_any(rows: list[int], first: int, last: int) -> bool:
    """Whether any of the sorted rows is among these."""
    place = bisect_left(rows, first)
    return place < len(rows) and rows[place] <= last
