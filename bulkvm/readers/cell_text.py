"""Cell values of a workbook as the text that a spreadsheet program shows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final

from bulkvm.model.sheet import CellKind
from bulkvm.readers.date_mask import DateMask, rounded
from bulkvm.readers.format_codes import GENERAL, Formats
from bulkvm.readers.number_format import Section
from bulkvm.readers.read_limits import CELL_CHARACTERS
from bulkvm.readers.xml_parts import INDEX_DIGITS, read_index

_DIGITS: Final = 15  # all that Excel keeps of a number
_GENERAL_CHARACTERS: Final = 11  # longer fractions are rounded in the format General
_TOO_LONG: Final = Decimal(10) ** _DIGITS
# The longest stored text: a character takes up to two escapes (_xD83D_), and one extra shows that it is too long.
_LONGEST_STORED: Final = 2 * len("_xD83D_") * (CELL_CHARACTERS + 1)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HAS_USABLE_TEXT: Final = frozenset({None, CellKind.NUMBER, CellKind.PADDED, CellKind.BOOLEAN})
_TEXT_TYPES: Final = frozenset({"s", "str", "inlineStr"})
_CAN_BE_TOO_LONG: Final = frozenset({None, CellKind.FORMULA})

# As XML Schema defines them, ignoring case: other programs write words.
_BOOLEANS: Final = {"0": "FALSE", "false": "FALSE", "1": "TRUE", "true": "TRUE", "": ""}
_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)
# An aggregate of several rows. A running number such as MAX(A$2:A2)+1 is not one.
_TOTAL: Final = re.compile(
    r"\s*\+?(?:_xl[a-z]+\.)*(?:SUM|COUNT|AVERAGE|SUBTOTAL|AGGREGATE|MAX|MIN|MEDIAN|PRODUCT|ROWS|DCOUNT|DSUM)[A-Z]*"
    r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*",
    re.IGNORECASE,
)

_RANDOM: Final = re.compile(r"\b(?:RAND(?:BETWEEN|ARRAY)?|NOW|TODAY)\s*\(", re.IGNORECASE)
_NAME: Final = re.compile(r"[\w.\\]+")

TextAndKind = tuple[str, CellKind | None]


@dataclass(frozen=True, slots=True)
class CellText:
    """Formats cell values with a workbook's shared strings, number formats and date epoch.

    `struck_styles` and `struck_strings` are the indexes of those that are struck through, at least in part, and
    `white_styles` of those with white text on white. `white_strings` are white at least in part, and
    `filled_styles` have another background. Of `partly_struck_strings`, only some is struck through.
    `repeating_styles` repeat the text over the width of the cell.
    `wrapped_styles` are known for plans only. `random_names` are the names of formulas with random numbers, folded, and
    `names` the ranges that others stand for.
    """

    strings: Sequence[str]
    formats: Formats
    epoch: datetime
    struck_styles: frozenset[str] = frozenset()
    struck_strings: frozenset[int] = frozenset()
    white_styles: frozenset[str] = frozenset()
    white_strings: frozenset[int] = frozenset()
    filled_styles: frozenset[str] = frozenset()
    partly_struck_strings: frozenset[int] = frozenset()
    wrapped_styles: frozenset[str] = frozenset()
    random_names: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    repeating_styles: frozenset[str] = frozenset()

    def is_struck(self, kind: str, style: str, value: str | None) -> bool:
        """Return whether a cell is struck through by its style or its shared string."""
        if style in self.struck_styles:
            return True
        return kind == "s" and bool(self.struck_strings) and read_index(value or "") in self.struck_strings

    def is_partly_struck(self, kind: str, value: str | None) -> bool:
        """Return whether a cell has a shared string of which only some is struck through."""
        return kind == "s" and read_index(value or "") in self.partly_struck_strings

    def is_white(self, kind: str, style: str, value: str | None, *, has_white_run: bool) -> bool:
        """Return whether a cell has white text on white, by its style, its shared string or a run in it."""
        if style in self.white_styles:
            return True
        if kind == "s" and self.white_strings:
            has_white_run = read_index(value or "") in self.white_strings
        return has_white_run and style not in self.filled_styles

    def read(self, kind: str, style: str, value: str | None, formula: str | None) -> TextAndKind:
        """Return the text of a cell, and its kind if it is not plain text.

        Args:
            kind: the cell type in the file, such as `s` or `n` (ECMA-376 part 1, 18.18.11).
            style: the index of the cell's style, as stored.
            value: the stored value, or None.
            formula: the formula without its equals sign, or None.
        """
        if formula is None:
            if value is None:
                return "", None
            if kind == "s" and len(value) <= INDEX_DIGITS and value.isdecimal() and value.isascii():  # most cells
                index = int(value)
                if index < len(self.strings) and not self.formats.text_styles:
                    text = self.strings[index]
                    return (text, None) if len(text) <= CELL_CHARACTERS else truncate_text(text, None)
            read = self._read_text if kind in _TEXT_TYPES else self._read_value
            text, found = read(kind, style, value)
        elif not value and kind != "str":  # a formula can return empty text
            text, found = f"={formula}", CellKind.NO_RESULT
        else:
            text, found = self._read_value(kind, style, value or "")
            kind_of_formula = self._kind_of_formula(formula)
            is_affixed = found is CellKind.AFFIXED and kind_of_formula is not CellKind.FORMULA
            found = kind_of_formula if is_affixed or found in _HAS_USABLE_TEXT else found
        return truncate_text(text, found) if len(text) > CELL_CHARACTERS else (text, found)

    def is_random(self, formula: str) -> bool:
        """Return whether a formula, by itself or by a name in it, gives another result each time."""
        names = self.random_names
        return is_random(formula) or bool(names and not names.isdisjoint(_NAME.findall(formula.casefold())))

    def _kind_of_formula(self, formula: str) -> CellKind:
        if self.is_random(formula):
            return CellKind.RANDOM
        return CellKind.TOTAL if _is_total(formula) else CellKind.FORMULA

    def _read_value(self, kind: str, style: str, value: str) -> TextAndKind:
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

    def _read_text(self, kind: str, style: str, value: str) -> TextAndKind:
        if kind == "s":
            index = read_index(value)
            if index is None or index >= len(self.strings):
                return value, CellKind.DAMAGED if value.strip() else None
            text = self.strings[index]
        else:
            text = unescape_text(value) if kind == "str" else value
        text_styles = self.formats.text_styles
        if not text_styles or read_index(style) not in text_styles:  # most cells
            return text, None
        number_format = self.formats.for_style(style)
        return (number_format.texts.show(text), number_format.texts.kind) if number_format else (text, None)

    def _read_number(self, style: str, value: str) -> TextAndKind:
        number_format = self.formats.for_style(style)
        if (
            number_format is not None
            and number_format.is_plain
            and len(value) <= _DIGITS
            and value.isdecimal()
            and value.isascii()
            and value[0] != "0"
        ):
            return value, CellKind.NUMBER
        number = _read_decimal(value)
        if number_format is None or number is None:
            return value, CellKind.DAMAGED
        section, has_minus = number_format.section(number)
        if section.kind is not None:
            return self._read_other(section, number), section.kind
        if number != number.to_integral_value():
            text = f"{number:f}"
            is_whole_shown = number_format is GENERAL and len(text) <= _GENERAL_CHARACTERS
            return text, CellKind.FRACTION if is_whole_shown else CellKind.ROUNDED
        if abs(number) >= _TOO_LONG:
            return f"{number:f}", CellKind.LONG_NUMBER
        return _show(int(number), section, has_minus=has_minus)

    def _read_other(self, section: Section, number: Decimal) -> str:
        """Return the text of a number whose format shows no plain digits."""
        match section.kind:
            case CellKind.PERCENTAGE:
                return f"{(number * 100).normalize():f}%"
            case CellKind.DATE | CellKind.TIME:
                return self._read_date(section, float(number))
        return f"{number:f}" if section.literal is None else section.literal

    def _read_date(self, section: Section, number: float) -> str:
        from openpyxl.utils.datetime import from_excel  # noqa: PLC0415  (slow to import, and rarely needed)

        try:
            when = from_excel(number, self.epoch, timedelta=section.is_duration)
            return _show_date(when, section.date_mask) or str(when).removesuffix(" 00:00:00")
        except (OverflowError, ValueError):  # no such date: Excel shows ####
            return f"{number:g}"


def is_random(formula: str) -> bool:
    """Return whether a formula gives another result each time the file is opened."""
    return _RANDOM.search(formula) is not None


def _is_total(formula: str) -> bool:
    return (":" in formula or "[" in formula) and _TOTAL.fullmatch(formula) is not None


def _show_date(when: datetime | time | timedelta, mask: DateMask | None) -> str:
    """Format a date or time as its format shows it; blank if that is not certain."""
    if mask is None or isinstance(when, timedelta) or (isinstance(when, time) and mask.has_date):
        return ""
    return mask.show(rounded(when if isinstance(when, datetime) else datetime.combine(date.min, when)))


def _show(number: int, section: Section, *, has_minus: bool) -> TextAndKind:
    """Format a whole number with its section."""
    if section.mask is None:
        if not number and not section.shows_zero:
            return str(number), CellKind.HIDDEN
        return str(number), CellKind.AFFIXED if section.has_words else CellKind.NUMBER
    text = section.mask.fill(str(abs(number)) if number else "").strip()
    if not text:
        return str(number), CellKind.HIDDEN
    return f"-{text}" if has_minus else text, CellKind.PADDED


def _read_decimal(stored: str) -> Decimal | None:
    """Parse a number with the digits that Excel shows; None if Excel has no such number."""
    if not _NUMBER.fullmatch(stored):
        return None
    # Excel shows at most 15 of the 17 digits that it stores: 1000.9999999999999 is 1001.
    number = Decimal(f"{float(stored):.{_DIGITS}g}")
    is_too_small = not number and Decimal(stored.strip())  # for the numbers of Excel
    return None if is_too_small or not number.is_finite() else number


def truncate_text(text: str, kind: CellKind | None) -> TextAndKind:
    """Truncate text that is too long for a cell, and mark it as TOO_LONG unless it has another error kind."""
    return text[:CELL_CHARACTERS], CellKind.TOO_LONG if kind in _CAN_BE_TOO_LONG else kind


def join_text_runs(runs: Sequence[str]) -> str:
    """Join the runs of a cell's text. Text that is too long for a cell is cut one character above the limit."""
    if len(runs) == 1:  # most cells
        text = runs[0]
        if "_x" not in text and len(text) <= CELL_CHARACTERS:
            return text
    else:
        ends = accumulate(map(len, runs))
        needed = (run for run, end in zip(runs, ends, strict=True) if end - len(run) <= _LONGEST_STORED)
        text = "".join(needed)
    return unescape_text(text[:_LONGEST_STORED])[: CELL_CHARACTERS + 1]


def unescape_text(stored: str) -> str:
    """Decode escaped characters that XML cannot hold (_x000D_), and replace lone surrogates."""
    if "_x" not in stored:  # most cells
        return stored
    from openpyxl.utils.escape import unescape  # noqa: PLC0415  (slow to import, and rarely needed)

    text = unescape(stored)
    if _SURROGATE.search(text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
