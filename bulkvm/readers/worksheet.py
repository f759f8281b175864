"""One worksheet of a workbook, row by row as it is stored."""

from collections.abc import Generator
from typing import IO, TYPE_CHECKING, Final

from bulkvm.readers.cell_text import CellText, join_text
from bulkvm.readers.limits import MERGED_RANGES, ROWS
from bulkvm.readers.table import COLUMN_OF, LETTERS, Row
from bulkvm.readers.xml_parts import Reader, Steps, names, parse

if TYPE_CHECKING:
    from bulkvm.sheet import CellKind

_ROW: Final = names("row")
_CELL: Final = names("c")
_VALUE: Final = names("v")
_FORMULA: Final = names("f")
_TEXT: Final = names("t")
_PHONETIC: Final = names("rPh")
_MERGED: Final = names("mergeCell")

_TRUE: Final = frozenset({"1", "true"})


class Worksheet(Reader):
    """A worksheet's rows, which are gone through once, and after that its merged ranges.

    openpyxl's own reading takes four times as long and loses what is merged, hidden or calculated, unless it is
    done twice and all at once in memory.
    """

    def __init__(self, stream: IO[bytes], texts: CellText, steps: Steps) -> None:
        self.merged: dict[str, None] = {}  # each range once
        self._stream = stream
        self._texts = texts
        self._steps = steps
        self._runs: list[str] = []
        self._rows: list[Row] = []
        self._number = 0
        self._column = 0
        self._is_hidden = False
        self._in_phonetic = False

    def rows(self) -> Generator[Row, None, None]:
        """The rows with something in them, from above.

        Raises:
            ValueError: a cell is not as a workbook has it.
        """
        for _ in parse(self._stream, self, self._steps):
            yield from self._rows
            self._rows.clear()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name in _CELL:
            self._attributes = attributes
            self._value: str | None = None
            self._formula: str | None = None
        elif name in _ROW:
            self._start_row(attributes)
        elif name in _PHONETIC:
            self._in_phonetic = True
        elif name in _MERGED:
            self.merged[attributes["ref"]] = None
            if len(self.merged) > MERGED_RANGES:
                raise ValueError(len(self.merged))

    def end(self, name: str, text: str) -> None:
        """An element ends."""
        if name in _VALUE:
            self._value = text
        elif name in _CELL:
            self._end_cell()
        elif name in _TEXT:
            if not self._in_phonetic:
                self._runs.append(text)
        elif name in _FORMULA:
            self._formula = text
        elif name in _ROW:
            if self._cells:
                self._rows.append(Row(self._number, self._cells, self._kinds, self._is_hidden))
        elif name in _PHONETIC:
            self._in_phonetic = False

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self._number + 1))
        if not self._number < number <= ROWS:
            raise ValueError(number)
        self._number = number
        self._digits = str(number)
        self._column = 0
        self._is_hidden = attributes.get("hidden") in _TRUE
        self._cells: dict[str, str] = {}
        self._kinds: dict[str, CellKind] = {}

    def _end_cell(self) -> None:
        attributes = self._attributes
        letter = self._place(attributes.get("r"))
        if self._runs:
            self._value = join_text(self._runs)
            self._runs.clear()
        if self._value is None and self._formula is None:
            return
        text, kind = self._texts.read(attributes.get("t", "n"), int(attributes.get("s", 0)), self._value, self._formula)
        if text:
            self._cells[letter] = text
            if kind is not None:
                self._kinds[letter] = kind

    def _place(self, reference: str | None) -> str:
        """The letter of a cell's column. A cell without a reference stands to the right of the one before it."""
        column = self._column + 1 if reference is None else COLUMN_OF.get(reference.removesuffix(self._digits), 0)
        if not self._column < column <= len(LETTERS):
            raise ValueError(reference)
        self._column = column
        return LETTERS[column - 1]
