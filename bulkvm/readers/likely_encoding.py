"""Suggests the encoding of a text that is neither UTF-8 nor, judged by its words, Windows-1252."""

import re
import unicodedata
from typing import Final

from bulkvm.text import truncate

_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]+")
_MOST_WORDS: Final = 500
_SHOWN: Final = 40  # characters of a word
# macOS, Western Europe with the euro sign, Central Europe, and DOS. What an earlier one cannot be, a later one may be.
_ENCODINGS: Final = ("mac_roman", "iso8859-15", "cp1250", "cp850", "cp437")
# Quotes, dashes and signs around a word, and an apostrophe in it.
_AROUND: Final = (
    "\u201c\u201d\u00ab\u00bb\u2018\u2019\u2013\u2014\u2026\u00b7\u2022\u20ac\u00a7\u00b0\u00a9\u00ae\u2122\u00a1"
    "\u00bf\u00a0"
)
_INSIDE: Final = "\u2019\u2018\u00b7"
_OPENING: Final = "\u201e"


def suggest_encoding(content: bytes, used: str) -> tuple[str, str] | None:
    """Suggest an encoding in which all words look right, with the first word in it; none if they do in the used one."""
    words = [word for word in dict.fromkeys(_WORD.findall(content)) if not word.isascii()][:_MOST_WORDS]
    odd = [word for word in words if not _looks_right(word, used)]
    if not odd:
        return None
    for encoding in _ENCODINGS:
        if all(_looks_right(word, encoding) for word in words):
            return encoding, truncate(odd[0].decode(encoding).strip(_AROUND), _SHOWN)
    return None


def _looks_right(stored: bytes, encoding: str) -> bool:
    """Whether a word has only Latin letters, and capitals only where words have them: neither JŸrgen nor MšLLER."""
    try:
        word = stored.decode(encoding).strip(_AROUND).removeprefix(_OPENING)
    except UnicodeError:
        return False
    if not any(map(str.isalpha, word)):
        return True
    return all(
        letter.isascii() or letter in _INSIDE or _is_at_its_place(before, letter, after)
        for before, letter, after in zip(f" {word}", word, f"{word[1:]} ", strict=False)
    )


def _is_at_its_place(before: str, letter: str, after: str) -> bool:
    if letter in "ªº" or not unicodedata.name(letter, "").startswith("LATIN"):
        return False
    if letter.isupper():
        return not before.isalpha() or not (before.islower() or after.islower())
    return not (before.isupper() and after.isupper())
