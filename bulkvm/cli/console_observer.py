"""Jobs on the console: their progress, notices, questions and reports."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from bulkvm.cli.console import Console
from bulkvm.cli.json_output import print_json, run_document
from bulkvm.cli.main import CliContext
from bulkvm.cli.signals import StopRequest, watch_signals
from bulkvm.jobs.observer import Observer, Progress
from bulkvm.model.errors import BulkvmError, Interrupted, LoginRefused, ReadBackDiffers
from bulkvm.paths import runs_folder
from bulkvm.reports.text.export_text import render_read_as
from bulkvm.reports.text.outcome_text import render_failures
from bulkvm.text import count

T = TypeVar("T")

if TYPE_CHECKING:
    from bulkvm.jobs.each_tenant import TenantsReport
    from bulkvm.jobs.run_execution import RunReport
    from bulkvm.model.change import Plan
    from bulkvm.model.problem import Problem
    from bulkvm.model.sheet import ReadAs
    from bulkvm.model.tenant import Tenant

    Approve = Callable[[Plan, Sequence[Problem], Tenant], bool]


class ConsoleObserver(Observer):
    """Shows a job's progress and notices on the console, and ends its run in good order on a signal."""

    def __init__(self, console: Console, approve: "Approve | None" = None) -> None:
        self._console = console
        self._approve = approve
        self._stop = StopRequest(console)

    def progress(self, phase: str) -> AbstractContextManager[Progress]:
        """Show a progress bar."""
        return self._console.progress(phase)

    def notice(self, text: str) -> None:
        """Write a message."""
        self._console.always(text)

    def export_read(self, read_as: "ReadAs") -> None:
        """Show what was taken from an export, in a paragraph."""
        self._console.info(render_read_as(read_as))

    def approve(self, plan: "Plan", problems: "Sequence[Problem]", tenant: "Tenant") -> bool:
        """Show the plan and ask."""
        return self._approve is None or self._approve(plan, problems, tenant)

    @contextmanager
    def stop_requests(self) -> Iterator[Callable[[], bool]]:
        """Stop on Ctrl-C, SIGTERM, or when the terminal is closed."""
        click.get_current_context().ensure_object(CliContext).has_sent = True
        with watch_signals(self._stop):
            yield self._stop

    def writing_result(self, run: str, rows: int) -> None:
        """After a signal, show that the result is being written, and how to skip that."""
        self._stop.notice = (
            f"Writing the result of {count(rows, 'row')}. Press Ctrl-C again to skip it; "
            f"`bulkvm runs {run} --result FILE` writes it later."
        )
        if self._stop():
            self._console.always(self._stop.notice)


def show_tenants(report: "TenantsReport[T]", console: Console, describe: "Callable[[T], str]") -> int:
    """Print what became of each tenant, and a summary, and return the exit code.

    Raises:
        LoginRefused: there is no enabled tenant.
        Exception: a bug at one of the tenants.
    """
    if not report.by_tenant:
        raise LoginRefused("The PBX lists no enabled tenant. Check the login with `bulkvm tenants`.")
    for name, end in report.by_tenant.items():
        if isinstance(end, BulkvmError):
            console.always(f"{name}: {' '.join(str(end).split())}", fg="red")
        elif not isinstance(end, Exception) and (text := describe(end)):
            console.info(f"{name}: {text}")
    disabled = f", {len(report.disabled)} disabled" if report.disabled else ""
    console.info(f"{count(len(report.by_tenant), 'tenant')}: {len(report.errors)} failed{disabled}.")
    for error in report.errors:
        if not isinstance(error, BulkvmError):
            raise error
    return report.exit_code


def show_report(report: "RunReport", summary: str, console: Console, *, as_json: bool) -> int:
    """Print how an import or an undo ended, and return its exit code.

    Raises:
        Exception: the result could not be written.
    """
    if as_json:
        print_json(run_document(report))
    if failures := render_failures(report.outcomes) if report.run else "":
        console.always(failures)
    if report.run or report.result:
        (console.always if report.exit_code else console.info)(summary, bold=True)
    if report.error:
        console.always(str(report.error), fg="red")
    if isinstance(report.error, ReadBackDiffers):
        console.always(f"All fields of the box, before and after: {runs_folder() / str(report.run)}.jsonl")
    if report.result_error:
        if report.run and not isinstance(report.result_error, Interrupted):
            console.always(f"The rows were sent. Re-create the result with `bulkvm runs {report.run} --result FILE`.")
        raise report.result_error
    _show_result(report, console)
    return report.exit_code


def _show_result(report: "RunReport", console: Console) -> None:
    """Print where the result is, and how to undo the run."""
    if report.generated_pins:
        console.info(
            f"{count(report.generated_pins, 'generated PIN')} in the result, which only you can read. "
            f"`bulkvm pins {report.run} --output FILE` lists them."
        )
    if report.result:
        console.info(f"Result: {report.result}")
    if report.run and any(outcome.status.may_have_changed for outcome in report.outcomes):
        console.info(f"To undo this run: `bulkvm undo {report.run}`")
