"""Number formats: what they make of a number that is shown."""

import re
from dataclasses import dataclass
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

Mask = tuple[tuple[bool, str], ...]


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a cell shows its number.

    `kind` is DATE, TIME, PERCENTAGE, or None for plain numbers. `masks` show whole numbers padded (positive, negative,
    zero): each a row of characters and whether a digit takes its place; None where the digits are shown as they are.
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
        return sign + _fill(mask, str(abs(number)))


GENERAL: Final = NumberFormat()


def format_of(format_id: int, codes: dict[int, str]) -> NumberFormat:
    """The format with a workbook's own code, or a built-in one."""
    if format_id in codes:
        return parse_format(codes[format_id])
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
    return tuple(mask) if places and pads else None


def _fill(mask: Mask, digits: str) -> str:
    """Put digits into a mask from the right; the first place takes all that are left."""
    places = sum(is_digit for is_digit, _ in mask)
    left = digits.rjust(places, "\0")
    first, rest = left[: len(left) - places + 1], iter(left[len(left) - places + 1 :])
    shown = []
    for is_digit, character in mask:
        if not is_digit:
            shown.append(character)
            continue
        taken, first = (first, "") if first else (next(rest), "")
        shown.append({"0": "0", "?": " ", "#": ""}[character] if taken == "\0" else taken)
    return "".join(shown)
