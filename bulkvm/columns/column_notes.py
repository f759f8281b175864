"""Rows below the headings that explain the columns: types, notes, or the numbers of the columns."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.column import Column
from bulkvm.columns.header_matching import match_heading
from bulkvm.columns.heading_notes import explains
from bulkvm.columns.heading_words import asks_yes_or_no, is_note, split_words, word_set

_LONGEST: Final = 64  # characters
_TYPES: Final = word_set(
    "text texts string strings str number numbers numeric integer int digit digits char chars character characters "
    "varchar nvarchar boolean bool email mail address addresses list enum choice type free alphanumeric zahl zahlen "
    "ganzzahl ziffer ziffern zeichen zeichenkette nummer liste auswahl adresse adressen typ texte chaine entier "
    "chiffres numero booleen type texto cadena entero cifras lista correo tipo testo stringa intero cifre elenco "
    "tekst getal cijfers lijst keuze adres inteiro cadeia e"
)


def explains_columns(texts: Mapping[str, str], columns: Mapping[str, Column], key: str) -> bool:
    """Whether each filled cell of a row says what the column is for, and the extension is one of them.

    Args:
        texts: of the columns that are read, by letter.
        columns: these columns.
        key: the letter of the extension.
    """
    filled = {letter: text.strip(STRIP_CHARS) for letter, text in texts.items() if text.strip(STRIP_CHARS)}
    if key not in filled:
        return False
    return _counts_columns(list(filled.values())) or all(
        len(text) <= _LONGEST and _explains(text, columns[letter]) for letter, text in filled.items()
    )


def _counts_columns(texts: Sequence[str]) -> bool:
    """Whether the texts are 1, 2, 3 or A, B, C, also in brackets."""
    marks = [text.strip("().[]#") for text in texts]
    numbers = [str(number) for number in range(1, len(marks) + 1)]
    return len(marks) > 1 and marks in (numbers, list(ascii_uppercase[: len(marks)]))


def _explains(text: str, column: Column) -> bool:
    words = split_words(text)
    if not words or words[0].isdecimal():
        return bool(words) and is_note(text) and not text.isdecimal()
    types = {word for word in words if not word.isdecimal()}  # varchar(64)
    is_type = types <= _TYPES and types != {"e"}
    return is_type or asks_yes_or_no(text) or explains(text) or match_heading(text) is column
