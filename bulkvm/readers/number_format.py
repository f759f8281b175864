"""Number formats: how a workbook shows a number or text."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

from openpyxl.styles.numbers import BUILTIN_FORMATS

from bulkvm.model.sheet import CellKind
from bulkvm.readers.xml_parts import read_index

# Dates in Chinese, Japanese and Korean Excel (ECMA-376 part 1, 18.8.30), which openpyxl does not list.
_EAST_ASIAN_DATES: Final = frozenset({*range(27, 37), *range(50, 59)})
_SECTION_END: Final = re.compile(r'("[^"]*"|\\.|[_*].|\[[^\]]*\])|;', re.DOTALL)
_MAX_SECTIONS: Final = 4  # positive numbers, negative ones, zero, text
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<gap>.)|\*(?P<fill>.)'
    r"|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[(?P<duration>h+|m+|s+)\]|\[(?P<numerals>(?:DB|Nat)Num[^\]]*)\]"
    r"|\[(?P<condition>[<>=][^\]]*)\]|\[[^\]]*\]|(?P<exponent>E[+-])|(?P<noon>AM/PM|A/P)|(?P<digit>General|[0#?])"
    r"|(?P<point>[.])|(?P<group>,)|(?P<percent>%)|(?P<text>@)|(?P<date>[dmyhsegb])|(?P<other>[A-Za-z0-9/\"\[\\])"
    r"|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)")
_COMPARE: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mask:
    """A sequence of literals and digit placeholders."""

    characters: tuple[tuple[bool, str], ...]
    places: int
    _layouts: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    def fill(self, digits: str) -> str:
        """Fill digits into the placeholders from the right; the first placeholder takes all remaining digits."""
        filled = min(len(digits), self.places)
        layout = self._layouts.get(filled)
        if layout is None:
            layout = self._layouts[filled] = self._layout(self.places - filled)
        if not filled:
            return layout % ()
        surplus = len(digits) - filled
        return layout % (digits[: surplus + 1], *digits[surplus + 1 :])

    def _layout(self, empty: int) -> str:
        """Return the text with %s for each digit if this many placeholders from the left have none."""
        layout = []
        place = 0
        for is_digit, character in self.characters:
            if is_digit:
                layout.append("%s" if place >= empty else {"0": "0", "?": " ", "#": ""}[character])
                place += 1
            else:
                layout.append(character.replace("%", "%%"))
        return "".join(layout)


@dataclass(frozen=True, slots=True)
class Section:
    """How numbers of one sign are shown.

    `kind` is None if digits are shown. `mask` adds zeros or literals to the digits, if any. `literal` is the text that
    replaces the number, if any.
    """

    kind: CellKind | None = None
    is_duration: bool = False
    mask: Mask | None = None
    shows_zero: bool = True
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A parsed format: sections for positive numbers, negative numbers and zero, or with conditions.

    `affixes` is what is shown before and after text; None if text is hidden.
    """

    sections: tuple[Section, ...] = (Section(),)
    conditions: tuple[Callable[[Decimal], bool] | None, ...] = ()
    affixes: tuple[str, ...] | None = ("", "")

    def section(self, number: Decimal) -> tuple[Section, bool]:
        """Return the section for a number, and whether a minus sign is shown before it."""
        if self.conditions:
            for section, holds in zip(self.sections, self.conditions, strict=True):
                if holds is None or holds(number):
                    # Programs differ in whether they show the minus sign here.
                    return (section if number >= 0 or section.kind else _NOT_PLAIN_DIGITS), False
            return _NOT_PLAIN_DIGITS, False
        place = 1 if number < 0 else 2 if number == 0 else 0
        own = place < len(self.sections)
        return self.sections[place if own else 0], number < 0 and not own

    def show_text(self, text: str) -> str | None:
        """Return text as shown; None if it is hidden."""
        return None if self.affixes is None else text.join(self.affixes)


_NOT_PLAIN_DIGITS: Final = Section(CellKind.SHOWN_OTHERWISE)
GENERAL: Final = NumberFormat()
_BAD: Final = NumberFormat((Section(CellKind.BAD_FORMAT),))
_UNKNOWN: Final = NumberFormat((_NOT_PLAIN_DIGITS,))
_LIKE_GENERAL: Final = frozenset({"", "general", "@", "0"})


class Formats:
    """The number formats of a workbook's styles, parsed on first use.

    `ids` is the format of each style, `codes` the workbook's own format codes, None for one that is too long.
    `text_styles` are the styles that may show text other than stored.
    """

    def __init__(self, ids: Sequence[int] = (), codes: Mapping[int, str | None] | None = None) -> None:
        self._ids = ids
        self._codes = codes or {}
        self._known: dict[str, NumberFormat] = {}
        changing = {format_id for format_id, code in self._codes.items() if code and _may_change_text(code)}
        self.text_styles = frozenset(style for style, format_id in enumerate(ids) if format_id in changing)

    def for_style(self, style: str) -> NumberFormat | None:
        """Return the format for a cell's style index, as stored; None if there is no such style."""
        if not self._ids:
            return GENERAL
        known = self._known.get(style)
        if known is None:
            index = read_index(style)
            if index is None or index >= len(self._ids):
                return None
            known = self._known[style] = format_for_id(self._ids[index], self._codes)
        return known


def format_for_id(format_id: int, codes: Mapping[int, str | None]) -> NumberFormat:
    """Return the workbook's own format or the built-in one."""
    if format_id in codes:
        code = codes[format_id]
        return _BAD if code is None else parse_format(code)
    if format_id in _EAST_ASIAN_DATES:
        return NumberFormat((Section(CellKind.DATE),))
    return parse_format(BUILTIN_FORMATS.get(format_id, "General"))


@lru_cache(maxsize=1024)
def parse_format(code: str) -> NumberFormat:
    """Parse a format code such as 0000 or dd/mm/yyyy."""
    if code.casefold() in _LIKE_GENERAL:
        return GENERAL
    sections = [list(_TOKEN.finditer(section)) for section in _split(code)]
    if len(sections) > _MAX_SECTIONS:
        return _UNKNOWN
    affixes: tuple[str, ...] | None = ("", "")
    if len(sections) == _MAX_SECTIONS or any(token.lastgroup == "text" for token in sections[-1]):
        affixes = _affixes(sections.pop())
    if not sections:
        digits_added = affixes is None or any(map(str.isdigit, "".join(affixes)))
        return NumberFormat((_NOT_PLAIN_DIGITS if digits_added else Section(),), affixes=affixes)
    read = tuple(map(_section, sections))
    try:
        return NumberFormat(read, _conditions(sections), affixes)
    except ValueError:
        return _UNKNOWN


def _may_change_text(code: str) -> bool:
    return code != "@" and ("@" in code or code.count(";") >= _MAX_SECTIONS - 1)


def _split(code: str) -> list[str]:
    """Split a code at semicolons outside literals."""
    return _SECTION_END.sub(lambda end: end[1] or "\0", code).split("\0")


def _conditions(sections: Sequence[Sequence[re.Match[str]]]) -> tuple[Callable[[Decimal], bool] | None, ...]:
    """Return the condition of each section, None for the default one; empty if no section has a condition.

    Raises:
        ValueError: programs differ in how they apply these conditions.
    """
    written = [[token["condition"] for token in section if token["condition"]] for section in sections]
    if not any(written):
        return ()
    conditions = [_condition(found[0]) if found else None for found in written]
    *before, _ = conditions
    if not all(before) or conditions[0] is None or any(len(found) > 1 for found in written):
        raise ValueError(written)
    return tuple(conditions)


def _condition(written: str) -> Callable[[Decimal], bool]:
    found = _CONDITION.fullmatch(written)
    if not found:
        raise ValueError(written)
    compare, limit = _COMPARE[found[1]], Decimal(found[2])
    return lambda number: compare(number, limit)


def _affixes(tokens: Sequence[re.Match[str]]) -> tuple[str, ...] | None:
    """Return the literals of a text section, split where the text goes; None if nothing is shown."""
    pieces = [""]
    for token in tokens:
        match token.lastgroup:
            case "text":
                pieces.append("")
            case "quoted" | "escaped" | "currency" | "literal":
                pieces[-1] += token[token.lastgroup]
            case "gap":
                pieces[-1] += " "
            case "fill" | None:
                pass
            case _:  # digits and dates, which do not apply to text
                return "", ""
    return tuple(pieces) if "".join(pieces).strip() or len(pieces) > 1 else None


def _section(tokens: Sequence[re.Match[str]]) -> Section:
    """Parse the section for numbers of one sign."""
    groups = {token.lastgroup for token in tokens}
    if groups & {"date", "duration", "noon"}:
        letters = {token[0].lower() for token in tokens if token.lastgroup == "date"}
        is_time = "duration" in groups or bool(letters & set("hs") and not letters & set("dyegb"))
        return Section(CellKind.TIME if is_time else CellKind.DATE, is_duration="duration" in groups)
    if "percent" in groups:
        return Section(CellKind.PERCENTAGE)
    if groups & {"exponent", "numerals", "other", "text"} or any((token["fill"] or "").isdigit() for token in tokens):
        return _NOT_PLAIN_DIGITS
    return _digits(tokens)


def _digits(tokens: Sequence[re.Match[str]]) -> Section:
    """Parse a section of digits and literals; SHOWN_OTHERWISE if it shows another number than the stored one."""
    mask: list[tuple[bool, str]] = []
    in_decimals = after_group = False
    for token in tokens:
        name = token.lastgroup
        match name:
            case "digit" if not in_decimals:
                mask.append((True, "0" if len(token[0]) > 1 else token[0]))
                after_group = False
            case "quoted" | "escaped" | "currency" | "literal" | "gap":
                literal = " " if name == "gap" else token[name]
                if in_decimals and any(map(str.isdigit, literal)):
                    return _NOT_PLAIN_DIGITS
                mask.extend((False, character) for character in literal)
            case "point" | "group" if in_decimals or after_group or not any(is_digit for is_digit, _ in mask):
                return _NOT_PLAIN_DIGITS
            case "point":
                in_decimals = True
            case "group":  # a thousands separator between digits; after the last digit, it divides by 1000
                after_group = True
    if after_group:
        return _NOT_PLAIN_DIGITS
    return _section_of_mask(mask)


def _section_of_mask(mask: Sequence[tuple[bool, str]]) -> Section:
    places = [place for place, (is_digit, _) in enumerate(mask) if is_digit]
    if not places:
        literal = "".join(character for _, character in mask).strip()
        return Section(CellKind.SHOWN_OTHERWISE, literal=literal) if literal else Section(CellKind.HIDDEN)
    within = mask[places[0] : places[-1] + 1]
    pads = (
        any(not is_digit or character == "0" for is_digit, character in within[:-1])
        or any(character.isdigit() for is_digit, character in mask if not is_digit)
    )  # fmt: skip
    shows_zero = any(mask[place][1] == "0" for place in places)
    return Section(mask=Mask(tuple(mask), len(places)) if pads else None, shows_zero=shows_zero)
