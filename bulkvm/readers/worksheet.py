"""A worksheet, read row by row."""

from collections.abc import Generator, Mapping
from typing import IO, Final

from bulkvm.model.sheet import UNREADABLE, CellKind
from bulkvm.readers.cell_text import CellText, TextAndKind
from bulkvm.readers.formula_cells import FormulaCells, RandomCells
from bulkvm.readers.read_limits import CONDITIONAL_RANGES, MERGED_RANGES, ROWS
from bulkvm.readers.rich_text import RichText
from bulkvm.readers.table import COLUMN_OF, LETTERS, Row
from bulkvm.readers.xml_parts import (
    SMALLEST_TEXT,
    EndHandlers,
    StartHandlers,
    Steps,
    XmlHandler,
    for_elements,
    is_below,
    parse,
    read_index,
)

_NARROWEST: Final = 1.0  # the width of a column in which a character can be seen
_TRUE: Final = frozenset({"1", "true"})
_FALSE: Final = frozenset({"0", "false"})
_ZERO: Final = " +-0."  # the characters of a stored 0
_NUMBERS: Final = frozenset({CellKind.NUMBER, CellKind.PADDED, CellKind.FORMULA})
HIDES_VALUE: Final = "bar or icon only"  # a conditional format that shows something instead of the value


class Worksheet(XmlHandler):
    """Yields the rows of a worksheet; after them, `merged` and `hidden_columns` are complete.

    openpyxl takes four times as long, and gives merged cells, hidden rows and formula results only if it loads the
    whole workbook twice.
    """

    def __init__(
        self, stream: IO[bytes], texts: CellText, steps: Steps, random: Mapping[str, RandomCells] | None = None
    ) -> None:
        self.merged: dict[str, None] = {}  # each range once
        self.hidden_columns: list[tuple[int, int]] = []  # first and last, counted from 1
        self.widths: list[tuple[int, int, str]] = []  # first and last, and the width as stored
        self.conditional: dict[tuple[str, str], None] = {}  # conditional formats, and the ranges that have them
        self._ranges = ""
        self._stream = stream
        self._texts = texts
        self._steps = steps
        self._has_looks = bool(
            texts.white_styles or texts.white_strings or texts.wrapped_styles or texts.repeating_styles
        )
        self._may_be_struck = bool(texts.struck_styles or texts.struck_strings)
        self._text = RichText()
        self.formulas = FormulaCells(texts, random)
        self._hides_zeros = False
        self._rows: list[Row] = []
        self._number = 0
        self._column = 0
        self._cells: dict[str, str] = {}
        self._kinds: dict[str, CellKind] = {}
        self._struck: list[str] = []
        self._white: list[str] = []
        self._wrapped: list[str] = []
        self._repeated: list[str] = []
        self._is_hidden = False
        self._height: str | None = None
        self._has_no_height = False
        self._has_no_width = False
        self._described_columns: list[tuple[int, int]] = []

    def rows(self, last: int = ROWS) -> Generator[Row, None, None]:
        """Yield the rows that are not blank.

        Args:
            last: the number of the last row that is needed.

        Raises:
            ValueError: a cell is not valid.
        """
        for _ in parse(self._stream, self, self._steps):
            yield from self._rows
            self._rows.clear()
            if self._number > last:
                return
        if self._cells:
            yield self._row()

    def start_handlers(self) -> StartHandlers:
        """Return the handlers of start tags."""
        return {
            **self._text.start_handlers(),
            **for_elements(
                c=self._start_cell,
                f=self._start_formula,
                sheetView=self._start_view,
                row=self._start_row,
                mergeCell=self._start_merged,
                col=self._start_column,
                sheetFormatPr=self._start_defaults,
                conditionalFormatting=self._start_conditional,
                cfRule=self._start_rule,
                dataBar=self._start_bar,
                iconSet=self._start_bar,
                sheetData=self._start_data,
            ),
        }

    def end_handlers(self) -> EndHandlers:
        """Return the handlers of end tags."""
        return {
            **self._text.end_handlers(),
            **for_elements(v=self._end_value, c=self._end_cell, f=self._end_formula),
        }

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._attributes = attributes
        self._value: str | None = None
        self._formula: str | None = None
        self._formula_attributes: dict[str, str] = {}

    def _start_defaults(self, attributes: dict[str, str]) -> None:
        is_low = attributes.get("customHeight") in _TRUE and is_below(attributes.get("defaultRowHeight"), SMALLEST_TEXT)
        self._has_no_height = is_low or attributes.get("zeroHeight") in _TRUE
        self._has_no_width = is_below(attributes.get("defaultColWidth"), _NARROWEST)

    def _start_data(self, _: dict[str, str]) -> None:
        """Hide the columns that have the default width, if that is too small."""
        if not self._has_no_width:
            return
        before = 0
        for first, last in (*sorted(self._described_columns), (len(LETTERS) + 1, 0)):
            if first > before + 1:
                self.hidden_columns.append((before + 1, first - 1))
            before = max(before, last)

    def _start_conditional(self, attributes: dict[str, str]) -> None:
        self._ranges = attributes.get("sqref", "")

    def _start_rule(self, attributes: dict[str, str]) -> None:
        if len(self.conditional) < CONDITIONAL_RANGES:
            self.conditional[attributes.get("dxfId", ""), self._ranges] = None

    def _start_bar(self, attributes: dict[str, str]) -> None:
        if attributes.get("showValue") in _FALSE and len(self.conditional) < CONDITIONAL_RANGES:
            self.conditional[HIDES_VALUE, self._ranges] = None

    def _start_merged(self, attributes: dict[str, str]) -> None:
        self.merged[attributes["ref"].upper()] = None
        if len(self.merged) > MERGED_RANGES:
            raise ValueError(len(self.merged))

    def _start_column(self, attributes: dict[str, str]) -> None:
        first, last = read_index(attributes.get("min", "")), read_index(attributes.get("max", ""))
        if not first or not last or len(self._described_columns) >= len(LETTERS):
            return
        if attributes.get("hidden") in _TRUE or is_below(attributes.get("width"), _NARROWEST):
            self.hidden_columns.append((first, last))
        self.widths.append((first, last, attributes.get("width", "")))
        if not self._has_no_width or "width" in attributes:
            self._described_columns.append((first, last))

    def _end_value(self, text: str) -> None:
        self._value = text

    def _start_view(self, attributes: dict[str, str]) -> None:
        self._hides_zeros = attributes.get("showZeros") in _FALSE

    def _start_formula(self, attributes: dict[str, str]) -> None:
        self._formula_attributes = attributes

    def _end_formula(self, text: str) -> None:
        self._formula = text

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = read_index(attributes["r"]) if "r" in attributes else self._number + 1
        if not number or number > ROWS:
            raise ValueError(number)
        self._column = 0
        hidden = attributes.get("hidden") in _TRUE or is_below(attributes.get("ht"), SMALLEST_TEXT)
        if self._has_no_height and attributes.keys().isdisjoint({"ht", "hidden"}):
            hidden = True
        if number == self._number:  # some programs write a row in several parts
            self._is_hidden = self._is_hidden or hidden
            return
        if self._cells:
            self._rows.append(self._row())
        self._number = number
        self._digits = str(number)
        self._is_hidden = hidden
        self._height = attributes.get("ht")
        self._cells = {}
        self._kinds = {}
        self._struck = []
        self._white = []
        self._wrapped = []
        self._repeated = []

    def _end_cell(self, _: str) -> None:
        attributes = self._attributes
        letter, is_misplaced = self._column_letter(attributes.get("r"))
        is_struck = is_partly_struck = has_white_run = False
        if self._text.runs:
            is_struck, has_white_run = self._text.is_struck, self._text.is_white
            is_partly_struck = self._text.is_partly_struck
            self._value = self._text.take()
        if self._value is None and self._formula is None:
            return
        kind_of_value, style = attributes.get("t", "n"), attributes.get("s", "0")
        text, kind = self._read_cell(letter, kind_of_value, style)
        if is_misplaced or (text and letter in self._cells):
            kind = CellKind.DAMAGED
        if text:
            self._cells[letter] = text
            if is_struck or (self._may_be_struck and self._texts.is_struck(kind_of_value, style, self._value)):
                self._struck.append(letter)
                if is_partly_struck or self._texts.is_partly_struck(kind_of_value, self._value):
                    kind = kind or CellKind.PARTLY_STRUCK
            if has_white_run or self._has_looks:
                self._note_looks(letter, kind_of_value, style, has_white_run=has_white_run)
            if kind is not None:
                self._kinds[letter] = kind

    def _note_looks(self, letter: str, kind_of_value: str, style: str, *, has_white_run: bool) -> None:
        """Note what the style of a cell does to its text."""
        if self._texts.is_white(kind_of_value, style, self._value, has_white_run=has_white_run):
            self._white.append(letter)
        if style in self._texts.wrapped_styles:
            self._wrapped.append(letter)
        if style in self._texts.repeating_styles:
            self._repeated.append(letter)

    def _read_cell(self, letter: str, kind_of_value: str, style: str) -> TextAndKind:
        """Return the text and the kind of a cell, as far as they follow from its value, style and formula."""
        text, kind = self._texts.read(kind_of_value, style, self._value, self._formula)
        if self._formula is not None:
            kind = self.formulas.add(letter, self._number, self._formula, self._formula_attributes, kind)
        if self._hides_zeros and kind_of_value == "n" and kind in _NUMBERS and text and not text.strip("0"):
            kind = CellKind.HIDDEN
        if (
            (self._formula is not None or self.formulas.filled_with_blanks)
            and (kind_of_value == "n" and self._value and not self._value.strip(_ZERO))
            and kind not in UNREADABLE
            and self.formulas.may_be_blank(letter, self._number, self._formula, self._formula_attributes)
        ):
            return text, CellKind.ZERO_OF_BLANK
        return text, kind

    def _row(self) -> Row:
        self.formulas.end_row(self._number, self._cells)
        marks = (self._is_hidden, self._struck, self._white, self._height, self._wrapped, self._repeated)
        return Row(self._number, self._cells, self._kinds, *marks)

    def _column_letter(self, reference: str | None) -> tuple[str, bool]:
        """Return the letter of a cell's column, and whether its reference names another row.

        A cell without a reference follows the one before it.
        """
        letter = LETTERS[self._column] if reference is None else reference.removesuffix(self._digits)
        column = COLUMN_OF.get(letter)
        is_misplaced = False
        if column is None:  # in lower case, or in another row
            written = letter.upper()
            letter = written.rstrip("0123456789")
            column = COLUMN_OF[letter]
            is_misplaced = letter != written
        self._column = column
        return letter, is_misplaced
