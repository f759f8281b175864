"""Number formats: what they make of a number, or of a text, that is shown."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

from openpyxl.styles.numbers import BUILTIN_FORMATS

from bulkvm.model.sheet import CellKind

# Dates of Chinese, Japanese and Korean Excel (ECMA-376 part 1, 18.8.30), which openpyxl's table leaves out.
_EAST_ASIAN_DATES: Final = frozenset({*range(27, 37), *range(50, 59)})
_SECTION_END: Final = re.compile(r'("[^"]*"|\\.|[_*].|\[[^\]]*\])|;', re.DOTALL)
_MOST_SECTIONS: Final = 4  # positive numbers, negative ones, zero, text
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
    """A row of characters, and whether a digit takes the place of each."""

    characters: tuple[tuple[bool, str], ...]
    places: int
    _layouts: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    def fill(self, digits: str) -> str:
        """Put digits into the places from the right; the first place takes all that are left."""
        filled = min(len(digits), self.places)
        layout = self._layouts.get(filled)
        if layout is None:
            layout = self._layouts[filled] = self._layout(self.places - filled)
        if not filled:
            return layout % ()
        surplus = len(digits) - filled
        return layout % (digits[: surplus + 1], *digits[surplus + 1 :])

    def _layout(self, empty: int) -> str:
        """What is shown where so many places from the left are empty, with %s for each digit."""
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

    `kind` is what is shown, None for digits. `mask` puts zeros, words or signs to the digits; None where they are shown
    alone. `shows_zero` says whether a zero is seen. `words` are all that is shown where no digit is.
    """

    kind: CellKind | None = None
    is_duration: bool = False
    mask: Mask | None = None
    shows_zero: bool = True
    words: str | None = None


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a cell shows its number: by sections for positive numbers, negative ones and zero, or by conditions.

    `around` is what is put before and after a text; None where a text is not shown.
    """

    sections: tuple[Section, ...] = (Section(),)
    conditions: tuple[Callable[[Decimal], bool] | None, ...] = ()
    around: tuple[str, ...] | None = ("", "")

    def section(self, number: Decimal) -> tuple[Section, bool]:
        """The section that shows a number, and whether a minus sign is put before it."""
        if self.conditions:
            for section, holds in zip(self.sections, self.conditions, strict=True):
                if holds is None or holds(number):
                    # What becomes of the minus sign differs from program to program.
                    return (section if number >= 0 or section.kind else _OTHERWISE), False
            return _OTHERWISE, False
        place = 1 if number < 0 else 2 if number == 0 else 0
        own = place < len(self.sections)
        return self.sections[place if own else 0], number < 0 and not own

    def show_text(self, text: str) -> str | None:
        """What is shown of a text; None where nothing is."""
        return None if self.around is None else text.join(self.around)


_OTHERWISE: Final = Section(CellKind.SHOWN_OTHERWISE)
GENERAL: Final = NumberFormat()
_BAD: Final = NumberFormat((Section(CellKind.BAD_FORMAT),))
_UNKNOWN: Final = NumberFormat((_OTHERWISE,))
_LIKE_GENERAL: Final = frozenset({"", "general", "@", "0"})


class Formats:
    """The number formats of a workbook's styles, each parsed when a cell first has it.

    `ids` gives the format of each style, `codes` a workbook's own code for some of them, None where it is too long.
    `of_texts` are the styles that may show something else than a text that is in the cell.
    """

    def __init__(self, ids: Sequence[int] = (), codes: Mapping[int, str | None] | None = None) -> None:
        self._ids = ids
        self._codes = codes or {}
        self._known: dict[int, NumberFormat] = {}
        changing = {format_id for format_id, code in self._codes.items() if code and _may_change_text(code)}
        self.of_texts = frozenset(style for style, format_id in enumerate(ids) if format_id in changing)

    def of_style(self, style: int) -> NumberFormat | None:
        """The format of a style, by the index that cells give; None where there is no such style."""
        if not self._ids:
            return GENERAL
        known = self._known.get(style)
        if known is None:
            if not 0 <= style < len(self._ids):
                return None
            known = self._known[style] = format_of(self._ids[style], self._codes)
        return known


def format_of(format_id: int, codes: Mapping[int, str | None]) -> NumberFormat:
    """The format with a workbook's own code, or a built-in one."""
    if format_id in codes:
        code = codes[format_id]
        return _BAD if code is None else parse_format(code)
    if format_id in _EAST_ASIAN_DATES:
        return NumberFormat((Section(CellKind.DATE),))
    return parse_format(BUILTIN_FORMATS.get(format_id, "General"))


@lru_cache(maxsize=1024)
def parse_format(code: str) -> NumberFormat:
    """Read a format code such as 0000 or dd/mm/yyyy."""
    if code.casefold() in _LIKE_GENERAL:
        return GENERAL
    sections = [list(_TOKEN.finditer(section)) for section in _split(code)]
    if len(sections) > _MOST_SECTIONS:
        return _UNKNOWN
    around: tuple[str, ...] | None = ("", "")
    if len(sections) == _MOST_SECTIONS or any(token.lastgroup == "text" for token in sections[-1]):
        around = _around(sections.pop())
    if not sections:
        digits_added = around is None or any(map(str.isdigit, "".join(around)))
        return NumberFormat((_OTHERWISE if digits_added else Section(),), around=around)
    read = tuple(map(_section, sections))
    try:
        return NumberFormat(read, _conditions(sections), around)
    except ValueError:
        return _UNKNOWN


def _may_change_text(code: str) -> bool:
    return code != "@" and ("@" in code or code.count(";") >= _MOST_SECTIONS - 1)


def _split(code: str) -> list[str]:
    """Part a code at its semicolons, but for those in a literal."""
    return _SECTION_END.sub(lambda end: end[1] or "\0", code).split("\0")


def _conditions(sections: Sequence[Sequence[re.Match[str]]]) -> tuple[Callable[[Decimal], bool] | None, ...]:
    """The condition of each section, None for one that shows all other numbers; empty where no section has one.

    Raises:
        ValueError: programs differ in what such conditions mean.
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


def _around(tokens: Sequence[re.Match[str]]) -> tuple[str, ...] | None:
    """What a section puts around a text, which stands between each two of these; None where nothing is shown."""
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
            case _:  # digits and dates, of which no text is shown in
                return "", ""
    return tuple(pieces) if "".join(pieces).strip() or len(pieces) > 1 else None


def _section(tokens: Sequence[re.Match[str]]) -> Section:
    """Read the section for numbers of one sign."""
    groups = {token.lastgroup for token in tokens}
    if groups & {"date", "duration", "noon"}:
        letters = {token[0].lower() for token in tokens if token.lastgroup == "date"}
        is_time = "duration" in groups or bool(letters & set("hs") and not letters & set("dyegb"))
        return Section(CellKind.TIME if is_time else CellKind.DATE, is_duration="duration" in groups)
    if "percent" in groups:
        return Section(CellKind.PERCENTAGE)
    if groups & {"exponent", "numerals", "other", "text"} or any((token["fill"] or "").isdigit() for token in tokens):
        return _OTHERWISE
    return _digits(tokens)


def _digits(tokens: Sequence[re.Match[str]]) -> Section:
    """Read a section of digits and literals; SHOWN_OTHERWISE where it shows another number than there is."""
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
                    return _OTHERWISE
                mask.extend((False, character) for character in literal)
            case "point" | "group" if in_decimals or after_group or not any(is_digit for is_digit, _ in mask):
                return _OTHERWISE
            case "point":
                in_decimals = True
            case "group":  # between digits it parts thousands, after the last one it divides by them
                after_group = True
    if after_group:
        return _OTHERWISE
    return _shown(mask)


def _shown(mask: Sequence[tuple[bool, str]]) -> Section:
    places = [place for place, (is_digit, _) in enumerate(mask) if is_digit]
    if not places:
        words = "".join(character for _, character in mask).strip()
        return Section(CellKind.SHOWN_OTHERWISE, words=words) if words else Section(CellKind.HIDDEN)
    within = mask[places[0] : places[-1] + 1]
    pads = (
        any(not is_digit or character == "0" for is_digit, character in within[:-1])
        or any(character.isdigit() for is_digit, character in mask if not is_digit)
    )  # fmt: skip
    shows_zero = any(mask[place][1] == "0" for place in places)
    return Section(mask=Mask(tuple(mask), len(places)) if pads else None, shows_zero=shows_zero)
