"""Dates and times as a number format shows them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

# Names in English. Excel shows them in the language of the format, or of the computer.
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LOCALE: Final = re.compile(r"\[\$[^\]-]*-([0-9A-F]+)\]", re.IGNORECASE)
_LANGUAGE_BITS: Final = 0x3FF  # of a locale's number: the primary language
_ENGLISH: Final = 0x09
_NAMES: Final = 3  # letters from which on a day or a month is a name
_INITIAL: Final = 5  # letters for the first letter of a month
_NOON: Final = 12
_PIECES: Final = ("quoted", "escaped", "literal", "other", "group", "currency", "point")
_CALENDARS: Final = frozenset("egb")  # other calendars


@dataclass(frozen=True, slots=True)
class DateMask:
    """The pieces of a date format: the letter of a field and the letters that it has, or "" and a literal.

    `M` is a month, `m` minutes, `a` AM or PM.
    """

    pieces: tuple[tuple[str, str], ...]
    is_12_hour: bool

    @property
    def has_date(self) -> bool:
        """Whether it shows a day, a month or a year."""
        return any(letter in "dMy" for letter, _ in self.pieces if letter)

    def show(self, when: datetime) -> str:
        """Format a time, rounded down to what is shown."""
        return "".join(text if not letter else self._field(letter, text, when) for letter, text in self.pieces).strip()

    def _field(self, letter: str, text: str, when: datetime) -> str:
        width = len(text)
        if letter == "y":
            return f"{when:%y}" if width < _NAMES else f"{when.year:04}"
        if letter == "M":
            return _named(when.month, _MONTHS[when.month - 1], width)
        if letter == "d":
            return _named(when.day, _DAYS[when.weekday()], width)
        if letter == "a":
            return "AM" if when.hour < _NOON else "PM"
        hour = (when.hour - 1) % _NOON + 1 if self.is_12_hour else when.hour
        return f"{ ({'h': hour, 'm': when.minute, 's': when.second}[letter]):0{min(width, 2)}}"


def _named(number: int, name: str, width: int) -> str:
    if width < _NAMES:
        return f"{number:0{width}}"
    return name[:_NAMES] if width == _NAMES else name[:1] if width == _INITIAL else name


def date_mask(tokens: Sequence[re.Match[str]]) -> DateMask | None:
    """Return what a date format shows; None if that depends on the computer, or is rare: durations, other calendars."""
    names = {token.lastgroup for token in tokens}
    if names & {"system", "native", "numerals", "duration", "digit", "percent", "exponent", "text", "fill"}:
        return None
    pieces = list(_pieces(tokens))
    letters = {letter for letter, _ in pieces}
    has_names = any(letter in "dM" and len(text) >= _NAMES for letter, text in pieces if letter)
    has_short_noon = any(letter == "a" and text.upper() == "A/P" for letter, text in pieces)  # shown in either case
    if letters & _CALENDARS or has_short_noon or (has_names and not _is_english(tokens)):
        return None
    return DateMask(tuple(pieces), "a" in letters)


def _pieces(tokens: Sequence[re.Match[str]]) -> Iterator[tuple[str, str]]:
    """Join the letters of each field, and tell minutes from months: minutes are beside hours or seconds."""
    found = list(_fields(tokens))
    places = [place for place, (letter, _) in enumerate(found) if letter and letter != "a"]
    letters = ["", *(found[place][0] for place in places), ""]
    beside = dict(zip(places, zip(letters, letters[2:], strict=False), strict=True))
    for place, (letter, text) in enumerate(found):
        before, after = beside.get(place, ("", ""))
        yield "M" if letter == "m" and before != "h" and after != "s" else letter, text


def _fields(tokens: Sequence[re.Match[str]]) -> Iterator[tuple[str, str]]:
    for key, group in groupby(tokens, lambda token: (token.lastgroup, token[0].lower() if token["date"] else "")):
        name, letter = key
        for token in [next(group)] if letter else group:
            match name:
                case "date":
                    yield letter, letter + letter * sum(1 for _ in group)
                case "noon":
                    yield "a", token[0]
                case "gap":
                    yield "", " "
                case _ if name in _PIECES:
                    yield "", token[name]


def _is_english(tokens: Iterable[re.Match[str]]) -> bool:
    """Whether names are shown in English, as far as the format says."""
    locales = [int(found[1], 16) for token in tokens if (found := _LOCALE.fullmatch(token[0]))]
    return all(locale & _LANGUAGE_BITS == _ENGLISH for locale in locales)


def rounded(when: datetime) -> datetime:
    """Round to seconds, as times are stored with the errors of fractions of a day."""
    return (when + timedelta(milliseconds=500)).replace(microsecond=0)
