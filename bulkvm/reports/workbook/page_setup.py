"""Print setup of sheets, so that a table fits the width of a page."""

from typing import Final

from xlsxwriter.worksheet import Worksheet

PAPER: Final = 9  # A4
FOOTER: Final = ("&A", "Page &P of &N")  # left: the name of the sheet


def set_up_page(sheet: Worksheet, header_row: int | None = None) -> None:
    """Print a sheet in landscape, as wide as the page, with its header row (counted from 0) on each page."""
    sheet.set_landscape()
    sheet.set_paper(PAPER)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L{}&R{}".format(*FOOTER))
    if header_row is not None:
        sheet.repeat_rows(header_row)
