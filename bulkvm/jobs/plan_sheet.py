"""Plan a sheet: what an import would change, without sending anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.jobs.plan_file import (
    DEFAULT_VALIDITY,
    PlanFile,
    check_plan_name,
    check_validity,
    limit_option,
    rows_not_planned,
    write_plan_file,
)
from bulkvm.jobs.preparing import Prepared, prepare
from bulkvm.jobs.run_execution import before_sending
from bulkvm.jobs.sheet_input import read_input
from bulkvm.jobs.sheet_options import DEFAULT_OPTIONS, PlanOptions
from bulkvm.model.change import Plan
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import ReadAs, Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.planning import describe_excess
from bulkvm.planning.saved_plan import REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """What an import would change.

    Attributes:
        site: its name.
        tenant: None if the PBX was not asked.
        plan: None if the sheet has errors.
        problems: all problems of the sheet and the plan.
        left_out: the outcomes of the rows that are left out.
        refused: the extension of each row with an error, and its errors.
        not_compared: how many other rows there are, if the sheet has errors.
        generated: the rows whose PIN is generated.
        sheet: the sheet as it was read; None if it could not be read.
        excess: how the plan exceeds the limit on changes, if it does.
        limit_option: the option that raises the limit for the import, if it is needed.
        exit_code: as of the command line, without `--exit-code`.
        read_as: how another system's export was read.
        output: the plan file; None if none was written.
        output_error: why it could not be written.
    """

    site: str
    tenant: Tenant | None = None
    plan: Plan | None = None
    problems: tuple[Problem, ...]
    left_out: tuple[Outcome, ...] = ()
    refused: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    not_compared: int = 0
    generated: frozenset[int] = frozenset()
    sheet: Sheet | None = field(default=None, repr=False)
    excess: str | None = None
    limit_option: str = ""
    exit_code: ExitCode
    read_as: ReadAs | None = None
    output: PlanFile | None = None
    output_error: Exception | None = None


def plan_sheet(
    file: Path,
    connection: Connection,
    options: PlanOptions = DEFAULT_OPTIONS,
    *,
    output: Path | None = None,
    overwrite: bool = False,
    valid_for: timedelta = DEFAULT_VALIDITY,
    observer: Observer = SILENT,
) -> PlanReport:
    """Compare a sheet with the boxes on the PBX. Nothing is sent.

    Args:
        file: the sheet; `-` is standard input.
        connection: the PBX.
        options: how the sheet is read, checked and planned, and how many boxes may change.
        output: a file (.xlsx) for the plan, to be approved and imported. A sheet with errors gets none, unless its
            invalid rows are skipped.
        overwrite: whether an existing file may be replaced.
        valid_for: how long the plan file can be imported.
        observer: is shown the progress.

    Raises:
        SheetError: the file cannot be read as a sheet.
        UsageError: the plan cannot be written there.
        LoginRefused: the PBX refuses the login.
        PbxError: the PBX failed.
    """
    if output and str(file) == "-":
        raise UsageError("A plan file needs a sheet in a file, which is read again when the plan is imported.")
    if output:
        check_validity(valid_for)
    with before_sending():
        sheet = read_input(file, options.reading, observer)
        if output:
            check_plan_name(output, sheet, overwrite=overwrite)
        prepared = prepare(sheet, options, connection, observer, for_approval=output is not None)
    report = _report(prepared, options, connection)
    if output is None or prepared.plan is None or (prepared.has_errors and not options.skip_invalid):
        return report
    try:
        with observer.progress("Writing the plan"):
            saved = write_plan_file(output, prepared, options, connection, valid_for=valid_for, overwrite=overwrite)
            return replace(report, output=saved)
    except Exception as error:  # noqa: BLE001  (the plan is known, and is still to be shown)
        return replace(report, output_error=error)


def _report(prepared: Prepared, options: PlanOptions, connection: Connection) -> PlanReport:
    excess = None
    if prepared.plan and options.max_changes:
        excess = describe_excess(prepared.plan, options.max_changes)
    others = rows_not_planned(prepared)
    refused = {row: (number, reason) for row, (number, change, reason) in others.items() if change == REFUSED}
    read = len(prepared.checked.extensions)
    return PlanReport(
        site=connection.site.name,
        tenant=prepared.tenant,
        plan=prepared.plan,
        problems=prepared.problems,
        left_out=prepared.left_out,
        read_as=prepared.sheet.read_as,
        refused=refused,
        not_compared=0 if prepared.plan else read - len(refused) - len(prepared.left_out),
        generated=frozenset(prepared.generated_pins),
        sheet=prepared.sheet,
        excess=excess,
        limit_option=limit_option(prepared.plan, options.max_changes) if prepared.plan else "",
        exit_code=SheetError.exit_code if prepared.has_errors else ExitCode.DONE,
    )
