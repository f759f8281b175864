"""From what a workbook stores in a cell to the text that a careful person reads there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape

from bulkvm.readers.number_format import GENERAL, NumberFormat
from bulkvm.sheet import CellKind

_DIGITS: Final = 15  # all that Excel keeps of a number
_TOO_LONG: Final = Decimal(10) ** _DIGITS
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_USABLE: Final = frozenset({None, CellKind.NUMBER, CellKind.PADDED, CellKind.BOOLEAN})

Shown = tuple[str, CellKind | None]


@dataclass(frozen=True, slots=True)
class CellText:
    """Reads cells by a workbook's own strings, number formats and first day."""

    strings: Sequence[str]
    formats: Sequence[NumberFormat]
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
            return self._read_value(kind, style, value) if value is not None else ("", None)
        if not value and kind != "str":  # a formula may well result in no text
            return f"={formula}", CellKind.NO_RESULT
        text, found = self._read_value(kind, style, value or "")
        return text, CellKind.FORMULA if found in _USABLE else found

    def _read_value(self, kind: str, style: int, value: str) -> Shown:
        match kind:
            case "s":
                return self.strings[int(value)], None
            case "str" | "inlineStr":
                return read_text(value), None
            case "n":
                return self._read_number(style, value) if value else ("", None)
            case "b":
                return ("FALSE" if value == "0" else "TRUE"), CellKind.BOOLEAN
            case "e":
                return value, CellKind.EXCEL_ERROR
            case "d":
                return value, CellKind.DATE
        raise ValueError(kind)

    def _read_number(self, style: int, value: str) -> Shown:
        shown_as = self.formats[style] if self.formats else GENERAL
        if shown_as is GENERAL and len(value) <= _DIGITS and value.isdecimal() and value[0] != "0":
            return value, CellKind.NUMBER
        # Excel shows at most 15 digits; the 17 that it stores tell 1001 from 1000.9999999999999.
        number = Decimal(f"{float(value):.{_DIGITS}g}")
        if not number.is_finite():
            raise ValueError(value)
        if shown_as.kind is CellKind.PERCENTAGE:
            return f"{(number * 100).normalize():f}%", shown_as.kind
        if shown_as.kind is not None:
            return self._read_date(shown_as, float(number)), shown_as.kind
        if number != number.to_integral_value():
            return f"{number:f}", CellKind.FRACTION
        if abs(number) >= _TOO_LONG:
            return f"{number:f}", CellKind.LONG_NUMBER
        padded = shown_as.pad(int(number))
        return (str(int(number)), CellKind.NUMBER) if padded is None else (padded, CellKind.PADDED)

    def _read_date(self, shown_as: NumberFormat, number: float) -> str:
        try:
            when = from_excel(number, self.epoch, timedelta=shown_as.is_duration)
            return str(when).removesuffix(" 00:00:00")
        except (OverflowError, ValueError):  # no such day: Excel shows ####
            return f"{number:g}"


def read_text(stored: str) -> str:
    """Undo the escapes of characters that XML cannot hold (_x000D_); what stays half a character is replaced."""
    if "_x" not in stored:  # as in nearly all
        return stored
    text = unescape(stored)
    if _SURROGATE.search(text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
