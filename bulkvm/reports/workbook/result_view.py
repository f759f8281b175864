"""What a person first sees of a sheet with results: the extension, and beside it the status and message."""

from collections.abc import Sequence
from typing import Final, NamedTuple

_SCREEN: Final = 165  # characters, of a screen of 1366 pixels
_MAX_FROZEN: Final = 60  # more would leave too little of the screen
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
    are not on the screen, the sheet is scrolled to them.

    Args:
        widths: of the columns, in characters.
        header_row: counted from 1, as the columns below.
        key: the column of the extensions.
        result: the first added column; None if there is none.
    """
    rows = header_row if header_row <= _MAX_FROZEN_ROWS else 0
    columns = key if sum(widths[:key]) <= _MAX_FROZEN else 0
    is_visible = result is None or sum(widths[: result - 1]) + _NEEDED <= _SCREEN
    return View(rows, columns, columns + 1 if is_visible or not columns else result or 1)
