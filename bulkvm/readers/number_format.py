"""Number formats: what they make of a number that is shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from bulkvm.sheet import CellKind

# Dates of Chinese, Japanese and Korean Excel (ECMA-376 part 1, 18.8.30), which openpyxl's table leaves out.
_EAST_ASIAN_DATES: Final = frozenset({*range(27, 37), *range(50, 59)})
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|[_*].', re.DOTALL)
_SECTION_END: Final = re.compile(r'("[^"]*"|\\.|[_*].)|;', re.DOTALL)
_IN_BRACKETS: Final = re.compile(r"\[[^\]]*\]")
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|[_*].|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[[^\]]*\]'
    r"|(?P<digit>General|[0#?])|(?P<literal>[-+() :$'!~{}])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)


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
class NumberFormat:
    """How a cell shows its number.

    `kind` is DATE, TIME, PERCENTAGE, or None for plain numbers. `masks` show whole numbers padded (positive, negative,
    zero); None where the digits are shown as they are.
    """

    kind: CellKind | None = None
    is_duration: bool = False
    masks: tuple[Mask | None, ...] = ()

    def pad(self, number: int) -> str | None:
        """What is shown of a whole number, where zeros or signs are put to its digits."""
        section = 1 if number < 0 else 2 if number == 0 else 0
        own = section < len(self.masks)
        mask = self.masks[section if own else 0] if self.masks else None
        if mask is None:
            return None
        sign = "-" if number < 0 and not own else ""
        return sign + mask.fill(str(abs(number)))


GENERAL: Final = NumberFormat()
_BAD: Final = NumberFormat(CellKind.BAD_FORMAT)


class Formats:
    """The number formats of a workbook's styles, each parsed when a cell first has it.

    `ids` gives the format of each style, `codes` a workbook's own code for some of them, None where it is too long.
    """

    def __init__(self, ids: Sequence[int] = (), codes: Mapping[int, str | None] | None = None) -> None:
        self._ids = ids
        self._codes = codes or {}
        self._known: dict[int, NumberFormat] = {}

    def of_style(self, style: int) -> NumberFormat:
        """The format of a style, by the index that cells give.

        Raises:
            ValueError: there is no such style.
        """
        if not self._ids:
            return GENERAL
        known = self._known.get(style)
        if known is None:
            if not 0 <= style < len(self._ids):
                raise ValueError(style)
            known = self._known[style] = format_of(self._ids[style], self._codes)
        return known


def format_of(format_id: int, codes: Mapping[int, str | None]) -> NumberFormat:
    """The format with a workbook's own code, or a built-in one."""
    if format_id in codes:
        code = codes[format_id]
        return _BAD if code is None else parse_format(code)
    if format_id in _EAST_ASIAN_DATES:
        return NumberFormat(CellKind.DATE)
    return parse_format(BUILTIN_FORMATS.get(format_id, "General"))


@lru_cache(maxsize=1024)
def parse_format(code: str) -> NumberFormat:
    """Read a format code such as 0000 or dd/mm/yyyy."""
    plain = _LITERAL.sub("", code)
    if any(condition in plain for condition in ("[<", "[>", "[=")):
        return GENERAL
    if is_timedelta_format(code):
        return NumberFormat(CellKind.TIME, is_duration=True)
    if is_date_format(code):
        letters = frozenset(_IN_BRACKETS.sub("", plain.split(";")[0]).lower())
        return NumberFormat(CellKind.TIME if letters & set("hs") and not letters & set("dy") else CellKind.DATE)
    if "%" in plain:
        return NumberFormat(CellKind.PERCENTAGE)
    return NumberFormat(masks=tuple(map(_mask, _sections(code)[:3])))


def _sections(code: str) -> list[str]:
    """Part a code at its semicolons, but for those in a literal."""
    return _SECTION_END.sub(lambda end: end[1] or "\0", code).split("\0")


def _mask(section: str) -> Mask | None:
    """Read one section; None where it does not pad, or shows more than whole numbers."""
    mask: list[tuple[bool, str]] = []
    for token in _TOKEN.finditer(section):
        match token.lastgroup:
            case "digit":
                mask.append((True, "0" if len(token[0]) > 1 else token[0]))
            case "quoted" | "escaped" | "currency" | "literal":
                mask.extend((False, character) for character in token[token.lastgroup])
            case "other":
                return None
    places = "".join(character for is_digit, character in mask if is_digit)
    pads = places.count("0") > 1 or any(character.isdigit() for is_digit, character in mask if not is_digit)
    return Mask(tuple(mask), len(places)) if places and pads else None
