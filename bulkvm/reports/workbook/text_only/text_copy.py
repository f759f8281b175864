"""A copy of a sheet's text, streamed row by row, for CSV files and workbooks that are too large to copy."""

import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Final

from openpyxl.utils import column_index_from_string
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import CHECK, KEY_COLUMN
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.outcome import Status
from bulkvm.model.sheet import Sheet
from bulkvm.reports.table_file import FILTER_BUTTON
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.grid import make_grid
from bulkvm.reports.workbook.marks import MAX_NOTES, NOTE_AUTHOR, NOTE_WIDTH, Mark, column_letters, note_height
from bulkvm.reports.workbook.page_setup import set_up_page
from bulkvm.reports.workbook.result_columns import PIN_HEADING, RESULT_HEADINGS
from bulkvm.reports.workbook.result_view import make_view
from bulkvm.reports.workbook.summary import Line, summary_name
from bulkvm.reports.workbook.text_cells import write_text
from bulkvm.reports.workbook.text_limit import exceeds_limit
from bulkvm.reports.workbook.text_only.text_summary import write_summary
from bulkvm.reports.workbook.text_only.text_worksheet import TextWorksheet
from bulkvm.temporary_files import scratch_folder

_INVALID_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_MAX_NAME_LENGTH: Final = 31
_SHORTENED: Final = Line(
    (f"The sheet has too much text for a copy: long cells in its last rows are shortened and marked with {CHECK}.",)
)
_RESERVED_NAME: Final = "history"
_WIDTH: Final = 16  # of other columns
_MAX_WIDTH: Final = 40  # for a long heading
_RESULT_WIDTHS: Final = RESULT_HEADINGS | PIN_HEADING


def format_text_copy(sheet: Sheet, annotation: Annotation) -> bytes:
    """Return a workbook with the text of a sheet at its row numbers, and its annotation."""
    file = io.BytesIO()
    # The parts may contain PINs, so they must not remain after a failure.
    with scratch_folder() as folder:
        workbook = Workbook(file, {"constant_memory": True, "tmpdir": folder})
        name = valid_name(sheet.name or "Boxes")
        title, *rest = annotation.summary
        summary = [title, _SHORTENED, *rest] if exceeds_limit(sheet) else annotation.summary
        write_summary(workbook, summary, summary_name([name]), name)
        _write_sheet(workbook, workbook.add_worksheet(name, TextWorksheet), sheet, annotation)
        try:
            workbook.close()
        except FileCreateError as error:
            raise error.args[0] from error  # the OSError that it wraps
    return file.getvalue()


def valid_name(name: str) -> str:
    """Return a sheet name that Excel accepts, as close to the given one as possible."""
    cut = _INVALID_IN_NAMES.sub("_", name).strip("'")[:_MAX_NAME_LENGTH].rstrip("'")
    return cut if cut and cut.casefold() != _RESERVED_NAME else f"{cut}_"


def _write_sheet(workbook: Workbook, worksheet: Worksheet, sheet: Sheet, annotation: Annotation) -> None:
    grid = make_grid(sheet, annotation.results)
    text, heading = workbook.add_format(styles.TEXT), workbook.add_format(styles.HEADING)
    formats = _cell_formats(workbook, annotation, grid.places)
    notes = _notes_by_row(annotation.marks)
    widths = _widths(sheet, grid.headings)
    for column, width in enumerate(widths):
        worksheet.set_column(column, column, width, text)
    header = last = sheet.header_row - 1
    numbers = {xl_cell_to_rowcol(cell) for cell in annotation.lost_zeros}
    for number, values in chain([(sheet.header_row, grid.headings)], grid.rows):
        last = number - 1
        default = heading if last == header else text
        for column, value in enumerate(values):
            special = formats.get((last, column))
            if (last, column) in numbers and value.strip().isdecimal():
                worksheet.write_number(last, column, int(value), special)
            elif value or special:  # an empty cell has the format of its column
                write_text(worksheet, last, column, value, special or default)
        for column, note in notes.get(last, ()):
            size = {"width": NOTE_WIDTH, "height": note_height(note)}
            worksheet.write_comment(last, column, note, {"author": NOTE_AUTHOR, **size})
    key = column_index_from_string(column_letters(sheet)[KEY_COLUMN.header])
    view = make_view(widths, sheet.header_row, key, min(grid.places, default=None))
    worksheet.freeze_panes(view.rows, view.columns, view.rows, view.first - 1)
    set_up_page(worksheet, header)
    worksheet.print_area(0, 0, last, len(grid.headings) - 1)  # otherwise, it would grow with long messages
    worksheet.autofilter(header, 0, last, len(grid.headings) - 1)


def _cell_formats(
    workbook: Workbook, annotation: Annotation, places: Sequence[int]
) -> Mapping[tuple[int, int], Format]:
    """Return the formats of marked cells and of statuses, by row and column counted from 0."""
    colours = {of: workbook.add_format({**styles.TEXT, "bg_color": colour}) for of, colour in styles.COLOURS.items()}
    formats = {xl_cell_to_rowcol(cell): colours[mark.severity] for cell, mark in annotation.marks.items()}
    if annotation.results:
        column = places[0] - 1
        statuses = ((row, texts[0]) for row, texts in annotation.results.rows.items())
        formats |= {(row - 1, column): colours[status] for row, status in statuses if isinstance(status, Status)}
    return formats


def _notes_by_row(marks: Mapping[str, Mark]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Return columns and notes by row, counted from 0: they must be written together with their row."""
    notes: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for cell, mark in islice(marks.items(), MAX_NOTES):
        row, column = xl_cell_to_rowcol(cell)
        notes[row].append((column, mark.note))
    return notes


def _widths(sheet: Sheet, headings: Sequence[str]) -> list[int]:
    """Return the widths of the columns; each has room for its heading and the button of the filter."""
    known = {letter: column.width for letter, column in sheet_columns(sheet).items()}
    widths = (
        known.get(xl_col_to_name(column)) or _RESULT_WIDTHS.get(heading, _WIDTH)
        for column, heading in enumerate(headings)
    )
    return [
        max(width, min(len(heading) + FILTER_BUTTON, _MAX_WIDTH))
        for width, heading in zip(widths, headings, strict=True)
    ]
