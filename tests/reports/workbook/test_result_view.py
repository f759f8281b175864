"""What is on the first screen of a sheet with results."""

import pytest

from bulkvm.reports.workbook.result_view import View, make_view

WIDE = [20.0] * 10


@pytest.mark.parametrize(
    ("widths", "header_row", "key", "result", "view"),
    [
        pytest.param([14, 26, 14], 1, 1, 4, View(1, 1, 2), id="all columns fit"),
        pytest.param(WIDE, 3, 1, 11, View(3, 1, 11), id="scrolled to the results"),
        pytest.param([14, *[0.0] * 9], 3, 1, 11, View(3, 1, 2), id="hidden columns take no space"),
        pytest.param(WIDE, 9, 1, 11, View(0, 1, 11), id="headings too far down to be frozen"),
        pytest.param(WIDE, 1, 4, 11, View(1, 0, 1), id="the extension too far to the right"),
        pytest.param(WIDE, 1, 2, None, View(1, 2, 3), id="no results"),
    ],
)
def test_the_results_are_beside_the_extension(
    widths: list[float], header_row: int, key: int, result: int | None, view: View
) -> None:
    assert make_view(widths, header_row, key, result) == view
