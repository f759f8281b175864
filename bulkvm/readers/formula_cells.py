"""Cells of a worksheet that get their value from formulas in other cells."""

import re
from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from bulkvm.model.sheet import CellKind
from bulkvm.readers.cell_text import CellText
from bulkvm.readers.read_limits import HEADER_ROWS, HEADING_CHARACTERS
from bulkvm.readers.table import COLUMN_OF

_MAX_REMEMBERED: Final = 2**20  # random cells, to which later rows may refer
_MAX_ELSEWHERE: Final = 2**18  # cells that depend on other worksheets
_MAX_SPILLED: Final = 100  # ranges of random numbers that one formula fills
_MAX_SHARED: Final = 2**16
_MAX_STEPS: Final = 50  # from a random number to a cell that depends on it, in one row
# A cell or a range of this worksheet, such as $E$2 or E2:G2.
_REFERENCE: Final = re.compile(
    r"(?<![A-Z0-9_.!:$'\"])\$?([A-Z]{1,3})(\$?)([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?(?![A-Z0-9_(!.])"
)
# A cell of another worksheet, such as 'Other sheet'!E2.
_ELSEWHERE: Final = re.compile(
    r"(?:'((?:[^'\[\]]|''){1,62})'|(?<![\w.'\]])([A-Za-z_]\w{0,30}))!\$?([A-Z]{1,3})(\$?)([0-9]{1,7})(?![A-Z0-9_(:.])"
)
# A cell in the same row of a table, by its heading, such as Boxes[[#This Row],[New PIN]].
_THIS_ROW: Final = re.compile(r"\[#This Row\],\s*\[([^\[\]]{1,255})\]", re.IGNORECASE)
_RANGE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
CAN_BE_RANDOM: Final = frozenset({
    None, CellKind.NUMBER, CellKind.PADDED, CellKind.AFFIXED, CellKind.FORMULA,
})  # fmt: skip


class _Reference(NamedTuple):
    """A row of cells: its columns from the first to the last, and whether its row moves with the formula."""

    first: int
    last: int
    row: int
    is_relative: bool
    sheet: str = ""  # its name, folded, if it is another one


class _Shared(NamedTuple):
    """A formula that the cells below it share, and the place where it is stored."""

    letter: str
    row: int
    kind: CellKind | None
    is_random: bool
    references: tuple[_Reference, ...]

    def references_from(self, letter: str, row: int) -> tuple[_Reference, ...]:
        """The references of a cell below; those of a cell in another column are not followed."""
        if letter != self.letter:
            return ()
        down = row - self.row
        return tuple(r._replace(row=r.row + down) if r.is_relative else r for r in self.references)


class FormulaCells:
    """Finds the random numbers that a cell gets from another one: copied, calculated, filled down or spilled."""

    def __init__(self, texts: CellText) -> None:
        self._texts = texts
        self._shared: dict[str, _Shared] = {}
        self._spilled: list[tuple[int, int, int, int]] = []
        self._random: dict[int, list[int]] = {}  # sorted columns by row
        self._remembered = 0
        self._elsewhere: dict[tuple[str, int], list[_Reference]] = {}
        self._headings: dict[str, int] = {}  # columns by the folded texts of the first rows
        self._in_row: dict[str, tuple[_Reference, ...]] = {}

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
        references = (*_references(formula), *self._named_references(formula, row))
        is_random = kind is CellKind.RANDOM or self._texts.is_random(formula)
        index = attributes.get("si", "") if attributes.get("t") == "shared" else None
        if index is not None and formula and len(self._shared) < _MAX_SHARED:
            self._shared[index] = _Shared(letter, row, kind, is_random, references)
        elif index is not None and (shared := self._shared.get(index)):
            is_random = shared.is_random
            references = shared.references_from(letter, row)
            if kind is CellKind.FORMULA and shared.kind in {CellKind.RANDOM, CellKind.TOTAL}:
                kind = shared.kind
        if kind is CellKind.TOTAL and references and _is_of_one_row(formula, row):
            kind = CellKind.FORMULA
        if is_random:
            self._remember(letter, row)
            self._note_spilled(attributes)
        elif references:
            self._in_row[letter] = references
            elsewhere = [reference for reference in references if reference.sheet]
            if elsewhere and len(self._elsewhere) < _MAX_ELSEWHERE:
                self._elsewhere[letter, row] = elsewhere
        return kind

    def _named_references(self, formula: str, row: int) -> Iterator[_Reference]:
        for heading in _THIS_ROW.findall(formula) if "[" in formula else ():
            column = self._headings.get(heading.casefold())
            if column:
                yield _Reference(column, column, row, is_relative=True)

    def sheets_needed(self) -> set[str]:
        """The folded names of other worksheets to which formulas refer."""
        return {reference.sheet for found in self._elsewhere.values() for reference in found}

    def random_elsewhere(self, sheets: "Mapping[str, FormulaCells]") -> Iterator[tuple[str, int]]:
        """Yield the columns and rows of the cells that get a random number from one of these other worksheets."""
        for (letter, row), found in self._elsewhere.items():
            if any(r.sheet in sheets and sheets[r.sheet]._is_random_at(r) for r in found):  # noqa: SLF001  (its own)
                yield letter, row

    def _note_spilled(self, attributes: Mapping[str, str]) -> None:
        """Note the range that an array formula fills."""
        found = _RANGE.fullmatch(attributes.get("ref", "")) if attributes.get("t") == "array" else None
        if found and found[1] in COLUMN_OF and found[3] in COLUMN_OF and len(self._spilled) < _MAX_SPILLED:
            self._spilled.append((COLUMN_OF[found[1]], int(found[2]), COLUMN_OF[found[3]], int(found[4])))

    def mark(self, row: int, cells: Mapping[str, str], kinds: dict[str, CellKind]) -> None:
        """Mark the random numbers of a row that is complete."""
        if row <= HEADER_ROWS:
            for letter, text in cells.items():
                if len(text) <= HEADING_CHARACTERS:
                    self._headings.setdefault(text.casefold(), COLUMN_OF[letter])
        for left, top, right, bottom in self._spilled:
            if top <= row <= bottom:
                self._mark([x for x in cells if left <= COLUMN_OF[x] <= right and x not in self._in_row], row, kinds)
        if self._random:
            for _ in range(_MAX_STEPS):
                found = [letter for letter in self._in_row if self._is_random(letter)]
                if not found:
                    break
                for letter in found:
                    del self._in_row[letter]
                self._mark(found, row, kinds)
        self._in_row.clear()

    def _is_random(self, letter: str) -> bool:
        return any(self._is_random_at(reference) for reference in self._in_row[letter] if not reference.sheet)

    def _is_random_at(self, reference: _Reference) -> bool:
        columns = self._random.get(reference.row, [])
        place = bisect_left(columns, reference.first)
        return place < len(columns) and columns[place] <= reference.last

    def _mark(self, letters: Collection[str], row: int, kinds: dict[str, CellKind]) -> None:
        for letter in letters:
            self._remember(letter, row)
            if kinds.get(letter) in CAN_BE_RANDOM:
                kinds[letter] = CellKind.RANDOM

    def _remember(self, letter: str, row: int) -> None:
        if self._remembered < _MAX_REMEMBERED:
            self._remembered += 1
            insort(self._random.setdefault(row, []), COLUMN_OF[letter])


def _references(formula: str) -> Iterator[_Reference]:
    """The cells and the ranges of one row in a formula. What a larger range holds need not be in the result."""
    for first, dollar, row, last, bottom in _REFERENCE.findall(formula):
        if first in COLUMN_OF and (last or first) in COLUMN_OF and (bottom or row) == row:
            yield _Reference(COLUMN_OF[first], COLUMN_OF[last or first], int(row), not dollar)
    for quoted, name, letter, dollar, row in _ELSEWHERE.findall(formula) if "!" in formula else ():
        if letter in COLUMN_OF:
            sheet = (quoted.replace("''", "'") or name).casefold()
            yield _Reference(COLUMN_OF[letter], COLUMN_OF[letter], int(row), not dollar, sheet)


def _is_of_one_row(formula: str, row: int) -> bool:
    """Whether all ranges of an aggregate are in its own row, as in SUM(D2:E2)."""
    ranges = _REFERENCE.findall(formula)
    return (
        "[" not in formula
        and formula.count(":") == sum(bool(found[3]) for found in ranges)
        and all(int(found[2]) == row == int(found[4] or found[2]) for found in ranges)
    )
