"""The result file of a past run, from its journal."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bulkvm.files import Reservation, check_target
from bulkvm.model.box import BLANK, Record
from bulkvm.model.errors import UsageError
from bulkvm.model.outcome import Outcome
from bulkvm.model.problem import Problem
from bulkvm.reports.output_checks import check_not_input
from bulkvm.reports.table_file import table_format
from bulkvm.reports.text.plan_text import render_outcomes
from bulkvm.reports.workbook.from_journal import rebuild_sheet
from bulkvm.reports.workbook.result import write_result
from bulkvm.reports.workbook.summary import RunSummary
from bulkvm.runs import ListedRun, PastRun, RunInfo, RunState, exit_code_of
from bulkvm.runs.history import UNDO_OF, is_undo, pins_on_pbx, record_of


def check_run_result(info: RunInfo, target: Path, *, overwrite: bool) -> None:
    """Check that the result of a run can be written to a file.

    Raises:
        UsageError: the suffix is unknown, it is the sheet's own file, the name is taken, or the folder is not writable.
    """
    table_format(target)
    check_not_input(target, Path(info.file))
    check_target(target, overwrite=overwrite)


def recreate_result(run: ListedRun, past: PastRun, target: Path, *, overwrite: bool) -> Path:
    """Write the result of a past run from its journal.

    Raises:
        UsageError: the run is in progress.
    """
    if run.state is RunState.IN_PROGRESS:
        raise UsageError(f"The run {run.info.name} is still in progress. It will write its result when it ends.")
    code = exit_code_of(past.outcomes, None) if past.exit_code is None else past.exit_code
    return write_run_result(past, (), target, code, overwrite=overwrite)


def write_run_result(
    past: PastRun, problems: Sequence[Problem], target: Path, code: int, *, overwrite: bool | Reservation = False
) -> Path:
    """Write the rows of a run, with PINs, and what became of each."""
    info, outcomes = past.info, past.outcomes
    undo_of = info.file.removeprefix(UNDO_OF) if is_undo(info) else ""
    generated = {row: given.record.pin for row, given in past.rows.items() if given.has_generated_pin}
    pins = pins_on_pbx({row: pin for row, pin in generated.items() if pin is not BLANK}, outcomes)
    records = [record_of(past, row) or Record(row=row, extension_number="") for row in info.extensions]
    records = [replace(record, pin=BLANK) if pins.get(record.row) == "" else record for record in records]
    cells = {row: given.cells for row, given in past.rows.items() if given.cells}
    sheet = rebuild_sheet(Path(info.file), records, cells, undo_of=undo_of)
    if not undo_of:
        outcomes = tuple(o if record_of(past, o.row) else replace(o, message=_row_lost(past, o)) for o in outcomes)
    summary = RunSummary(
        run=info.name,
        site=info.site,
        tenant=info.known_tenant,
        time=info.began,
        input_sha256=info.input_sha256,
        exit_code=code,
        title=render_outcomes(past.outcomes, past.changes),
        undo_of=undo_of,
        plan=Path(info.plan_file).name,
    )
    return write_result(target, sheet, outcomes, problems, summary, pins=pins, overwrite=overwrite)


def _row_lost(past: PastRun, outcome: Outcome) -> str:
    """What to do about a row whose contents the journal lacks, so that the result cannot be imported as it is."""
    file, plan = Path(past.info.file).name, Path(past.info.plan_file).name
    remedy = f"Import the plan {plan} again." if plan else f"Copy the row from {file}, or import that file again."
    return (
        f"The journal holds only the extension of this row, {outcome.extension_number}. {remedy} {outcome.message}"
    ).rstrip()
