"""Parses format codes such as 0000 or dd/mm/yyyy."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from bulkvm.model.sheet import CellKind
from bulkvm.readers.date_mask import date_mask
from bulkvm.readers.number_format import NOT_PLAIN_DIGITS, Mask, NumberFormat, Section, TextSection
from bulkvm.readers.xml_parts import read_index

# Dates in Chinese, Japanese, Korean and Thai Excel (ECMA-376 part 1, 18.8.30), which openpyxl does not list.
_ASIAN_DATES: Final = frozenset({*range(27, 37), *range(50, 59), *range(71, 82)})
_DATES_OF_COMPUTER: Final = frozenset({14, 22})  # in the short form of its settings, whatever the code
_ASIAN_NUMBERS: Final = frozenset(range(59, 71))
_USUAL: Final = {0: "General", 1: "0", 49: "@"}  # of the built-in formats
_SECTION_END: Final = re.compile(r'("[^"]*"|\\.|[_*].|\[[^\]]*\])|;', re.DOTALL)
_MAX_SECTIONS: Final = 4  # positive numbers, negative ones, zero, text
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<gap>.)|\*(?P<fill>.)'
    r"|\[\$[^\]-]*-(?P<system>F[48]00)\]|\[\$[^\]-]*-(?P<native>0*[1-9A-F][0-9A-F]?)[0-9A-F]{6}\]"
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

GENERAL: Final = NumberFormat(is_plain=True)
_WHOLE: Final = NumberFormat(is_plain=True)  # unlike GENERAL, it shows no decimals
_BAD: Final = NumberFormat((Section(CellKind.BAD_FORMAT),))
_UNKNOWN: Final = NumberFormat((NOT_PLAIN_DIGITS,), texts=TextSection(kind=CellKind.SHOWN_OTHERWISE))
_PLAIN: Final = {"": GENERAL, "general": GENERAL, "@": GENERAL, "0": _WHOLE}
_NOT_ASCII_DIGITS: Final = frozenset({"exponent", "numerals", "native", "other", "text"})
_INCOMPLETE: Final = frozenset("*_")  # without the character that belongs to them
_OF_DATES: Final = frozenset({"date", "duration", "noon", "system"})


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
    if format_id in _ASIAN_DATES or format_id in _DATES_OF_COMPUTER:
        return NumberFormat((Section(CellKind.DATE),))
    if format_id in _ASIAN_NUMBERS:
        return NumberFormat((NOT_PLAIN_DIGITS,))
    if format_id in _USUAL:
        return parse_format(_USUAL[format_id])
    from openpyxl.styles.numbers import BUILTIN_FORMATS  # noqa: PLC0415  (slow to import, and rarely needed)

    return parse_format(BUILTIN_FORMATS.get(format_id, "General"))


@lru_cache(maxsize=1024)
def parse_format(code: str) -> NumberFormat:
    """Parse a format code such as 0000 or dd/mm/yyyy."""
    if plain := _PLAIN.get(code.casefold()):
        return plain
    sections = [list(_TOKEN.finditer(section)) for section in _split(code)]
    if len(sections) > _MAX_SECTIONS or any(map(_has_text, sections[:-1])) or any(map(_is_invalid, sections)):
        return _UNKNOWN
    texts = TextSection()
    if len(sections) == _MAX_SECTIONS or _has_text(sections[-1]):
        last = sections.pop()
        if any(token["condition"] for token in last):
            return _UNKNOWN
        texts = _text_section(last)
    if not sections:
        adds_digits = any(map(str.isdigit, "".join(texts.affixes))) or any(token["native"] for token in last)
        is_plain = texts.kind is None and not adds_digits
        return NumberFormat((Section() if is_plain else NOT_PLAIN_DIGITS,), texts=texts)
    read = tuple(map(_section, sections))
    try:
        return NumberFormat(read, _conditions(sections), texts)
    except ValueError:
        return _UNKNOWN


def _has_text(tokens: Sequence[re.Match[str]]) -> bool:
    return any(token.lastgroup == "text" for token in tokens)


def _is_invalid(tokens: Sequence[re.Match[str]]) -> bool:
    """Whether Excel does not accept a section, or may not: programs then differ in how they show the other sections."""
    names = [token.lastgroup for token in tokens]
    if names.count("fill") > 1 or any(token["literal"] in _INCOMPLETE for token in tokens):
        return True
    if _OF_DATES.isdisjoint(names):
        return any(token["other"] == "/" for token in tokens)
    # Among dates, digits are only fractions of a second.
    digits = [place for place, name in enumerate(names) if name == "digit"]
    return any(len(tokens[place][0]) > 1 for place in digits) or bool(digits and "point" not in names[: digits[0]])


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


def _text_section(tokens: Sequence[re.Match[str]]) -> TextSection:
    """Parse the section for text: its literals, split where the text goes."""
    pieces = [""]
    for token in tokens:
        match token.lastgroup:
            case "text":
                pieces.append("")
            case "quoted" | "escaped" | "currency" | "literal":
                pieces[-1] += token[token.lastgroup]
            case "gap":
                pieces[-1] += " "
            case "fill" | "native" | None:
                pass
            case _:  # digits and dates do not apply to text, and programs differ in what they show
                is_general = len(tokens) == 1 and len(token[0]) > 1
                return TextSection(kind=None if is_general else CellKind.SHOWN_OTHERWISE)
    is_shown = "".join(pieces).strip() or len(pieces) > 1
    return TextSection(tuple(pieces), None if is_shown else CellKind.HIDDEN)


def _section(tokens: Sequence[re.Match[str]]) -> Section:
    """Parse the section for numbers of one sign."""
    groups = {token.lastgroup for token in tokens}
    if groups & _OF_DATES:
        letters = {token[0].lower() for token in tokens if token.lastgroup == "date"}
        is_time = "duration" in groups or bool(letters & set("hs") and not letters & set("dyegb"))
        kind = CellKind.TIME if is_time else CellKind.DATE
        return Section(kind, is_duration="duration" in groups, date_mask=date_mask(tokens))
    if "percent" in groups:
        return Section(CellKind.PERCENTAGE)
    if groups & _NOT_ASCII_DIGITS or any((token["fill"] or "").isdigit() for token in tokens):
        return NOT_PLAIN_DIGITS
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
                    return NOT_PLAIN_DIGITS
                mask.extend((False, character) for character in literal)
            case "point" | "group" if in_decimals or after_group or not any(is_digit for is_digit, _ in mask):
                return NOT_PLAIN_DIGITS
            case "point":
                in_decimals = True
            case "group":  # a thousands separator between digits; after the last digit, it divides by 1000
                after_group = True
    if after_group:
        return NOT_PLAIN_DIGITS
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
    if pads:
        return Section(mask=Mask(tuple(mask), len(places)), shows_zero=shows_zero)
    has_words = any(not is_digit and not character.isspace() for is_digit, character in mask)
    return Section(shows_zero=shows_zero, has_words=has_words)
