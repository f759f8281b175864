"""Import a sheet: create and update boxes, and account for every row."""

import re
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from bulkvm.files import Reservation, reserve
from bulkvm.jobs.approved_plan import ApprovedPlan
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.jobs.pin_column import find_cleared_rows, find_kept_pins
from bulkvm.jobs.plan_file import read_plan_file
from bulkvm.jobs.preparing import Prepared, prepare
from bulkvm.jobs.run_execution import RunReport, add_result, before_sending, execute, new_run
from bulkvm.jobs.sheet_input import read_input
from bulkvm.jobs.sheet_options import DEFAULT_MAX_CHANGES, DEFAULT_OPTIONS, PlanOptions
from bulkvm.model.errors import BulkvmError, Interrupted, LimitExceeded, SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome
from bulkvm.model.settings import Limit
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.planning import check_changes
from bulkvm.reports.output_checks import check_result_name
from bulkvm.reports.text.problem_text import render_problems
from bulkvm.reports.workbook.result import write_result
from bulkvm.reports.workbook.summary import RunSummary
from bulkvm.runs import complete_outcomes
from bulkvm.runs.history import find_interrupted_import, pins_on_pbx
from bulkvm.runs.refused_results import is_unchanged, remember
from bulkvm.runs.tenant_lock import lock_tenant
from bulkvm.text import command_file, printable
from bulkvm.validation import PLACEHOLDER, find_other_purpose

ANSWERED_AT_ONCE: Final = 10.0  # seconds in which an approved plan is not compared with the boxes again
_RESULT: Final = re.compile(r"\.result(-\d+)?$")


def import_sheet(
    file: Path,
    connection: Connection,
    options: PlanOptions = DEFAULT_OPTIONS,
    *,
    result: Path | None = None,
    overwrite: bool = False,
    observer: Observer = SILENT,
    approved: ApprovedPlan | None = None,
    source: str | None = None,
) -> RunReport:
    """Create and update boxes from a sheet, and write what became of each row to a result file.

    A sheet with errors sends nothing, unless `options.skip_invalid` is set. Importing a sheet again is always safe.
    Only one run at a time can work on a tenant.

    Args:
        file: the sheet; `-` is standard input.
        connection: the PBX, with the settings for requests and for how many rows may fail.
        options: how the sheet is read, checked and planned, and how many boxes may change.
        result: the result file (.xlsx or .csv); by default, an unused name beside the sheet.
        overwrite: whether an existing result file may be replaced.
        observer: is shown the progress, and approves the plan.
        approved: the only plan that may be sent; see `import_plan`.
        source: the URL that the file was copied from. By default, the result is then in the current folder.

    Returns:
        One outcome for each row that was read, and why nothing was sent or the run ended early, if so.

    Raises:
        SheetError: the file cannot be read as a sheet; PlanRefused if it differs from the approved plan.
        UsageError, FileError: the result cannot be written there.
        LockHeld: another run against the tenant is in progress.
        LoginRefused, PbxError: the PBX refused the login, or failed while the plan was made; nothing was sent.
        Interrupted: interrupted for the second time while rows were sent.
    """
    with ExitStack() as stack:
        with before_sending():
            sheet = _read(file, options, observer, approved, source)
            reserved = _reserve_result(Path(file.name) if source else file, sheet, result, overwrite=overwrite)
            reservation = stack.enter_context(reserved)
            check_result_name(reservation.path, sheet, overwrite=reservation)
            lock = partial(_lock_until_end, stack, approved)
            prepared = prepare(sheet, options, connection, observer, on_tenant=lock, for_approval=approved is not None)
        prepared = approved.apply(prepared, observer) if approved else prepared
        _report_interrupted_import(prepared.tenant, observer)
        report = _Import(source or file, connection, prepared, reservation, observer, approved, sheet).run(options)
        return replace(report, plan=approved.reference) if approved else report


def import_plan(
    file: Path,
    connection: Connection,
    *,
    original: Path | None = None,
    max_changes: Limit | None = DEFAULT_MAX_CHANGES,
    result: Path | None = None,
    overwrite: bool = False,
    observer: Observer = SILENT,
    source: str | None = None,
) -> RunReport:
    """Send an approved plan exactly as it is, or nothing. What an earlier run of it has sent is not sent again.

    Args:
        file: the plan file that `plan_sheet` wrote.
        connection: the PBX, with the settings for requests and for how many rows may fail.
        original: the sheet that the plan was made from, if it is no longer where it was, nor beside the plan.
        max_changes: how many of the existing boxes may change; None for no limit.
        result: the result file; by default, an unused name beside the sheet.
        overwrite: whether an existing result file may be replaced.
        observer: is shown the progress, and approves the plan.
        source: the URL that the file was copied from.

    Raises:
        UsageError: the result would overwrite the plan.
        PlanRefused: the plan was edited, has expired, or was made for another tenant or from another sheet, or a box
            that it changes was changed, or an unchanged row no longer agrees with its box; nothing was sent.
    """
    if result and result.exists() and file.exists() and result.samefile(file):
        raise UsageError(f"{result} is the plan itself, which bulkvm never overwrites. Use another file.")
    with before_sending(), observer.progress("Reading the plan"):
        approved = ApprovedPlan(read_plan_file(file), source)
    return import_sheet(
        approved.find_sheet(original),
        connection,
        replace(approved.plan.options, max_changes=max_changes),
        result=result,
        overwrite=overwrite,
        observer=observer,
        approved=approved,
    )


def result_name(file: Path) -> Path:
    """The default name of a result: `clinic.result.xlsx` for `clinic.csv`, and for a result with that name."""
    if str(file) == "-":
        return Path("bulkvm.result.xlsx")
    return file.with_name(f"{_RESULT.sub('', file.stem)}.result.xlsx")


def _read(
    file: Path, options: PlanOptions, observer: Observer, approved: ApprovedPlan | None, source: str | None
) -> Sheet:
    """Read a sheet, and refuse a file that is not meant to be imported.

    Raises:
        SheetError: it cannot be read as a sheet, is not that of the plan, or is a plan or the result of an undo.
    """
    sheet = read_input(file, options.reading, observer)
    if approved:
        approved.check_sheet(sheet)
    elif others := find_other_purpose(sheet):
        place = PLACEHOLDER if str(file) == "-" else command_file(source or file)
        message = others[0].message_with_option.replace(f"import {PLACEHOLDER} ", f"import {place} ")
        raise SheetError(f"Nothing was sent. {printable(Path(source or file).name)}: {message}", others[0].code)
    return sheet


def _lock_until_end(stack: ExitStack, approved: ApprovedPlan | None, tenant: Tenant) -> None:
    """Lock a tenant until the stack is closed."""
    if approved:
        approved.check_tenant(tenant)
    stack.enter_context(lock_tenant(tenant))


def _report_interrupted_import(tenant: Tenant | None, observer: Observer) -> None:
    if tenant and (last := find_interrupted_import(tenant)):
        observer.notice(
            f"The journal of the last import, of {Path(last.file).name}, has no end: the import was killed, or the "
            "journal was cut. If its result is missing, re-create it, with the generated PINs: "
            f"`bulkvm runs {last.name} --result FILE`."
        )


def _reserve_result(
    file: Path, sheet: Sheet, result: Path | None, *, overwrite: bool
) -> AbstractContextManager[Reservation]:
    if result:
        check_result_name(result, sheet, overwrite=overwrite)
    target = result or result_name(file)
    replaces = result is None and is_unchanged(target) and (str(file) == "-" or not target.samefile(file))
    return reserve(target, overwrite=overwrite or replaces, unused=result is None and not replaces)


@dataclass(frozen=True, slots=True)
class _Import:
    """An import whose sheet was checked and planned."""

    file: Path | str
    connection: Connection
    prepared: Prepared
    reservation: Reservation
    observer: Observer
    approved: ApprovedPlan | None
    sheet: Sheet  # as it was read

    def run(self, options: PlanOptions) -> RunReport:
        """Send the plan, if the sheet has no errors and the plan is within the limit and approved."""
        prepared = self.prepared
        if prepared.plan is None or prepared.tenant is None or (prepared.has_errors and not options.skip_invalid):
            return self._refuse()
        try:
            if options.max_changes:
                check_changes(prepared.plan, options.max_changes, self._how_to_check())
            asked = time.monotonic()
            is_wanted = self.observer.approve(prepared.plan, prepared.problems, prepared.tenant)
        except (LimitExceeded, UsageError, Interrupted) as error:
            if isinstance(error, LimitExceeded) and prepared.warnings:
                self.observer.notice(render_problems(prepared.warnings))
            return self._report_not_sent(error.exit_code, error)
        if not is_wanted:
            return self._report_not_sent(ExitCode.NOT_ALL_DONE)
        if not prepared.checked.extensions:  # an earlier run completed every row: a result would be empty
            return self._report_not_sent(ExitCode.DONE)
        if self.approved and time.monotonic() - asked > ANSWERED_AT_ONCE:
            return replace(self, prepared=self._compare_again(self.approved, options)).send()
        return self.send()

    def _compare_again(self, approved: ApprovedPlan, options: PlanOptions) -> Prepared:
        """Compare the plan with the boxes as before the question, which may have been open for hours.

        Raises:
            PlanRefused: a box was changed since, or the plan has expired.
        """
        with before_sending():
            prepared = prepare(
                self.sheet,
                options,
                self.connection,
                self.observer,
                on_tenant=approved.check_tenant,
                for_approval=True,
            )
        return approved.apply(prepared, SILENT)

    def _how_to_check(self) -> str:
        """How to check the plan, in the words of a message."""
        if self.approved or str(self.file) == "-":
            return "Check the plan."
        command = f"bulkvm plan {command_file(self.file)}"
        return f"Check the plan with `{command}`, and with the options of this import about the sheet."

    def _refuse(self) -> RunReport:
        """Send nothing because the sheet has errors, and write them to the result, if there are rows."""
        can_skip = all(problem.row for problem in self.prepared.problems if problem.is_error)
        remedy = ", or skip the invalid rows with --skip-invalid" if can_skip else ""
        error = SheetError(f"Nothing was sent. Correct the errors first{remedy}.")
        report = self._report_not_sent(error.exit_code, error)
        if not report.outcomes:
            return report
        began = datetime.now(UTC)
        report = add_result(report, self.observer, lambda: self._write_result(report.outcomes, report.exit_code, began))
        if report.result:
            remember(report.result)
        return report

    def _report_not_sent(self, exit_code: ExitCode, error: BulkvmError | None = None) -> RunReport:
        """Account for the rows of an import that sent nothing."""
        prepared = self.prepared
        return RunReport(
            site=self.connection.site.name,
            tenant=prepared.tenant,
            outcomes=complete_outcomes(prepared.checked.extensions, prepared.problems, prepared.left_out),
            problems=prepared.problems,
            exit_code=exit_code,
            error=error,
            read_as=prepared.sheet.read_as,
        )

    def send(self) -> RunReport:
        """Send the plan, which was approved."""
        prepared = self.prepared
        plan, tenant = prepared.plan, prepared.tenant
        assert plan is not None
        assert tenant is not None
        # `bulkvm runs` may be called in another folder.
        file = self.file if isinstance(self.file, str) or str(self.file) == "-" else self.file.absolute()
        info = new_run(
            str(file), self.connection, tenant, prepared.checked.extensions, input_sha256=prepared.sheet.sha256
        )
        if self.approved:
            plan_file = self.approved.reference
            info = replace(info, plan_file=plan_file["file"], plan_id=plan_file["id"], plan_sha256=plan_file["sha256"])
        report = execute(
            plan,
            info,
            self.connection,
            self.observer,
            rows=prepared.rows,
            problems=prepared.problems,
            write_result=lambda outcomes, code: self._write_result(outcomes, code, info.began, info.name),
        )
        pins = pins_on_pbx(prepared.generated_pins, report.outcomes).values()
        generated = len(list(filter(None, pins)))
        return replace(report, generated_pins=generated, read_as=prepared.sheet.read_as)

    def _write_result(self, outcomes: tuple[Outcome, ...], code: int, began: datetime, run: str = "") -> Path:
        prepared = self.prepared
        summary = RunSummary(
            run=run,
            site=self.connection.site.name,
            tenant=prepared.tenant,
            time=began,
            input_sha256=prepared.sheet.sha256,
            exit_code=code,
            plan=self.approved.plan.path.name if self.approved else "",
        )
        return write_result(
            self.reservation.path,
            prepared.sheet,
            outcomes,
            prepared.problems,
            summary,
            pins=self._pins(outcomes),
            overwrite=self.reservation,
        )

    def _pins(self, outcomes: tuple[Outcome, ...]) -> dict[int, str]:
        """The texts of the column bulkvm_pin, by row."""
        prepared = self.prepared
        sent = pins_on_pbx(prepared.pins_not_in_cells, outcomes)
        if prepared.plan is None:
            return sent
        cleared = find_cleared_rows(prepared.sheet, prepared.plan, outcomes)
        return {
            **dict.fromkeys(cleared, ""),
            **sent,
            **find_kept_pins(prepared.sheet, prepared.checked, prepared.plan),
        }
