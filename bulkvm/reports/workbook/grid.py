"""The text of a sheet with result columns, for copies of text only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from openpyxl.utils import column_index_from_string

from bulkvm.columns import refused_text
from bulkvm.columns.sheet_columns import refused_cells
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook.result_columns import Results, assign_columns
from bulkvm.reports.workbook.text_limit import TextLimit


@dataclass(frozen=True, slots=True)
class Grid:
    """Headings and rows, starting at column A.

    `places` are the result columns, counted from 1. `rows` yields row numbers with texts, once.
    """

    headings: Sequence[str]
    places: Sequence[int]
    rows: Iterable[tuple[int, Sequence[str]]]


def make_grid(sheet: Sheet, results: Results | None) -> Grid:
    """Make the grid of a sheet. Cells without a result keep the text of an earlier result."""
    letters = [*dict.fromkeys([*sheet.headings, *sheet.cells.columns])]
    width = max(map(column_index_from_string, letters), default=0)
    results = results or Results({}, {})
    places = assign_columns(results, sheet.headings, set(map(column_index_from_string, letters)))
    headings = [""] * max(width, *places, 0)
    for letter, heading in sheet.headings.items():
        headings[column_index_from_string(letter) - 1] = heading
    for place, heading in zip(places, results.headings, strict=True):
        headings[place - 1] = heading
    return Grid(headings, places, _rows(sheet, len(headings), places, results))


def _rows(sheet: Sheet, width: int, places: Sequence[int], results: Results) -> Iterator[tuple[int, Sequence[str]]]:
    from_left = [column_index_from_string(letter) - 1 for letter in sheet.cells.columns]
    refused, limit = refused_cells(sheet), TextLimit(sheet)
    columns = (sheet.cells[letter].tolist() for letter in sheet.cells.columns)
    for number, *values in zip(sheet.cells.index.tolist(), *columns, strict=True):
        row = [""] * width
        for place, value in zip(from_left, limit.shorten(values), strict=True):
            row[place] = value
        for letter in refused.get(number, ()):
            place = column_index_from_string(letter) - 1
            row[place] = refused_text(row[place])
        for place, text in zip(places, results.rows.get(number, ()), strict=False):
            if text is not None:
                row[place - 1] = text
        yield number, row
