"""Print setup of sheets, so that a table fits the width of a page."""

from collections.abc import Iterable
from math import ceil
from typing import Final

from xlsxwriter.worksheet import Worksheet

PAPER: Final = 9  # A4
FOOTER: Final = ("&A", "Page &P of &N")  # left: the name of the sheet
MARGINS: Final = {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.7}  # inches
_WIDEST_PAGE: Final = 270  # characters; with more, the text on A4 in landscape is smaller than 6 points
HIDDEN_SHEET: Final = "bulkvm_plan"


def count_pages_wide(widths: Iterable[float]) -> int:
    """Return how many pages a table takes side by side if its text is printed large enough to be read."""
    return max(ceil(sum(widths) / _WIDEST_PAGE), 1)


def set_up_page(
    sheet: Worksheet, header_row: int | None = None, *, footer: str = "", pages_wide: int = 1, key: int | None = None
) -> None:
    """Print a sheet in landscape, as wide as the page, with its header row (counted from 0) on each page.

    Args:
        sheet: the sheet.
        header_row: counted from 0; None if there is none.
        footer: the text at the left of each page, in place of the name of the sheet.
        pages_wide: how many pages the table takes side by side.
        key: the column (counted from 0) that is repeated on each of them.
    """
    sheet.set_landscape()
    sheet.set_paper(PAPER)
    sheet.set_margins(**MARGINS)
    sheet.fit_to_pages(pages_wide, 0)
    left, right = FOOTER
    sheet.set_footer(f"&L{footer or left}&R{right}")
    if header_row is not None:
        sheet.repeat_rows(header_row)
    if key is not None and pages_wide > 1:
        sheet.repeat_columns(key, key)
