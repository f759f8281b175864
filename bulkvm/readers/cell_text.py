"""From what a workbook stores in a cell to the text that a careful person reads there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from typing import Final

from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape

from bulkvm.model.sheet import CellKind
from bulkvm.readers.number_format import GENERAL, Formats, Section
from bulkvm.readers.read_limits import CELL_CHARACTERS

_DIGITS: Final = 15  # all that Excel keeps of a number
_TOO_LONG: Final = Decimal(10) ** _DIGITS
# As it is stored, at most: a character takes up to two escapes such as _xD83D_, and one more shows that it is too long.
_LONGEST_STORED: Final = 2 * len("_xD83D_") * (CELL_CHARACTERS + 1)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_USABLE: Final = frozenset({None, CellKind.NUMBER, CellKind.PADDED, CellKind.BOOLEAN})
_TEXTS: Final = frozenset({"s", "str", "inlineStr"})
_CUT: Final = frozenset({None, CellKind.FORMULA})

# By the schema of XML, but in any case; other programs write words.
_BOOLEANS: Final = {"0": "FALSE", "false": "FALSE", "1": "TRUE", "true": "TRUE", "": ""}
_INDEX_DIGITS: Final = 9
_INDEX: Final = re.compile(rf"\s*([0-9]{{1,{_INDEX_DIGITS}}})\s*")
_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)
# One figure of several rows. A number made from the one above it, such as MAX(A$2:A2)+1, is none.
_TOTAL: Final = re.compile(
    r"\s*\+?(?:SUM|COUNT|AVERAGE|SUBTOTAL|AGGREGATE|MAX|MIN|MEDIAN|PRODUCT|ROWS|D?COUNTA?|DSUM)[A-Z]*\([^()]*[:\[][^()]*\)\s*",
    re.IGNORECASE,
)

Shown = tuple[str, CellKind | None]


@dataclass(frozen=True, slots=True)
class CellText:
    """Reads cells by a workbook's own strings, number formats and first day."""

    strings: Sequence[str]
    formats: Formats
    epoch: datetime

    def read(self, kind: str, style: int, value: str | None, formula: str | None) -> Shown:
        """Read one cell.

        Args:
            kind: the type that the file gives, such as `s` or `n` (ECMA-376 part 1, 18.18.11).
            style: the index of the cell's format.
            value: as it is stored, None where nothing is.
            formula: without its equals sign, None where there is none.
        """
        if formula is None:
            if value is None:
                return "", None
            read = self._read_text if kind in _TEXTS else self._read_value
            text, found = read(kind, style, value)
        elif not value and kind != "str":  # a formula may well result in no text
            text, found = f"={formula}", CellKind.NO_RESULT
        else:
            text, found = self._read_value(kind, style, value or "")
            if found in _USABLE:
                found = CellKind.TOTAL if _TOTAL.fullmatch(formula) else CellKind.FORMULA
        return cut_text(text, found) if len(text) > CELL_CHARACTERS else (text, found)

    def _read_value(self, kind: str, style: int, value: str) -> Shown:
        match kind:
            case "s" | "str" | "inlineStr":
                return self._read_text(kind, style, value)
            case "n":
                return self._read_number(style, value) if value else ("", None)
            case "b":
                word = value.strip().casefold()
                return (_BOOLEANS[word], CellKind.BOOLEAN) if word in _BOOLEANS else (value.strip(), CellKind.DAMAGED)
            case "e":
                return value, CellKind.EXCEL_ERROR
            case "d":
                return value, CellKind.DATE
        return value, CellKind.DAMAGED

    def _read_text(self, kind: str, style: int, value: str) -> Shown:
        if kind == "s":
            index = read_index(value)
            if index is None or index >= len(self.strings):
                return value, CellKind.DAMAGED if value.strip() else None
            text = self.strings[index]
        else:
            text = read_text(value) if kind == "str" else value
        if style not in self.formats.of_texts:  # as nearly all
            return text, None
        shown_as = self.formats.of_style(style)
        shown = shown_as.show_text(text) if shown_as else text
        return (text, CellKind.HIDDEN) if shown is None else (shown, None)

    def _read_number(self, style: int, value: str) -> Shown:
        shown_as = self.formats.of_style(style)
        if shown_as is GENERAL and len(value) <= _DIGITS and value.isdecimal() and value.isascii() and value[0] != "0":
            return value, CellKind.NUMBER
        number = _read_decimal(value)
        if shown_as is None or number is None:
            return value, CellKind.DAMAGED
        section, has_minus = shown_as.section(number)
        if section.kind is not None:
            return self._read_other(section, number), section.kind
        if number != number.to_integral_value():
            return f"{number:f}", CellKind.FRACTION if shown_as is GENERAL else CellKind.ROUNDED
        if abs(number) >= _TOO_LONG:
            return f"{number:f}", CellKind.LONG_NUMBER
        return _show(int(number), section, has_minus=has_minus)

    def _read_other(self, section: Section, number: Decimal) -> str:
        """The text of a number that is shown as something else."""
        match section.kind:
            case CellKind.PERCENTAGE:
                return f"{(number * 100).normalize():f}%"
            case CellKind.DATE | CellKind.TIME:
                return self._read_date(section, float(number))
        return f"{number:f}" if section.words is None else section.words

    def _read_date(self, section: Section, number: float) -> str:
        try:
            when = from_excel(number, self.epoch, timedelta=section.is_duration)
            return str(when).removesuffix(" 00:00:00")
        except (OverflowError, ValueError):  # no such day: Excel shows ####
            return f"{number:g}"


def _show(number: int, section: Section, *, has_minus: bool) -> Shown:
    """A whole number as its section shows it."""
    if section.mask is None:
        return str(number), CellKind.NUMBER if number or section.shows_zero else CellKind.HIDDEN
    text = section.mask.fill(str(abs(number)) if number else "").strip()
    if not text:
        return str(number), CellKind.HIDDEN
    return f"-{text}" if has_minus else text, CellKind.PADDED


def _read_decimal(stored: str) -> Decimal | None:
    """A number with the digits that Excel shows; None where it is none, or endless."""
    if not _NUMBER.fullmatch(stored):
        return None
    # Excel shows at most 15 digits; the 17 that it stores tell 1001 from 1000.9999999999999.
    number = Decimal(f"{float(stored):.{_DIGITS}g}")
    return number if number.is_finite() else None


def read_index(stored: str) -> int | None:
    """A number that counts from zero, such as one of a shared string; None where it is none."""
    if stored.isdecimal() and stored.isascii() and len(stored) <= _INDEX_DIGITS:  # as nearly all
        return int(stored)
    found = _INDEX.fullmatch(stored)
    return int(found[1]) if found else None


def cut_text(text: str, kind: CellKind | None) -> Shown:
    """Cut a text that is too long for a cell, and say so unless the cell cannot be used anyway."""
    return text[:CELL_CHARACTERS], CellKind.TOO_LONG if kind in _CUT else kind


def join_text(pieces: Sequence[str]) -> str:
    """Join the pieces of a cell's text; of a text that is too long for a cell, no more than shows that."""
    if len(pieces) == 1:  # as in nearly all
        text = pieces[0]
        if "_x" not in text and len(text) <= CELL_CHARACTERS:
            return text
    else:
        ends = accumulate(map(len, pieces))
        needed = (piece for piece, end in zip(pieces, ends, strict=True) if end - len(piece) <= _LONGEST_STORED)
        text = "".join(needed)
    return read_text(text[:_LONGEST_STORED])[: CELL_CHARACTERS + 1]


def read_text(stored: str) -> str:
    """Undo the escapes of characters that XML cannot hold (_x000D_); what stays half a character is replaced."""
    if "_x" not in stored:  # as in nearly all
        return stored
    text = unescape(stored)
    if _SURROGATE.search(text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
