"""Characters that cannot be seen, by their Unicode properties."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

# Control and format characters, and line and paragraph separators.
_CATEGORIES: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
_LINE: Final = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x85")  # white space
# Unicode has no property for what looks blank, and Python none for what programs may ignore; their names show both.
_NAMES: Final = re.compile(
    r"FILLER\b|\bVARIATION SELECTOR\b|^KHMER VOWEL INHERENT|\bJOINER$|^BRAILLE PATTERN BLANK|^OBJECT REPLACEMENT|"
    r"\bNULL NOTEHEAD"
)
# Reserved for more characters that programs may ignore.
_RESERVED: Final = (range(0x2060, 0x2070), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
_FLAG: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")  # of a region, such as Scotland
_JOINERS: Final = frozenset("\u200c\u200d")


def find_invisible(text: str) -> list[str]:
    """The characters of a text that cannot be seen."""
    return [character for character in text if is_invisible(character)]


def find_stray_invisible(text: str) -> Iterator[str]:
    """Yield what cannot be seen, except control characters, and what changes the look of letters or emoji beside it."""
    for (before, character), (_, after) in pairwise(pairwise(f" {_FLAG.sub('', text)} ")):
        if not is_invisible(character) or unicodedata.category(character) == "Cc":
            continue
        if not _is_in_use(before, character, after):
            yield character


@lru_cache(maxsize=4096)
def is_invisible(character: str) -> bool:
    """Whether a character cannot be seen. White space can: as space."""
    if character.isascii():
        return character not in _LINE and not character.isprintable()
    if character in _LINE:
        return False
    category = unicodedata.category(character)
    if category == "Cn":
        return any(ord(character) in block for block in _RESERVED)
    return category in _CATEGORIES or (category != "Po" and bool(_NAMES.search(unicodedata.name(character, ""))))


def _is_in_use(before: str, character: str, after: str) -> bool:
    """Whether a character joins or separates letters, or chooses the look of a symbol, an emoji or a letter."""
    if character in _JOINERS:
        return not before.isascii() and not after.isascii()
    name = unicodedata.name(character, "")
    if name.startswith("VARIATION SELECTOR"):
        return unicodedata.category(before)[0] == "S" or unicodedata.name(before, "").startswith("CJK")
    return name.startswith("MONGOLIAN") and unicodedata.name(before, "").startswith("MONGOLIAN")
