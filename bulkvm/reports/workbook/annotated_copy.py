"""Annotated copies: the sheet with its problems marked at their cells."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bulkvm.files import Reservation, check_kind, writing
from bulkvm.model.errors import UsageError
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.marks import MAX_NOTES, cells_with_lost_zeros, make_marks, most_severe
from bulkvm.reports.workbook.original.memory_estimate import MAX_CHANGES, count_changes, fits_in_memory
from bulkvm.reports.workbook.original.original_copy import format_original_copy
from bulkvm.reports.workbook.our_columns import in_our_columns
from bulkvm.reports.workbook.result_columns import add_left_out, make_messages
from bulkvm.reports.workbook.summary import Line, summarise_problems
from bulkvm.reports.workbook.text_only.text_copy import format_text_copy

_TEXT_ONLY: Final = "This copy contains only the text of the sheet, without your formatting and other sheets:"
_TOO_LARGE: Final = Line((f"{_TEXT_ONLY} the workbook is too large to copy completely.",))
_TOO_MANY: Final = Line((f"{_TEXT_ONLY} too many cells are marked or filled in to copy the workbook completely.",))
_CHANGED: Final = Line((f"{_TEXT_ONLY} the workbook was changed after it was read.",))
_NOT_COPIED: Final = Line((f"{_TEXT_ONLY} the workbook could not be copied completely.",))


def write_annotated(
    target: Path, sheet: Sheet, problems: Sequence[Problem], *, overwrite: bool | Reservation = False
) -> Path:
    """Write a copy of a sheet's workbook with problems marked by colour and note, and a summary sheet.

    For a CSV file, or a workbook that is too large to copy, it contains only the text of the sheet. Another system's
    export is written in bulkvm's columns.

    Args:
        target: an .xlsx file other than the sheet's own.
        sheet: the sheet as it was read.
        problems: all problems to mark, including those found on reading.
        overwrite: whether an existing file may be replaced; or the reservation of the name.

    Returns:
        The path of the file written, see `writing`.
    """
    check_annotated_name(target)
    check_result_name(target, sheet, overwrite=overwrite)
    sheet, problems = in_our_columns(sheet, problems)
    marked = most_severe(problems)
    marks = make_marks(sheet, marked)
    messages = make_messages(sheet, marked, required=len(marks) > MAX_NOTES)
    summary = summarise_problems(sheet, problems, in_column=messages is not None)
    if sheet.read_as and sheet.left_out:
        messages = add_left_out(messages, sheet.left_out)
    annotation = Annotation(marks, summary, messages, cells_with_lost_zeros(problems))
    return write_copy(target, sheet, annotation, overwrite=overwrite)


def check_annotated_name(target: Path) -> None:
    """Check the extension of an annotated copy.

    Raises:
        UsageError: it is not .xlsx, or the name is that of a device.
    """
    if target.suffix.lower() != ".xlsx":
        check_kind(target)
        raise UsageError(f"{target} could not be written: the name of an annotated copy must end in .xlsx.")


def write_copy(target: Path, sheet: Sheet, annotation: Annotation, *, overwrite: bool | Reservation = False) -> Path:
    """Write an annotated copy of the original workbook if possible, otherwise of its text only."""
    with writing(target, overwrite=overwrite) as new:  # opened first: temporary files need disk space too
        content = (
            format_text_copy(sheet, annotation) if sheet.name is None else _format_workbook_copy(sheet, annotation)
        )
        new.file.write(content)
    return new.path


def _format_workbook_copy(sheet: Sheet, annotation: Annotation) -> bytes:
    """Return a copy of the original workbook, or of its text only with a notice about the reason."""
    try:
        if not _is_unchanged(sheet):
            notice = _CHANGED
        elif count_changes(sheet, annotation) > MAX_CHANGES:
            notice = _TOO_MANY
        elif fits_in_memory(sheet.path):
            return format_original_copy(sheet, annotation)
        else:
            notice = _TOO_LARGE
    except Exception:  # noqa: BLE001  (openpyxl can fail on any content, and a result must be written)
        notice = _NOT_COPIED
    title, *rest = annotation.summary
    return format_text_copy(sheet, replace(annotation, summary=[title, notice, *rest]))


def _is_unchanged(sheet: Sheet) -> bool:
    """Return whether the file is still the one that was read: it may have been edited or sorted since."""
    return not sheet.sha256 or hashlib.sha256(sheet.path.read_bytes()).hexdigest() == sheet.sha256
