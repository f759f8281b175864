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
        pytest.param(WIDE, 1, 4, 11, View(1, 4, 11), id="the extension is the fourth of wide columns"),
        pytest.param([12.0] * 9, 1, 7, 10, View(1, 7, 10), id="the extension is the seventh column"),
        pytest.param(WIDE, 1, 7, 11, View(1, 0, 7), id="scrolled to the extension, which is too far to be frozen"),
        pytest.param(WIDE, 1, 5, 11, View(1, 0, 11), id="too much before and after the extension"),
        pytest.param([20.0] * 4, 1, 4, 5, View(1, 0, 1), id="all columns fit, and too many to be frozen"),
        pytest.param(WIDE, 1, 2, None, View(1, 2, 3), id="no results"),
    ],
)
def test_the_results_are_beside_the_extension(
    widths: list[float], header_row: int, key: int, result: int | None, view: View
) -> None:
    assert make_view(widths, header_row, key, result) == view
