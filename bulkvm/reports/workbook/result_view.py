"""What a person first sees of a sheet with results: the extension, and beside it the status and message."""

from collections.abc import Sequence
from typing import Final, NamedTuple

_SCREEN: Final = 165  # characters, of a screen of 1366 pixels
_MAX_FROZEN: Final = 60  # more would leave too little of the screen for other columns
_NEEDED: Final = 75  # of a status and the beginning of its message
_MAX_FROZEN_ROWS: Final = 8


class View(NamedTuple):
    """The number of rows and columns that are frozen, and the first column shown beside them, counted from 1."""

    rows: int
    columns: int
    first: int


def make_view(widths: Sequence[float], header_row: int, key: int, result: int | None) -> View:
    """Return the view of a sheet.

    The added columns are the last ones, so that those before them keep their letters, which messages name. Where they
    are not on the screen, the sheet is scrolled to them: beside the extension, if the columns up to it leave enough of
    the screen, or so that it is still on the screen, if they do not.

    Args:
        widths: of the columns, in characters.
        header_row: counted from 1, as the columns below.
        key: the column of the extensions.
        result: the first added column; None if there is none.
    """
    rows = header_row if header_row <= _MAX_FROZEN_ROWS else 0
    up_to_key = sum(widths[:key])
    if result is None or _fits(widths[: result - 1]):
        columns = key if up_to_key <= _MAX_FROZEN else 0
        return View(rows, columns, columns + 1)
    if _fits(widths[:key]):
        return View(rows, key, max(result, key + 1))
    return View(rows, 0, key if _fits(widths[key - 1 : result - 1]) else result)


def _fits(widths: Sequence[float]) -> bool:
    """Whether a status and the beginning of its message are on the screen beside these columns."""
    return sum(widths) + _NEEDED <= _SCREEN
