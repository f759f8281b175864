"""Results: the sheet with the outcome of each row."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bulkvm.files import Reservation, writing
from bulkvm.model.outcome import Outcome
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.table_file import Table, format_table, table_format
from bulkvm.reports.workbook.annotated_copy import write_copy
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.grid import make_grid
from bulkvm.reports.workbook.marks import cells_with_lost_zeros, make_marks, most_severe
from bulkvm.reports.workbook.our_columns import in_our_columns
from bulkvm.reports.workbook.result_columns import make_results
from bulkvm.reports.workbook.summary import RunSummary, summarise_run


def write_result(
    target: Path,
    sheet: Sheet,
    outcomes: Sequence[Outcome],
    problems: Sequence[Problem],
    run: RunSummary,
    *,
    pins: Mapping[int, str] | None = None,
    overwrite: bool | Reservation = False,
) -> Path:
    """Write a sheet with the outcome of each row.

    Args:
        target: a file other than the sheet's own: .xlsx for an annotated copy with result columns and a summary of the
            run, or .csv for the sheet's text with result columns.
        sheet: the sheet as it was read; that of another system's export is written in bulkvm's columns.
        outcomes: the outcomes; rows without one keep the text of an earlier result.
        problems: all problems to mark, including those found on reading.
        run: facts about the run, for the summary.
        pins: generated PINs by row.
        overwrite: whether an existing file may be replaced; or the reservation of the name.

    Returns:
        The path of the file written, see `writing`.
    """
    check_result_name(target, sheet, overwrite=overwrite)
    is_workbook = table_format(target) == "xlsx"
    sheet, problems = in_our_columns(sheet, problems, for_scripts=not is_workbook)
    results = make_results(outcomes, problems, pins or {}, for_scripts=not is_workbook)
    if is_workbook:
        summary = summarise_run(sheet, outcomes, problems, run)
        marks = make_marks(sheet, most_severe(problems))
        annotation = Annotation(marks, summary, results, cells_with_lost_zeros(problems))
        return write_copy(target, sheet, annotation, overwrite=overwrite)
    grid = make_grid(sheet, results)
    content = format_table(Table(grid.headings, [], (row for _, row in grid.rows)), "csv")
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path
