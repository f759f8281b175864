"""A copy of a person's own workbook, with everything that is in it."""

import io
import warnings
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import column_index_from_string, coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from bulkvm.columns import refused_text
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.reports.workbook import styles as look
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.marks import MOST_NOTES, NOTE_AUTHOR, NOTE_HEAD, NOTE_WIDTH, Mark, note_height
from bulkvm.reports.workbook.original.external_content import leave_out_external
from bulkvm.reports.workbook.original.formula_results import replace_formulas
from bulkvm.reports.workbook.original.original_cells import cells_there, escape_lookalikes, set_text, shown_cell, solid
from bulkvm.reports.workbook.original.original_summary import remove_former_summary, write_summary
from bulkvm.reports.workbook.original.result_cells import add_results
from bulkvm.reports.workbook.original.unsupported_content import has_losses, keep_pictures
from bulkvm.reports.workbook.summary import Line
from bulkvm.reports.workbook.text_cells import fit

_OUR_FILLS: Final = frozenset(solid(colour).fgColor.rgb for colour in (look.RED, look.AMBER))
_LOST: Final = Line(
    ("Macros, some pictures, text boxes, buttons, newer dropdowns or comments may be missing; your file has them.",)
)
_REPLACED: Final = Line(
    ("Formulas that are read are text here, as they showed, so that this copy can be imported. Your file has them.",)
)
_EXTERNAL: Final = (
    "Left out or made text here, because it reaches out of the workbook or starts by itself: {}. Your file has it."
)


def format_own_copy(sheet: Sheet, annotation: Annotation) -> bytes:
    """Write the workbook that a sheet was read from, with its annotation, to bytes."""
    assert sheet.name is not None
    workbook, notices = _load(sheet.path)
    own: Worksheet = workbook[sheet.name]
    if remove_former_summary(workbook, sheet.name):
        _remove_former_marks(own)
    _mark_cut_texts(own, sheet)
    if replace_formulas(own, sheet):
        notices.append(_REPLACED)
    if external := leave_out_external(workbook, own, sheet.header_row, sheet_columns(sheet)):
        notices.append(Line((_EXTERNAL.format(external),)))
    _mark(own, annotation.marks)
    if annotation.results is not None:
        add_results(own, sheet, annotation.results)
    title, *rest = annotation.summary
    write_summary(workbook, [title, *notices, *rest], sheet.name)
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):  # of large pictures, which are not drawn
        workbook.save(file)
    return file.getvalue()


def _load(file: Path) -> tuple[Workbook, list[Line]]:
    """Load a workbook, and say so where something in it will not be in the copy."""
    with file.open("rb") as source, warnings.catch_warnings(record=True) as losses:
        warnings.simplefilter("always")
        workbook = load_workbook(source, rich_text=True)
    for cell in chain.from_iterable(map(cells_there, workbook.worksheets)):
        escape_lookalikes(cell)
    pictures = keep_pictures(workbook)
    with ZipFile(file) as archive:
        is_lost = has_losses(archive, pictures)
    return workbook, [_LOST] if losses or is_lost else []


def _mark_cut_texts(own: Worksheet, sheet: Sheet) -> None:
    """Keep texts refused that are too long for a cell: cut, they would be read."""
    for letter in sheet_columns(sheet):
        column, texts = column_index_from_string(letter), sheet.texts(letter)
        for row, kind in sheet.kinds.get(letter, {}).items():
            if kind is CellKind.TOO_LONG:
                set_text(shown_cell(own, row, column), refused_text(texts[row]))


def _mark(own: Worksheet, marks: Mapping[str, Mark]) -> None:
    for number, (place, mark) in enumerate(marks.items()):
        cell = shown_cell(own, *coordinate_to_tuple(place))
        cell.fill = solid(look.COLOURS[mark.severity])
        if number < MOST_NOTES:
            cell.comment = _note(cell.comment, mark.note)


def _note(theirs: Comment | None, ours: str) -> Comment:
    """Our note, below what stands there already."""
    text = fit(f"{theirs.text.rstrip()}\n\n{ours}") if theirs else ours
    return Comment(text, theirs.author if theirs else NOTE_AUTHOR, height=note_height(text), width=NOTE_WIDTH)


def _remove_former_marks(own: Worksheet) -> None:
    """Take off what an earlier copy marked, lest mended cells stay red."""
    for cell in cells_there(own):
        if cell.has_style and cell.fill.fgColor.rgb in _OUR_FILLS:
            cell.fill = PatternFill()
        if cell.comment and NOTE_HEAD in cell.comment.text:
            theirs = cell.comment.text.partition(NOTE_HEAD)[0].rstrip()
            cell.comment = Comment(theirs, cell.comment.author) if theirs else None
