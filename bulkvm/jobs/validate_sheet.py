"""Validate a sheet, offline: report every problem, and write marked and clean copies."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.jobs.sheet_input import check_input, read_input
from bulkvm.jobs.sheet_options import SheetOptions
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import ReadAs, Sheet
from bulkvm.validation import warn_of_blanks

_DEFAULT: Final = SheetOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """The problems of a sheet.

    Attributes:
        sheet: the name of the sheet in a workbook.
        rows: how many rows were read.
        valid: how many of them have no error.
        left_out: how many of them are left out.
        problems: all problems, in the order of the sheet.
        exit_code: as of the command line.
        annotated: the copy with a note at each problem; None if none was written.
        clean: the copy of the parsed rows; None if none was written.
        output_error: why a copy could not be written.
        read_as: how another system's export was read.
    """

    sheet: str | None = None
    rows: int = 0
    valid: int = 0
    left_out: int = 0
    problems: tuple[Problem, ...]
    exit_code: ExitCode
    annotated: Path | None = None
    clean: Path | None = None
    output_error: Exception | None = None
    read_as: ReadAs | None = None


def validate_sheet(
    file: Path,
    options: SheetOptions = _DEFAULT,
    *,
    annotate: Path | None = None,
    clean: Path | None = None,
    overwrite: bool = False,
    observer: Observer = SILENT,
) -> ValidationReport:
    """Check every cell of every row of a sheet. No PBX is contacted.

    Args:
        file: the sheet; `-` is standard input.
        options: how the sheet is read and checked.
        annotate: a file (.xlsx) for a copy of the sheet with each problem at its cell.
        clean: a file (.xlsx or .csv) for the parsed rows, in bulkvm's own columns.
        overwrite: whether existing files may be replaced.
        observer: is shown the progress.

    Raises:
        SheetError: the file cannot be read as a sheet.
        UsageError: a copy cannot be written there.
    """
    sheet = read_input(file, options, observer)
    _check_targets(sheet, annotate, clean, overwrite=overwrite)
    checked = check_input(sheet, options, observer)
    problems = (*checked.problems, *warn_of_blanks(checked))
    report = ValidationReport(
        sheet=sheet.name,
        rows=len(checked.extensions),
        valid=len(checked.records),
        left_out=len(checked.left_out),
        read_as=sheet.read_as,
        problems=problems,
        exit_code=SheetError.exit_code if any(problem.is_error for problem in problems) else ExitCode.DONE,
    )
    try:
        if annotate:
            from bulkvm.reports.workbook.annotated_copy import write_annotated  # noqa: PLC0415  (slow to import)

            with observer.progress("Writing the annotated copy"):
                report = replace(report, annotated=write_annotated(annotate, sheet, problems, overwrite=overwrite))
        if clean:
            from bulkvm.reports.workbook.clean_copy import write_clean  # noqa: PLC0415  (slow to import)

            with observer.progress("Writing the clean copy"):
                report = replace(report, clean=write_clean(clean, sheet, checked.understood, overwrite=overwrite))
    except Exception as error:  # noqa: BLE001  (the problems are known, and are still to be shown)
        return replace(report, output_error=error)
    return report


def _check_targets(sheet: Sheet, annotate: Path | None, clean: Path | None, *, overwrite: bool) -> None:
    """Check that the copies can be written."""
    if not (annotate or clean):
        return
    from bulkvm.reports.output_checks import check_result_name  # noqa: PLC0415  (slow to import)

    if annotate and clean and annotate.absolute() == clean.absolute():
        raise UsageError(f"--annotate and --clean both name {clean}. Name two different files.")
    if annotate:
        from bulkvm.reports.workbook.annotated_copy import check_annotated_name  # noqa: PLC0415  (slow to import)

        check_annotated_name(annotate)
    for target in filter(None, (annotate, clean)):
        check_result_name(target, sheet, overwrite=overwrite)
