"""Matches headings to columns."""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, PIN_COLUMN, RESULT_PREFIX
from bulkvm.columns.column import Column

_LONGEST: Final = 255  # of a heading: the readers cut those of sheets there, and a JSON field may have any length
_NOT_LETTERS: Final = re.compile(r"[\W_]+")
# The mark of UTF-8 at a file's start, where a program took it, once or twice, for text of Windows.
_BROKEN_MARK: Final = re.compile("^(?:ï»¿|Ã¯Â»Â¿)")
# Words of headings about a box, about its PIN, and about other things.
_BOXES: Final = frozenset(
    {"voicemail", "vm", "mb", "mailbox", "vmpin", "vmpassword", "voicemailpin", "voicemailpassword"}
)
_SECRETS: Final = frozenset({
    "pin", "pins", "password", "passwords", "passwd", "pwd", "pw", "passcode", "code", "secret", "vmpin", "vmpassword",
    "voicemailpin", "voicemailpassword", "sippassword", "webpassword", "authpassword", "userpassword",
})  # fmt: skip
_NOT_BOXES: Final = frozenset({
    "sip", "auth", "authentication", "user", "web", "phone", "secret", "reg", "registration", "trunk", "login",
    "enable", "enabled", "required", "require", "sippassword", "webpassword", "authpassword", "userpassword",
})  # fmt: skip
_ANY_SECRET: Final = frozenset({"password", "code", "accesscode", "passcode"})


def match_heading(heading: str, heading_map: Mapping[str, str] | None = None) -> Column | None:
    """The column that a heading names, regardless of case, spaces, hyphens, underscores or marks.

    Args:
        heading: as it is in the sheet.
        heading_map: headings that the user maps to a column, each to the column's header (`--map`). A mapped column is
            matched by that heading only.
    """
    if len(heading) > _LONGEST:
        return None
    for theirs, header in (heading_map or {}).items():
        if same_heading(theirs, heading):
            return COLUMN_OF_HEADER[header]
    column = _COLUMN_OF_HEADING.get(_fold(heading))
    if column is None and names_pin_of_box(heading):
        column = PIN_COLUMN
    return None if column and heading_map and column.header in heading_map.values() else column


def same_heading(one: str, other: str) -> bool:
    """Whether two headings differ in no more than case, spaces, hyphens, underscores or marks."""
    return _fold(one) == _fold(other)


def is_result_heading(heading: str) -> bool:
    """Whether a heading is that of a column with results, which is never read."""
    return heading.strip().casefold().startswith(RESULT_PREFIX)


def may_be_other_secret(heading: str) -> bool:
    """Whether a heading that means the PIN may also be that of another password."""
    return _fold(heading) in _ANY_SECRET


def names_secret(heading: str) -> bool:
    """Whether a heading names a PIN, a password or the like."""
    return not _words(heading).isdisjoint(_SECRETS)


def is_about_voicemail(heading: str) -> bool:
    """Whether a heading names voicemail, a PIN or the like, or e-mail."""
    words = _words(heading)
    return not words.isdisjoint(_BOXES | _SECRETS) or any("mail" in word or "notif" in word for word in words)


def names_pin_of_box(heading: str) -> bool:
    """Whether a heading names the PIN or password of a box."""
    words = _words(heading)
    return not words.isdisjoint(_BOXES) and not words.isdisjoint(_SECRETS) and words.isdisjoint(_NOT_BOXES)


def suggest_column(heading: str) -> Column | None:
    """The column whose name is close to the heading, for a "did you mean"; never the PIN for another secret."""
    if not _words(heading).isdisjoint(_NOT_BOXES):
        return None
    close = difflib.get_close_matches(_fold(heading), _COLUMN_OF_HEADING, n=1, cutoff=0.75)
    return _COLUMN_OF_HEADING[close[0]] if close else None


def _words(heading: str) -> frozenset[str]:
    words = _NOT_LETTERS.sub(" ", unicodedata.normalize("NFC", heading[:_LONGEST]).casefold()).split()
    return frozenset((*words, *map("".join, pairwise(words))))  # "voice mail" is "voicemail"


def _fold(heading: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFC", _BROKEN_MARK.sub("", heading)).casefold())


_COLUMN_OF_HEADING: Final = {
    _fold(name): column for column in COLUMNS for name in (column.header, column.title, *column.aliases)
}
