"""Plan a sheet: what an import would change, without sending anything."""

from dataclasses import dataclass
from pathlib import Path

from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.jobs.preparing import prepare
from bulkvm.jobs.run_execution import before_sending
from bulkvm.jobs.sheet_input import read_input
from bulkvm.jobs.sheet_options import DEFAULT_OPTIONS, PlanOptions
from bulkvm.model.change import Plan
from bulkvm.model.errors import SheetError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import ReadAs
from bulkvm.model.tenant import Tenant
from bulkvm.planning import describe_excess


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """What an import would change.

    Attributes:
        site: its name.
        tenant: None if the PBX was not asked.
        plan: None if the sheet has errors.
        problems: all problems of the sheet and the plan.
        left_out: the outcomes of the rows that are left out.
        excess: how the plan exceeds the limit on changes, if it does.
        exit_code: as of the command line, without `--exit-code`.
        read_as: how another system's export was read.
    """

    site: str
    tenant: Tenant | None = None
    plan: Plan | None = None
    problems: tuple[Problem, ...]
    left_out: tuple[Outcome, ...] = ()
    excess: str | None = None
    exit_code: ExitCode
    read_as: ReadAs | None = None


def plan_sheet(
    file: Path, connection: Connection, options: PlanOptions = DEFAULT_OPTIONS, *, observer: Observer = SILENT
) -> PlanReport:
    """Compare a sheet with the boxes on the PBX. Nothing is sent.

    Args:
        file: the sheet; `-` is standard input.
        connection: the PBX.
        options: how the sheet is read, checked and planned, and how many boxes may change.
        observer: is shown the progress.

    Raises:
        SheetError: the file cannot be read as a sheet.
        LoginRefused: the PBX refuses the login.
        PbxError: the PBX failed.
    """
    with before_sending():
        prepared = prepare(read_input(file, options.reading, observer), options, connection, observer)
    excess = None
    if prepared.plan and options.max_changes:
        excess = describe_excess(prepared.plan, options.max_changes)
    return PlanReport(
        site=connection.site.name,
        tenant=prepared.tenant,
        plan=prepared.plan,
        problems=prepared.problems,
        left_out=prepared.left_out,
        read_as=prepared.sheet.read_as,
        excess=excess,
        exit_code=SheetError.exit_code if prepared.has_errors else ExitCode.DONE,
    )
