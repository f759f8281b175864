"""An annotated copy of the original workbook with all its content."""

import io
import warnings
from collections import defaultdict
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import column_index_from_string, coordinate_to_tuple, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.columns import refused_text
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.reports.workbook import styles
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.marks import MAX_NOTES, NOTE_AUTHOR, NOTE_HEAD, NOTE_WIDTH, Mark, note_height
from bulkvm.reports.workbook.original.external_content import remove_external_content
from bulkvm.reports.workbook.original.formula_results import replace_formulas
from bulkvm.reports.workbook.original.mark_rules import add_mark_rules, remove_mark_rules
from bulkvm.reports.workbook.original.original_cells import (
    escape_lookalikes,
    existing_cells,
    set_text,
    solid_fill,
    visible_cell,
)
from bulkvm.reports.workbook.original.original_summary import remove_former_summary, write_summary
from bulkvm.reports.workbook.original.result_cells import add_results
from bulkvm.reports.workbook.original.result_pane import set_up_printing
from bulkvm.reports.workbook.original.unsupported_content import has_unsupported_content, remove_unsupported_pictures
from bulkvm.reports.workbook.summary import Line
from bulkvm.reports.workbook.text_cells import fit

_OUR_FILLS: Final = frozenset(solid_fill(colour).fgColor.rgb for colour in (styles.RED, styles.AMBER))
_UNSUPPORTED: Final = Line(
    ("Macros, buttons, text boxes, some pictures, lists and comments may be missing here. Your file has them.",)
)
_REPLACED: Final = Line(
    ("Formulas in columns that are read are replaced by their results, so that this copy can be imported.",)
)
_EXTERNAL: Final = (
    "Removed or replaced by text, because it refers to something outside the workbook or runs by itself: {}. "
    "Your file has it."
)


def format_original_copy(sheet: Sheet, annotation: Annotation) -> bytes:
    """Return a copy of the workbook that a sheet was read from, with its annotation."""
    assert sheet.name is not None
    workbook, notices = _load(sheet.path)
    worksheet: Worksheet = workbook[sheet.name]
    if remove_former_summary(workbook, sheet.name) or _has_our_notes(worksheet):
        _remove_former_marks(worksheet)
    _mark_truncated_texts(worksheet, sheet)
    if replace_formulas(worksheet, sheet):
        notices.append(_REPLACED)
    if external := remove_external_content(workbook, worksheet, sheet.header_row, sheet_columns(sheet)):
        notices.append(Line((_EXTERNAL.format(external),)))
    marked = _mark(worksheet, annotation.marks)
    if annotation.results is not None:
        for colour, cells in add_results(worksheet, sheet, annotation.results).items():
            marked[colour].extend(cells)
    else:
        last = max((cell.column for cell in existing_cells(worksheet) if cell.value is not None), default=1)
        bottom = max(sheet.cells.index, default=sheet.header_row)
        set_up_printing(worksheet, sheet, f"{get_column_letter(last)}{bottom}")
    add_mark_rules(worksheet, marked)
    title, *rest = annotation.summary
    write_summary(workbook, [title, *notices, *rest], sheet.name)
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):  # about large pictures, which are copied without decoding
        workbook.save(file)
    return file.getvalue()


def _load(file: Path) -> tuple[Workbook, list[Line]]:
    """Load a workbook, with a notice if the copy cannot keep everything in it."""
    with file.open("rb") as source, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        workbook = load_workbook(source, rich_text=True)
    for cell in chain.from_iterable(map(existing_cells, workbook.worksheets)):
        escape_lookalikes(cell)
    pictures = remove_unsupported_pictures(workbook)
    with ZipFile(file) as archive:
        is_incomplete = has_unsupported_content(archive, pictures)
    return workbook, [_UNSUPPORTED] if caught or is_incomplete else []


def _mark_truncated_texts(worksheet: Worksheet, sheet: Sheet) -> None:
    """Mark texts that are too long for a cell as refused: truncated, they could be accepted."""
    for letter in sheet_columns(sheet):
        column, texts = column_index_from_string(letter), sheet.texts(letter)
        for row, kind in sheet.kinds.get(letter, {}).items():
            if kind is CellKind.TOO_LONG:
                set_text(visible_cell(worksheet, row, column), refused_text(texts[row]))


def _mark(worksheet: Worksheet, marks: Mapping[str, Mark]) -> dict[str, list[Cell]]:
    """Mark cells, and return them by colour. The marks of merged cells, errors first, are one."""
    merged: dict[Cell, Mark] = {}
    for place, mark in marks.items():
        cell = visible_cell(worksheet, *coordinate_to_tuple(place))
        first = merged.get(cell)
        merged[cell] = Mark(first.severity, first.texts + mark.texts) if first else mark
    marked: dict[str, list[Cell]] = defaultdict(list)
    for number, (cell, mark) in enumerate(merged.items()):
        colour = styles.COLOURS[mark.severity]
        cell.fill = solid_fill(colour)
        marked[colour].append(cell)
        if number < MAX_NOTES:
            cell.comment = _note(cell.comment, mark.note)
    return marked


def _note(theirs: Comment | None, ours: str) -> Comment:
    """Make a note, below the text of an existing one."""
    text = fit(f"{theirs.text.rstrip()}\n\n{ours}") if theirs else ours
    return Comment(text, theirs.author if theirs else NOTE_AUTHOR, height=note_height(text), width=NOTE_WIDTH)


def _has_our_notes(worksheet: Worksheet) -> bool:
    """Whether cells have notes of an earlier copy, as in a sheet that was copied without its summary."""
    return any(cell.comment and NOTE_HEAD in cell.comment.text for cell in existing_cells(worksheet))


def _remove_former_marks(worksheet: Worksheet) -> None:
    """Remove the marks of an earlier copy, so that corrected cells do not stay red."""
    remove_mark_rules(worksheet)
    for cell in existing_cells(worksheet):
        if cell.has_style and cell.fill.fgColor.rgb in _OUR_FILLS:
            cell.fill = PatternFill()
        if cell.comment and NOTE_HEAD in cell.comment.text:
            theirs = cell.comment.text.partition(NOTE_HEAD)[0].rstrip()
            cell.comment = Comment(theirs, cell.comment.author) if theirs else None
