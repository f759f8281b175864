"""Undo a run: restore former values, and delete the boxes that it created."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bulkvm.files import Reservation, reserve
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.jobs.run_execution import RunReport, before_sending, execute, new_run
from bulkvm.jobs.run_result import check_run_result, write_run_result
from bulkvm.model.box import Record
from bulkvm.model.change import Plan
from bulkvm.model.errors import BulkvmError, Interrupted, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, Status, count_statuses
from bulkvm.model.problem import rows_with_errors
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, name_distinctly, normalize_url
from bulkvm.planning import changed_anything, plan_undo_of
from bulkvm.reports.workbook.result_columns import messages_by_row
from bulkvm.runs import (
    ListedRun,
    PastRun,
    RunInfo,
    RunState,
    SheetRow,
    complete_outcomes,
    exit_code_of,
    is_in_progress,
    read_journal,
)
from bulkvm.runs.history import UNDO_OF, find_created_later, find_run, find_sent_values, is_undo, list_runs, undos_of
from bulkvm.runs.tenant_lock import lock_tenant
from bulkvm.upload.row_outcomes import outcome_without_request


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoReport:
    """How an undo ended.

    Attributes:
        undone: the run to undo.
        report: what became of its rows; no rows if the run changed nothing.
        plan: None if the run changed nothing.
        is_incomplete: whether the journal of the run has no end, so that it may not record all changes.
        undone_by: the last undo of it before this one.
        last_change: the last import before it that changed anything, if it changed nothing itself.
        last_change_undone_by: the last undo of that.
    """

    undone: RunInfo
    report: RunReport
    plan: Plan | None = None
    is_incomplete: bool = False
    undone_by: str | None = None
    last_change: ListedRun | None = None
    last_change_undone_by: str | None = None


def undo_run(
    name: str,
    connection: Connection,
    *,
    with_messages: bool = False,
    exact_name: bool = False,
    result: Path | None = None,
    overwrite: bool = False,
    observer: Observer = SILENT,
) -> UndoReport:
    """Restore the former values of the boxes that a run updated, and delete those that it created.

    Boxes that were changed since, or hold messages or a greeting, are kept. An undo is a run, and can be undone.

    Args:
        name: the run, by a unique prefix of its name; or `last` for the last import.
        connection: the PBX of that run.
        with_messages: whether boxes are deleted even if they hold messages or greetings.
        exact_name: whether a prefix of the name is refused.
        result: the result file (.xlsx or .csv); by default, an unused name in the current folder.
        overwrite: whether an existing result file may be replaced.
        observer: is shown the progress, and approves the plan.

    Raises:
        UsageError: no such run, a run of another tenant, or one that is still in progress.
        FileError: the result cannot be written there.
        LockHeld: another run against the tenant is in progress.
        LoginRefused: the PBX refuses the login.
        PbxError: the PBX failed while the plan was made; nothing was sent.
        Interrupted: interrupted for the second time while rows were sent.
    """
    runs = list_runs(observer.notice)
    listed = find_run(name, runs, undo_is_last=False, exact_name=exact_name)
    _check_tenant(listed.info, _surely_known_tenant(listed.info, connection), connection.site)
    if connection.site.is_administrator and not connection.site.switch_to:
        connection = connection.in_tenant(listed.info.known_tenant)
    if listed.state is RunState.ENDED and not changed_anything(listed.counts):
        return _nothing_to_undo(listed, runs, connection)
    target = result or Path(f"undo-{listed.info.name}.result.xlsx")
    check_run_result(listed.info, target, overwrite=overwrite or result is None)
    tenant = _find_tenant(listed.info, connection, observer)
    with lock_tenant(tenant), reserve(target, overwrite=overwrite, unused=result is None) as reservation:
        # No other run changes this tenant's boxes from here on, so the journals are complete.
        if is_in_progress(listed.file):
            raise UsageError(f"The run {listed.info.name} is still in progress. Undo it after it has ended.")
        past, runs = _read_past(listed, observer), list_runs()
        if not changed_anything(count_statuses(past.outcomes)):
            return replace(_nothing_to_undo(listed, runs, connection), is_incomplete=past.is_incomplete)
        undo = _Undo(past, undos_of(listed, runs), connection, tenant, reservation, observer)
        return undo.run(undo.make_plan(runs, with_messages=with_messages))


@dataclass(frozen=True, slots=True)
class _Undo:
    """A run to undo, and its undos so far."""

    past: PastRun
    earlier: Sequence[ListedRun]
    connection: Connection
    tenant: Tenant
    reservation: Reservation
    observer: Observer

    def make_plan(self, runs: Sequence[ListedRun], *, with_messages: bool) -> Plan:
        """Plan the undo against the boxes on the PBX."""
        with self.observer.progress("Reading the journal"):
            sent_values, created_later = find_sent_values(self.past, runs), find_created_later(self.past, runs)
            undone_by = {
                row: f"The undo {earlier.info.name}"
                for earlier in self.earlier
                for row in read_journal(earlier.file).changes
            }

        async def compare() -> Plan:
            async with self.connection.open(reachable=True, tenant=self.tenant) as pbx:
                with self.observer.progress("Planning") as progress:
                    return await pbx.read_confirmed(
                        lambda: plan_undo_of(
                            self.past,
                            pbx,
                            progress,
                            with_messages=with_messages,
                            sent_values=sent_values,
                            undone_by=undone_by,
                            created_later=created_later,
                        )
                    )

        with before_sending():
            return asyncio.run(compare())

    def run(self, plan: Plan) -> UndoReport:
        """Send a plan, if it has changes and is approved."""
        if not plan.to_send:
            return self._report(plan, self._nothing_left(plan))
        try:
            approved = self.observer.approve(plan, plan.problems, self.tenant)
        except (UsageError, Interrupted) as error:
            return self._report(plan, self._not_sent(plan, error.exit_code, error))
        return self._report(plan, self._execute(plan) if approved else self._not_sent(plan, ExitCode.NOT_ALL_DONE))

    def _report(self, plan: Plan, report: RunReport) -> UndoReport:
        undone_by = self.earlier[-1].info.name if self.earlier else None
        return UndoReport(undone=self.past.info, report=report, plan=plan, undone_by=undone_by)

    def _nothing_left(self, plan: Plan) -> RunReport:
        outcomes = list(map(outcome_without_request, plan.changes))
        report = self._not_sent(plan, ExitCode.DONE, outcomes=outcomes)
        return replace(report, exit_code=exit_code_of(report.outcomes, None))

    def _not_sent(
        self, plan: Plan, exit_code: ExitCode, error: BulkvmError | None = None, outcomes: Sequence[Outcome] = ()
    ) -> RunReport:
        return RunReport(
            site=self.connection.site.name,
            tenant=self.tenant,
            outcomes=complete_outcomes(self._extensions(plan), plan.problems, outcomes),
            problems=plan.problems,
            exit_code=exit_code,
            error=error,
        )

    def _execute(self, plan: Plan) -> RunReport:
        info = new_run(f"{UNDO_OF}{self.past.info.name}", self.connection, self.tenant, self._extensions(plan))
        changes = {change.record.row: change for change in plan.changes}

        def write(outcomes: tuple[Outcome, ...], code: int) -> Path:
            past = PastRun(info, changes, outcomes)
            return write_run_result(past, plan.problems, self.reservation.path, code, overwrite=self.reservation)

        return execute(
            plan,
            info,
            self.connection,
            self.observer,
            rows=_rows(plan, info),
            problems=plan.problems,
            write_result=write,
        )

    def _extensions(self, plan: Plan) -> dict[int, str]:
        """The extension of each row that the undo accounts for: those in the plan, and those that cannot be undone."""
        rows = {change.record.row for change in plan.changes} | rows_with_errors(plan.problems)
        return {row: extension for row, extension in self.past.info.extensions.items() if row in rows}


def _rows(plan: Plan, info: RunInfo) -> list[SheetRow]:
    """The rows for the journal."""
    messages = messages_by_row(plan.problems)
    invalid = {
        outcome.row: replace(outcome, message=messages[outcome.row])
        for outcome in complete_outcomes(info.extensions, plan.problems, ())
        if outcome.status is Status.INVALID
    }
    return [
        SheetRow(record=Record(row=row, extension_number=extension), outcome=invalid.get(row))
        for row, extension in info.extensions.items()
    ]


def _read_past(run: ListedRun, observer: Observer) -> PastRun:
    """Read the journal of a run, and report if it has no end."""
    with observer.progress("Reading the journal"):
        past = read_journal(run.file)
    if past.is_incomplete:
        observer.notice(
            f"The journal of run {run.info.name} has no end: the run was killed, or the journal was cut. "
            "Changes that it does not record are not undone."
        )
    return past


def _find_tenant(info: RunInfo, connection: Connection, observer: Observer) -> Tenant:
    """Ask the PBX for its tenant, and check that the run was against it."""
    with observer.progress("Connecting"):
        tenant = connection.find_tenant()
    _check_tenant(info, tenant, connection.site)
    return tenant


def _check_tenant(info: RunInfo, tenant: Tenant, site: Site) -> None:
    """Check that a run was against this tenant.

    Raises:
        UsageError: it was against another one.
    """
    if info.known_tenant.contradicts(tenant):
        theirs, ours = name_distinctly(info.known_tenant, tenant)
        advice = "Use the site of that run."
        if site.is_administrator and info.known_tenant.pbx == tenant.pbx:
            advice = f"Name the tenant of that run with --tenant; {site.tenants_command} lists them."
        raise UsageError(f"That run was against {info.site} ({theirs}), but this is {ours}. {advice}")


def _known_tenant(connection: Connection) -> Tenant:
    """The tenant by the address and the login, without asking the PBX."""
    site = connection.site
    return Tenant(pbx=normalize_url(site.url), domain=None if site.token else site.domain or site.switch_to)


def _surely_known_tenant(info: RunInfo, connection: Connection) -> Tenant:
    """What is certain about the tenant before the PBX is asked. Its domain may have changed since the run."""
    known = _known_tenant(connection)
    return replace(known, domain=None) if connection.site.is_administrator and info.known_tenant.id else known


def _nothing_to_undo(run: ListedRun, runs: Sequence[ListedRun], connection: Connection) -> UndoReport:
    """Report that a run changed nothing, with the last import before it that did."""
    tenant = _known_tenant(connection)
    changed = [
        one
        for one in runs[: runs.index(run)]
        if not one.info.known_tenant.contradicts(tenant) and not is_undo(one.info) and changed_anything(one.counts)
    ]
    undos = undos_of(changed[-1], runs) if changed else []
    return UndoReport(
        undone=run.info,
        report=RunReport(site=connection.site.name, problems=(), exit_code=ExitCode.DONE),
        last_change=changed[-1] if changed else None,
        last_change_undone_by=undos[-1].info.name if undos else None,
    )
