"""A copy of a sheet's text, streamed row by row, for CSV files and workbooks that are too large to copy."""

import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

from openpyxl.utils import column_index_from_string
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import CHECK, KEY_COLUMN
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.files.temporary_files import scratch_folder
from bulkvm.model.change import PlannedStatus
from bulkvm.model.outcome import Colour, Status
from bulkvm.model.sheet import Sheet
from bulkvm.reports.table_file import FILTER_BUTTON
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.grid import make_grid
from bulkvm.reports.workbook.marks import MAX_NOTES, NOTE_AUTHOR, NOTE_WIDTH, Mark, column_letters, note_height
from bulkvm.reports.workbook.page_setup import HIDDEN_SHEET, count_pages_wide, set_up_page
from bulkvm.reports.workbook.result_columns import PIN_HEADING, RESULT_HEADINGS
from bulkvm.reports.workbook.result_view import make_view
from bulkvm.reports.workbook.summary import Line, summary_name
from bulkvm.reports.workbook.text_cells import fitting_width, full_row_height, write_text
from bulkvm.reports.workbook.text_limit import exceeds_limit
from bulkvm.reports.workbook.text_only.text_summary import write_summary
from bulkvm.reports.workbook.text_only.text_worksheet import TextWorksheet

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
        write_summary(workbook, summary, summary_name([name]), name, footer=annotation.footer)
        _write_sheet(workbook, workbook.add_worksheet(name, TextWorksheet), sheet, annotation)
        if annotation.hidden:
            _write_hidden(workbook, summary_name([*workbook.sheetnames], HIDDEN_SHEET), annotation.hidden)
        try:
            workbook.close()
        except FileCreateError as error:
            raise error.args[0] from error  # the OSError that it wraps
    return file.getvalue()


def valid_name(name: str) -> str:
    """Return a sheet name that Excel accepts, as close to the given one as possible."""
    cut = _INVALID_IN_NAMES.sub("_", name).strip("'")[:_MAX_NAME_LENGTH].rstrip("'")
    return cut if cut and cut.casefold() != _RESERVED_NAME else f"{cut}_"


def _write_hidden(workbook: Workbook, name: str, texts: Sequence[str]) -> None:
    """Write texts for programs to a sheet that Excel does not offer to show."""
    worksheet = workbook.add_worksheet(name)
    worksheet.very_hidden()
    text = workbook.add_format(styles.TEXT)
    for row, content in enumerate(texts):
        write_text(worksheet, row, 0, content, text)


def _write_sheet(workbook: Workbook, worksheet: Worksheet, sheet: Sheet, annotation: Annotation) -> None:
    grid = make_grid(sheet, annotation.results)
    text, heading = workbook.add_format(_text_format(annotation)), workbook.add_format(styles.HEADING)
    is_wrapped = annotation.results is not None and annotation.results.is_wrapped
    formats = _cell_formats(workbook, annotation, grid.places)
    notes = _notes_by_row(annotation.marks)
    widths = _widths(sheet, grid.headings, annotation.results.headings if annotation.results else {})
    if is_wrapped:
        widths = [
            fitting_width(sheet.cells.get(xl_col_to_name(column), ()), width) for column, width in enumerate(widths)
        ]
    for column, width in enumerate(widths):
        worksheet.set_column(column, column, width, None if is_wrapped else text)
    header = last = sheet.header_row - 1
    numbers = {xl_cell_to_rowcol(cell) for cell in annotation.lost_zeros}
    for number, values in chain([(sheet.header_row, grid.headings)], grid.rows):
        last = number - 1
        default = heading if last == header else text
        if is_wrapped:
            worksheet.set_row(last, full_row_height(values, widths))
        for column, value in enumerate(values):
            special = formats.get((last, column))
            if (last, column) in numbers and value.strip().isdecimal():
                worksheet.write_number(last, column, int(value), special)
            elif value or special or is_wrapped:  # an empty cell has the format of its column
                write_text(worksheet, last, column, value, special or default)
        for column, note in notes.get(last, ()):
            size = {"width": NOTE_WIDTH, "height": note_height(note)}
            worksheet.write_comment(last, column, note, {"author": NOTE_AUTHOR, **size})
    key = column_index_from_string(column_letters(sheet)[KEY_COLUMN.header])
    view = make_view(widths, sheet.header_row, key, min(grid.places, default=None))
    worksheet.freeze_panes(view.rows, view.columns, view.rows, view.first - 1)
    if not view.columns:
        worksheet.set_top_left_cell(0, view.first - 1)
    set_up_page(worksheet, header, footer=annotation.footer, pages_wide=count_pages_wide(widths), key=key - 1)
    worksheet.print_area(0, 0, last, len(grid.headings) - 1)  # otherwise, it would grow with long messages
    worksheet.autofilter(header, 0, last, len(grid.headings) - 1)


def _cell_formats(
    workbook: Workbook, annotation: Annotation, places: Sequence[int]
) -> Mapping[tuple[int, int], Format]:
    """Return the formats of marked cells and of statuses, by row and column counted from 0."""
    text = _text_format(annotation)
    colours = {colour: workbook.add_format({**text, "bg_color": colour}) for colour in Colour}
    formats = {
        xl_cell_to_rowcol(cell): colours[styles.COLOURS[mark.severity]] for cell, mark in annotation.marks.items()
    }
    if annotation.results:
        column = places[0] - 1
        for row, (status, *_) in annotation.results.rows.items():
            if isinstance(status, Status | PlannedStatus) and (colour := styles.colour_of(status)):
                formats[row - 1, column] = colours[colour]
    return formats


def _text_format(annotation: Annotation) -> Mapping[str, Any]:
    return styles.ROW if annotation.results and annotation.results.is_wrapped else styles.TEXT


def _notes_by_row(marks: Mapping[str, Mark]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Return columns and notes by row, counted from 0: they must be written together with their row."""
    notes: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for cell, mark in islice(marks.items(), MAX_NOTES):
        row, column = xl_cell_to_rowcol(cell)
        notes[row].append((column, mark.note))
    return notes


def _widths(sheet: Sheet, headings: Sequence[str], results: Mapping[str, int]) -> list[int]:
    """Return the widths of the columns; each has room for its heading and the button of the filter."""
    known = {letter: column.width for letter, column in sheet_columns(sheet).items()}
    widths = (
        known.get(xl_col_to_name(column)) or results.get(heading) or _RESULT_WIDTHS.get(heading, _WIDTH)
        for column, heading in enumerate(headings)
    )
    return [
        max(width, min(len(heading) + FILTER_BUTTON, _MAX_WIDTH))
        for width, heading in zip(widths, headings, strict=True)
    ]
