"""A copy of a sheet's text, written as it goes by: for CSV files and for workbooks too big to be copied whole."""

import io
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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
from bulkvm.reports.workbook import styles as look
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.grid import make_grid
from bulkvm.reports.workbook.marks import MOST_NOTES, NOTE_AUTHOR, NOTE_WIDTH, Mark, note_height
from bulkvm.reports.workbook.result_columns import PIN_HEADING, RESULT_HEADINGS, Results
from bulkvm.reports.workbook.summary import Line, summary_name
from bulkvm.reports.workbook.text_cells import LINE_HEIGHT, row_height, write_text
from bulkvm.reports.workbook.text_limit import exceeds_limit
from bulkvm.reports.workbook.text_only.text_summary import write_summary

_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_LONGEST_NAME: Final = 31
_LOST_ZERO: Final = ("[pin-lost-zero]", "[pin-zero-restored]")  # codes in notes
_SHORTENED: Final = Line(
    (f"The sheet holds too much text for a copy: long cells of its last rows are shortened and marked with {CHECK}.",)
)
_RESERVED_NAME: Final = "history"
_WIDTH: Final = 16  # of a column that is not one of ours
_RESULT_WIDTHS: Final = RESULT_HEADINGS | PIN_HEADING


def format_plain_copy(sheet: Sheet, annotation: Annotation) -> bytes:
    """Write a sheet's text, each row at its own number, with its annotation, to bytes."""
    file = io.BytesIO()
    # The parts may hold PINs: nothing of them may outlive a failure.
    with scratch_folder() as folder:
        workbook = Workbook(file, {"constant_memory": True, "tmpdir": folder})
        name = valid_name(sheet.name or "Boxes")
        title, *rest = annotation.summary
        summary = [title, _SHORTENED, *rest] if exceeds_limit(sheet) else annotation.summary
        write_summary(workbook, summary, summary_name([name]), name)
        _write_sheet(workbook, workbook.add_worksheet(name), sheet, annotation)
        try:
            workbook.close()
        except FileCreateError as error:
            raise error.args[0] from error  # the OSError that it hides
    return file.getvalue()


def valid_name(name: str) -> str:
    """A name that Excel takes for a sheet, as like the one that is given as may be."""
    cut = _NOT_IN_NAMES.sub("_", name).strip("'")[:_LONGEST_NAME].rstrip("'")
    return cut if cut and cut.casefold() != _RESERVED_NAME else f"{cut}_"


def _write_sheet(workbook: Workbook, to: Worksheet, sheet: Sheet, annotation: Annotation) -> None:
    grid = make_grid(sheet, annotation.results)
    text, heading = workbook.add_format(look.TEXT), workbook.add_format(look.HEADING)
    looks = _coloured_looks(workbook, annotation, grid.places)
    notes = _notes_of_rows(annotation.marks)
    heights = _heights_of_rows(annotation.results)
    _set_widths(to, sheet, grid.headings, text)
    header = last = sheet.header_row - 1
    numbers = _lost_zeros(annotation)
    for number, values in chain([(sheet.header_row, grid.headings)], grid.rows):
        last = number - 1
        usual = heading if last == header else text
        if last in heights:
            to.set_row(last, heights[last])
        for column, value in enumerate(values):
            coloured = looks.get((last, column))
            if (last, column) in numbers and value.strip().isdecimal():
                to.write_number(last, column, int(value), coloured)
            elif value or coloured:  # an empty cell has its column's format
                write_text(to, last, column, value, coloured or usual)
        for column, note in notes.get(last, ()):
            size = {"width": NOTE_WIDTH, "height": note_height(note)}
            to.write_comment(last, column, note, {"author": NOTE_AUTHOR, **size})
    to.freeze_panes(header + 1, 0)
    to.set_landscape()
    to.fit_to_pages(1, 0)
    to.repeat_rows(header)
    to.autofilter(header, 0, last, len(grid.headings) - 1)


def _lost_zeros(annotation: Annotation) -> Collection[tuple[int, int]]:
    """The cells that have lost a zero as a number, counted from 0. They stay numbers, lest text be taken as it is."""
    return {xl_cell_to_rowcol(cell) for cell, mark in annotation.marks.items() if any(map(mark.note.count, _LOST_ZERO))}


def _coloured_looks(
    workbook: Workbook, annotation: Annotation, places: Sequence[int]
) -> Mapping[tuple[int, int], Format]:
    """The formats of the cells that are not plain, by row and column counted from 0."""
    formats = {of: workbook.add_format({**look.TEXT, "bg_color": colour}) for of, colour in look.COLOURS.items()}
    looks = {xl_cell_to_rowcol(cell): formats[mark.severity] for cell, mark in annotation.marks.items()}
    if annotation.results:
        looks |= _wrapped_looks(workbook.add_format(look.WRAPPED), annotation.results, places)
        column = places[0] - 1
        statuses = ((row, texts[0]) for row, texts in annotation.results.rows.items())
        looks |= {(row - 1, column): formats[status] for row, status in statuses if isinstance(status, Status)}
    return looks


def _wrapped_looks(wrapped: Format, results: Results, places: Sequence[int]) -> Mapping[tuple[int, int], Format]:
    """The cells of results that are longer than their column is wide."""
    return {
        (row - 1, place - 1): wrapped
        for row, texts in results.rows.items()
        for place, width, text in zip(places, results.headings.values(), texts, strict=True)
        if text and len(text) > width
    }


def _heights_of_rows(results: Results | None) -> Mapping[int, int]:
    """How high the rows must be, counted from 0, where their results need more than one line."""
    if not results:
        return {}
    widths = results.headings.values()
    heights = ((row - 1, row_height((text or "" for text in texts), widths)) for row, texts in results.rows.items())
    return {row: height for row, height in heights if height > LINE_HEIGHT}


def _notes_of_rows(marks: Mapping[str, Mark]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Columns and notes by row, counted from 0: a row that has gone by takes no more of them."""
    notes: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for cell, mark in islice(marks.items(), MOST_NOTES):
        row, column = xl_cell_to_rowcol(cell)
        notes[row].append((column, mark.note))
    return notes


def _set_widths(to: Worksheet, sheet: Sheet, headings: Sequence[str], text: Format) -> None:
    columns = sheet_columns(sheet)
    for column, heading in enumerate(headings):
        known = columns.get(xl_col_to_name(column))
        to.set_column(column, column, known.width if known else _RESULT_WIDTHS.get(heading, _WIDTH), text)
