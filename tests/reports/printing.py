"""What a person sees of a sheet on the screen and on paper."""

from openpyxl.worksheet.worksheet import Worksheet


def widths_of(sheet: Worksheet) -> dict[int, float]:
    """The widths of columns, counted from 1, in characters."""
    return {
        column: dimension.width
        for dimension in sheet.column_dimensions.values()
        for column in range(dimension.min or 0, (dimension.max or 0) + 1)
    }


def assert_prints_as_wide_as_a_page(sheet: Worksheet, header_row: int = 1) -> None:
    """In landscape, on as many pages as it has rows for, each with the headings."""
    setup = sheet.sheet_properties.pageSetUpPr
    assert setup is not None
    assert setup.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows == f"${header_row}:${header_row}"
