"""Invisible characters in cells, and the part of a cell that a message may show."""

import re
import unicodedata
from typing import Final

from bulkvm.text import escape_quotes

# Zero-width characters, direction marks and the like, which str.strip keeps.
_INVISIBLE: Final = "".join(
    chr(code)
    for code in (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
)
_SPACES: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
# Characters around a value that are not part of it.
STRIP_CHARS: Final = _SPACES + _INVISIBLE

# What a spreadsheet shows for digits that it converted.
_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_CHANGED: Final = re.compile(
    rf"{_DAY}([./-]){_DAY}\1[0-9]{{2,4}}|[0-9]{{4}}([./-]){_DAY}\2{_DAY}|[0-9]+:[0-9]{{2}}(?::[0-9]{{2}})?(?: ?[AP]M)?"
    r"|[0-9.,]+\s?%|#.*"
)

_SHOWN: Final = 40
# Digits of any script, superscript and circled ones too; six or more of them also with separators.
_DIGIT: Final = r"[\d\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089\u2460-\u2468]"
_MAY_BE_PIN: Final = re.compile(rf"{_DIGIT}(?:[\W_]{{0,3}}{_DIGIT}){{5,}}|{_DIGIT}{{4,}}")


def is_changed_by_spreadsheet(text: str) -> bool:
    """Whether a text is a date, a time, a percentage or an error (#N/A), as a spreadsheet writes into a CSV file."""
    return bool(_CHANGED.fullmatch(text))


def shown(text: str) -> str:
    """Shorten a text for a message, without digits that may be a PIN in the wrong column."""
    return shown_number(_MAY_BE_PIN.sub("…", text))


def may_hold_pin(text: str) -> bool:
    """Whether a text has digits that may be a PIN, which `shown` leaves out."""
    return bool(_MAY_BE_PIN.search(text))


def shown_number(text: str) -> str:
    """Shorten a text for a message, with its digits, and escape its quotes."""
    text = " ".join(text.split())
    return escape_quotes(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def to_ascii_digits(text: str) -> str:
    """Replace the digits of other scripts by 0 to 9. Positions do not change."""
    return text if text.isascii() else "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)
