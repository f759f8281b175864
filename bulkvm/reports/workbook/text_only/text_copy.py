"""A copy of a sheet's text, streamed row by row, for CSV files and workbooks that are too large to copy."""

import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from bulkvm.columns import CHECK
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.files import scratch_folder
from bulkvm.model.outcome import Status
from bulkvm.model.sheet import Sheet
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.grid import make_grid
from bulkvm.reports.workbook.marks import MAX_NOTES, NOTE_AUTHOR, NOTE_WIDTH, Mark, note_height
from bulkvm.reports.workbook.result_columns import PIN_HEADING, RESULT_HEADINGS, Results
from bulkvm.reports.workbook.summary import Line, summary_name
from bulkvm.reports.workbook.text_cells import LINE_HEIGHT, row_height, write_text
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
    heights = _row_heights(annotation.results)
    _set_widths(worksheet, sheet, grid.headings, text)
    header = last = sheet.header_row - 1
    numbers = {xl_cell_to_rowcol(cell) for cell in annotation.lost_zeros}
    for number, values in chain([(sheet.header_row, grid.headings)], grid.rows):
        last = number - 1
        default = heading if last == header else text
        if last in heights:
            worksheet.set_row(last, heights[last])
        for column, value in enumerate(values):
            special = formats.get((last, column))
            if (last, column) in numbers and value.strip().isdecimal():
                worksheet.write_number(last, column, int(value), special)
            elif value or special:  # an empty cell has the format of its column
                write_text(worksheet, last, column, value, special or default)
        for column, note in notes.get(last, ()):
            size = {"width": NOTE_WIDTH, "height": note_height(note)}
            worksheet.write_comment(last, column, note, {"author": NOTE_AUTHOR, **size})
    worksheet.freeze_panes(header + 1, 0)
    worksheet.set_landscape()
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(header)
    worksheet.autofilter(header, 0, last, len(grid.headings) - 1)


def _cell_formats(
    workbook: Workbook, annotation: Annotation, places: Sequence[int]
) -> Mapping[tuple[int, int], Format]:
    """Return the formats of marked and wrapped cells, by row and column counted from 0."""
    colours = {of: workbook.add_format({**styles.TEXT, "bg_color": colour}) for of, colour in styles.COLOURS.items()}
    formats = {xl_cell_to_rowcol(cell): colours[mark.severity] for cell, mark in annotation.marks.items()}
    if annotation.results:
        formats |= _wrapped_formats(workbook.add_format(styles.WRAPPED), annotation.results, places)
        column = places[0] - 1
        statuses = ((row, texts[0]) for row, texts in annotation.results.rows.items())
        formats |= {(row - 1, column): colours[status] for row, status in statuses if isinstance(status, Status)}
    return formats


def _wrapped_formats(wrapped: Format, results: Results, places: Sequence[int]) -> Mapping[tuple[int, int], Format]:
    """Return the format of result cells that are longer than the width of their column."""
    return {
        (row - 1, place - 1): wrapped
        for row, texts in results.rows.items()
        for place, width, text in zip(places, results.headings.values(), texts, strict=True)
        if text and len(text) > width
    }


def _row_heights(results: Results | None) -> Mapping[int, int]:
    """Return the heights of rows, counted from 0, whose results need more than one line."""
    if not results:
        return {}
    widths = results.headings.values()
    heights = ((row - 1, row_height((text or "" for text in texts), widths)) for row, texts in results.rows.items())
    return {row: height for row, height in heights if height > LINE_HEIGHT}


def _notes_by_row(marks: Mapping[str, Mark]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Return columns and notes by row, counted from 0: they must be written together with their row."""
    notes: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for cell, mark in islice(marks.items(), MAX_NOTES):
        row, column = xl_cell_to_rowcol(cell)
        notes[row].append((column, mark.note))
    return notes


def _set_widths(worksheet: Worksheet, sheet: Sheet, headings: Sequence[str], text: Format) -> None:
    columns = sheet_columns(sheet)
    for column, heading in enumerate(headings):
        known = columns.get(xl_col_to_name(column))
        worksheet.set_column(column, column, known.width if known else _RESULT_WIDTHS.get(heading, _WIDTH), text)
