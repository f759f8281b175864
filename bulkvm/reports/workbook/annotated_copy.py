"""The person's sheet back, with what is wrong in it marked where it stands."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bulkvm.files import Reservation, writing
from bulkvm.model.errors import UsageError
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.marks import MOST_NOTES, place_marks
from bulkvm.reports.workbook.original.memory_estimate import MOST_CHANGES, count_changes, fits_in_memory
from bulkvm.reports.workbook.original.original_copy import format_own_copy
from bulkvm.reports.workbook.result_columns import list_messages
from bulkvm.reports.workbook.summary import Line, summarise_problems
from bulkvm.reports.workbook.text_only.text_copy import format_plain_copy

_TEXT_ALONE: Final = "This copy holds the sheet's text alone, without colours and other sheets of your own:"
_TOO_BIG: Final = Line((f"{_TEXT_ALONE} the workbook is too big to be copied whole.",))
_TOO_MANY: Final = Line((f"{_TEXT_ALONE} too many cells are marked or filled in for the workbook to be copied whole.",))
_CHANGED: Final = Line((f"{_TEXT_ALONE} the workbook was changed after it had been read.",))
_NOT_COPIED: Final = Line((f"{_TEXT_ALONE} the workbook could not be copied as it is.",))


def write_annotated(
    target: Path, sheet: Sheet, problems: Sequence[Problem], *, overwrite: bool | Reservation = False
) -> Path:
    """Write a copy of a sheet's workbook with the cells coloured, a note in each, and a summary on top.

    From a CSV file, and from a workbook too big to be copied whole, it is a workbook of the sheet's text alone.

    Args:
        target: an .xlsx file, not the sheet's own.
        sheet: as it was read.
        problems: all that is to be marked, those that reading found included.
        overwrite: whether a file that has the name may be replaced; or the reservation of the name.

    Returns:
        The file really written, see `writing`.
    """
    if target.suffix.lower() != ".xlsx":
        raise UsageError(f"{target.name} could not be written: the name of an annotated copy must end in .xlsx.")
    check_result_name(target, sheet, overwrite=overwrite)
    marks = place_marks(sheet, problems)
    messages = list_messages(sheet, problems, all_of_them=len(marks) > MOST_NOTES)
    summary = summarise_problems(sheet, problems, in_column=messages is not None)
    return write_copy(target, sheet, Annotation(marks, summary, messages), overwrite=overwrite)


def write_copy(target: Path, sheet: Sheet, annotation: Annotation, *, overwrite: bool | Reservation = False) -> Path:
    """Write a workbook: the person's own where that can be done, else one of text."""
    with writing(target, overwrite=overwrite) as new:  # around all of it: what is written for a time needs room too
        content = format_plain_copy(sheet, annotation) if sheet.name is None else _format_own(sheet, annotation)
        new.file.write(content)
    return new.path


def _format_own(sheet: Sheet, annotation: Annotation) -> bytes:
    """The person's own workbook, or else its text with a line that says why."""
    try:
        if not _is_as_it_was_read(sheet):
            notice = _CHANGED
        elif count_changes(sheet, annotation) > MOST_CHANGES:
            notice = _TOO_MANY
        elif fits_in_memory(sheet.path):
            return format_own_copy(sheet, annotation)
        else:
            notice = _TOO_BIG
    except Exception:  # noqa: BLE001  (openpyxl may stumble over anything in a workbook, and a result must come)
        notice = _NOT_COPIED
    title, *rest = annotation.summary
    return format_plain_copy(sheet, replace(annotation, summary=[title, notice, *rest]))


def _is_as_it_was_read(sheet: Sheet) -> bool:
    """Whether the rows of the file are still those of the sheet: somebody may have sorted it meanwhile."""
    return not sheet.sha256 or hashlib.sha256(sheet.path.read_bytes()).hexdigest() == sheet.sha256
