"""From what stands above a column to the column that is meant."""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, OURS, Column

_LONGEST: Final = 255  # of a heading: the readers cut those of sheets there, and a JSON field may have any length
_NOT_LETTERS: Final = re.compile(r"[\W_]+")
# The mark of UTF-8 at a file's start, where a program took it, once or twice, for text of Windows.
_BROKEN_MARK: Final = re.compile("^(?:ï»¿|Ã¯Â»Â¿)")


def match_heading(heading: str, meant: Mapping[str, str] | None = None) -> Column | None:
    """The column that a heading names, whatever its case, spaces, hyphens, underscores or marks.

    Args:
        heading: as it stands in the sheet.
        meant: headings that the user maps to a column, each to the column's header (`--map`). A column that is mapped
            has no other name any more.
    """
    if len(heading) > _LONGEST:
        return None
    for theirs, header in (meant or {}).items():
        if same_heading(theirs, heading):
            return COLUMN_OF_HEADER[header]
    column = _COLUMN_OF_HEADING.get(_fold(heading))
    return None if column and meant and column.header in meant.values() else column


def same_heading(one: str, other: str) -> bool:
    """Whether two headings differ in no more than case, spaces, hyphens, underscores or marks."""
    return _fold(one) == _fold(other)


def is_ours(heading: str) -> bool:
    """Whether a heading is of a result of ours, which is never read."""
    return heading.strip().casefold().startswith(OURS)


def suggest_column(heading: str) -> Column | None:
    """The column whose name is close to the heading, for a "did you mean"."""
    close = difflib.get_close_matches(_fold(heading), _COLUMN_OF_HEADING, n=1, cutoff=0.75)
    return _COLUMN_OF_HEADING[close[0]] if close else None


def _fold(heading: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFC", _BROKEN_MARK.sub("", heading)).casefold())


_COLUMN_OF_HEADING: Final = {
    _fold(name): column for column in COLUMNS for name in (column.header, column.title, *column.aliases)
}
