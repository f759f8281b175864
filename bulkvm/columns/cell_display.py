"""Invisible characters and words for "no value" in cells, and the part of a cell that a message may show."""

import re
import unicodedata
from typing import Final

from bulkvm.columns.invisible import find_invisible, is_invisible
from bulkvm.text import escape_quotes, runs_in_shell

# Zero-width characters, direction marks, fillers and the like, which str.strip keeps.
_INVISIBLE: Final = "".join(
    chr(code)
    for code in (0xAD, 0x61C, 0x115F, 0x1160, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
                 *range(0x2060, 0x2070), 0x2800, 0x3164, 0xFEFF, 0xFFA0)
)  # fmt: skip
_SPACES: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
# Characters around a value that are not part of it.
STRIP_CHARS: Final = _SPACES + _INVISIBLE

# Words for "no value" that programs write, and that pivot tables show in brackets.
_NO_VALUE: Final = frozenset({
    "null", "nil", "nan", "none", "undefined", "na", "n/a", "n.a.", "n.a", "#n/a", "\\n", "tbd", "tba", "k.a.", "k. a.",
})  # fmt: skip
_LONGEST_NO_VALUE: Final = 16
# What people write instead of the value of the row above.
_DITTO: Final = frozenset({
    '"', "''", '-"-', ",,", "\u201c", "\u201d", "\u201e", "\u2033", "\u3003", "ditto", "do.", "dto", "dto.", "dito",
    "detto", "idem", "id.", "ibidem", "same", "gleich", "same as above", "see above", "as above", "wie oben",
    "siehe oben", "s.o.", "s. o.", "voir ci-dessus", "comme ci-dessus", "ver arriba", "como arriba", "vedi sopra",
    "come sopra", "zie boven", "zie hierboven", "ver acima", "como acima",
})  # fmt: skip
DITTO: Final = "Words and marks such as ditto are not read. Type the value of the row above in this cell."
_BRACKETS: Final = "()<>[]{}"
_NO_VALUE_IN_BRACKETS: Final = _NO_VALUE | {
    "blank", "empty", "leer", "vide", "en blanco", "vuoto", "leeg", "em branco", "vazio", "missing", "no value",
}  # fmt: skip

# What a spreadsheet shows for digits that it converted.
_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_CHANGED: Final = re.compile(
    rf"{_DAY}([./-]){_DAY}\1[0-9]{{2,4}}|[0-9]{{4}}([./-]){_DAY}\2{_DAY}|[0-9]+:[0-9]{{2}}(?::[0-9]{{2}})?(?: ?[AP]M)?"
    r"|[0-9.,]+\s?%|#+|#[^\s#0-9].*"
)
# A number in which one or two letters stand for the digits that they look like.
_LOOKALIKE: Final = re.compile(r"(?=.*[0-9])(?=.*[OoQDIilSsBZz])[0-9OoQDIil|SsBZz]{3,}")

_MOST_LOOKALIKES: Final = 2
_SHOWN: Final = 40
# Digits of any script, superscript and circled ones too; six or more of them also with separators.
_DIGIT: Final = r"[\d\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089\u2460-\u2468]"
_MAY_BE_PIN: Final = re.compile(rf"{_DIGIT}(?:[\W_]{{0,3}}{_DIGIT}){{5,}}|{_DIGIT}{{4,}}")


def find_hidden_characters(text: str) -> list[str]:
    """The names of the invisible characters inside a text, each once."""
    return list(dict.fromkeys(map(character_name, find_invisible(text))))


def remove_hidden_characters(text: str) -> str:
    """Remove the invisible characters inside a text."""
    return "".join(character for character in text if not is_invisible(character))


def character_name(character: str) -> str:
    """The Unicode name of a character, or its number if it has none: ZERO WIDTH SPACE, U+0007."""
    return unicodedata.name(character, f"U+{ord(character):04X}")


def stands_for_no_value(text: str) -> bool:
    """Whether a text is a word for a missing value, such as NULL or (blank), or only punctuation."""
    if len(text) > _LONGEST_NO_VALUE:
        return False
    word = text.casefold()
    if word in _NO_VALUE:
        return True
    if word[:1].isalnum():  # nearly always
        return False
    inner = word.strip(_BRACKETS)
    if inner != word and inner.strip() in _NO_VALUE_IN_BRACKETS:
        return True
    return all(unicodedata.category(character)[0] in "PZ" or character in "|~^+=<>" for character in word)


def is_ditto(text: str) -> bool:
    """Whether a text stands for the value in the row above."""
    return text.casefold() in _DITTO


def is_changed_by_spreadsheet(text: str) -> bool:
    """Whether a text is a date, a time, a percentage or an error (#N/A), as a spreadsheet writes into a CSV file."""
    return bool(_CHANGED.fullmatch(text))


def has_lookalike_letters(text: str) -> bool:
    """Whether a text is a number with letters in it that look like digits, such as 4O28l7."""
    letters = sum(map(str.isalpha, text))
    return letters <= _MOST_LOOKALIKES and _LOOKALIKE.fullmatch(text) is not None


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


def sheet_option(name: str) -> str:
    """The option that chooses a sheet, with a placeholder if a command cannot have its name as it is."""
    return f'--sheet "{"Its name" if runs_in_shell(name) else shown_number(name)}"'


def to_ascii_digits(text: str) -> str:
    """Replace the digits of other scripts by 0 to 9. Positions do not change."""
    return text if text.isascii() else "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)
