"""What became of each row, in the person's own sheet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bulkvm.files import Reservation, writing
from bulkvm.model.outcome import Outcome
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import Sheet
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.table_file import Table, format_table, table_kind
from bulkvm.reports.workbook.annotated_copy import write_copy
from bulkvm.reports.workbook.annotation import Annotation
from bulkvm.reports.workbook.grid import make_grid
from bulkvm.reports.workbook.marks import place_marks
from bulkvm.reports.workbook.result_columns import list_results
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
    """Write a sheet back with what became of each row beside it.

    Args:
        target: an .xlsx file, an annotated copy with result columns and the run's summary; or a .csv file, the
            sheet's text with result columns. Not the sheet's own file.
        sheet: as it was read.
        outcomes: one a row; rows without one keep what an earlier result says of them.
        problems: all that is to be marked, those that reading found included.
        run: what the summary says of the run.
        pins: those that were generated, by row.
        overwrite: whether a file that has the name may be replaced; or the reservation of the name.

    Returns:
        The file really written, see `writing`.
    """
    check_result_name(target, sheet, overwrite=overwrite)
    results = list_results(outcomes, problems, pins or {})
    if table_kind(target) == "xlsx":
        summary = summarise_run(sheet, outcomes, problems, run)
        annotation = Annotation(place_marks(sheet, problems), summary, results)
        return write_copy(target, sheet, annotation, overwrite=overwrite)
    grid = make_grid(sheet, results)
    content = format_table(Table(grid.headings, [], (row for _, row in grid.rows)), "csv")
    with writing(target, overwrite=overwrite) as new:
        new.file.write(content)
    return new.path
