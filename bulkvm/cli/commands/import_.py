"""`bulkvm import`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, confirm, console_options
from bulkvm.cli.console_observer import ConsoleObserver, show_report
from bulkvm.cli.file_arguments import source_of
from bulkvm.cli.json_output import print_json, run_document
from bulkvm.cli.options import (
    JSON_OPTION,
    NO_CANARY_OPTION,
    OVERWRITE_OPTION,
    SHEET_ARGUMENT,
    plan_options,
    site_options,
)
from bulkvm.jobs.sheet_options import PlanOptions
from bulkvm.model.change import Plan
from bulkvm.model.errors import PlanRefused, SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, count_statuses, count_unseen
from bulkvm.model.settings import DEFAULT_SETTINGS, parse_limit
from bulkvm.reports.text.plan_text import render_counts, render_plan, render_to_send, render_unseen
from bulkvm.reports.text.problem_text import render_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkvm.jobs.connection import Connection
    from bulkvm.model.problem import Problem
    from bulkvm.model.tenant import Tenant


@click.command(
    "import",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm import boxes.xlsx --site clinic", "Show the plan, ask, and send."),
        ("bulkvm import boxes.xlsx --yes --json", "For scripts."),
        ("bulkvm import boxes.xlsx --generate-pins", "PINs for rows without one; they are in the result."),
        ("bulkvm import boxes.result.xlsx --only-failed", "Only the rows that were not done."),
        ("bulkvm import plan.xlsx --approved", "Send exactly an approved plan."),
    ),
    exit_codes=(
        ExitCode.DONE,
        ExitCode.NOT_ALL_DONE,
        ExitCode.USAGE,
        ExitCode.SHEET,
        ExitCode.LOGIN,
        ExitCode.PBX,
        ExitCode.LIMIT,
        ExitCode.STOPPED,
        ExitCode.UNKNOWN,
        ExitCode.INTERRUPTED,
    ),
)
@SHEET_ARGUMENT
@plan_options
@site_options
@click.option("--approved", is_flag=True, help="FILE is an approved plan: send exactly its changes, or nothing.")
@click.option(
    "--original",
    type=click.Path(path_type=Path),
    metavar="SHEET",
    help="The sheet of an approved plan, if it is no longer beside it.",
)
@click.option("--result", type=click.Path(path_type=Path), metavar="FILE", help="Write the result to FILE.")
@OVERWRITE_OPTION
@click.option("--force", is_flag=True, help="Override the limit on changes.")
@click.option(
    "--max-errors",
    metavar="N|N%",
    envvar="BULKVM_MAX_ERRORS",
    default=str(DEFAULT_SETTINGS.max_errors),
    show_default=True,
    help="Stop if more than this many of the rows sent fail.",
)
@click.option(
    "--verify",
    type=click.Choice(["unsure", "all"]),
    default="unsure",
    show_default=True,
    help="Which rows to read back after they were written.",
)
@NO_CANARY_OPTION
@click.option("-y", "--yes", is_flag=True, help="Send without asking for confirmation.")
@JSON_OPTION
@console_options
def command(
    file: Path,
    *,
    options: PlanOptions,
    connection: "Connection",
    approved: bool,
    original: Path | None,
    result: Path | None,
    overwrite: bool,
    force: bool,
    max_errors: str,
    verify: str,
    no_canary: bool,
    yes: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Create and update boxes from the sheet FILE.

    Shows the plan, asks for confirmation, sends the changes, and writes a result beside FILE: the same sheet with the
    status of each row. Importing a sheet again is always safe: rows that are up to date are not sent.
    """
    from bulkvm.jobs.import_sheet import import_plan, import_sheet

    def approve(plan: Plan, problems: "Sequence[Problem]", tenant: "Tenant") -> bool:
        _show_plan(plan, problems, tenant, console, approved=approved)
        question = f"Send {render_to_send(plan)} to {tenant}?"
        return not plan.to_send or confirm(question, console, ("send", "sent"), yes=yes, can_ask=str(file) != "-")

    settings = {"max_errors": parse_limit(max_errors), "verify": verify == "all", "canary": not no_canary}
    connection, options = connection.with_settings(**settings), replace(options, max_changes=None) if force else options
    _check_approval(options, approved=approved, original=original)
    target: dict[str, Any] = {"result": result, "overwrite": overwrite, "source": source_of(file)}
    target["observer"] = ConsoleObserver(console, approve)
    try:
        if approved:
            report = import_plan(file, connection, original=original, max_changes=options.max_changes, **target)
        else:
            report = import_sheet(file, connection, options, **target)
    except SheetError as error:
        if as_json:
            _print_unreadable(connection.site.name, error)
        raise
    if isinstance(report.error, SheetError):
        console.always(render_problems(report.problems, advice="The result marks every cell."))
    return show_report(report, _summarise(report.outcomes), console, as_json=as_json)


def _show_plan(
    plan: Plan, problems: "Sequence[Problem]", tenant: "Tenant", console: Console, *, approved: bool
) -> None:
    if problems:
        # An approved plan has its own options. The plan file shows its problems, too.
        console.info(render_problems(problems, with_options=not approved))
    console.info(render_plan(plan, tenant))
    if approved and plan.changes and not plan.to_send:
        console.info("Nothing is left to send: every change in the plan was sent before, or is already on the PBX.")


def _check_approval(options: PlanOptions, *, approved: bool, original: Path | None) -> None:
    """Check that a plan is not changed by options.

    Raises:
        UsageError: an option contradicts --approved, or needs it.
    """
    if original and not approved:
        raise UsageError("--original names the sheet of an approved plan. Add --approved, or leave it out.")
    source = click.get_current_context().get_parameter_source("pin_policy")
    if source is not click.core.ParameterSource.COMMANDLINE:  # a variable may set it
        options = replace(options, reading=replace(options.reading, pin_policy=None))
    if approved and replace(options, max_changes=None) != PlanOptions(max_changes=None):
        raise UsageError(
            "An approved plan has the options that it was made with. Leave out those about reading the sheet, PINs and "
            "invalid rows, or make a new plan."
        )


def _print_unreadable(site: str, error: SheetError) -> None:
    """Print the JSON document of a file that cannot be read as a sheet."""
    from bulkvm.jobs.run_execution import RunReport

    problems = error.problems if isinstance(error, PlanRefused) else (error.problem,)
    print_json(run_document(RunReport(site=site, problems=problems, exit_code=error.exit_code)))


def _summarise(outcomes: "Sequence[Outcome]") -> str:
    return f"{render_counts(count_statuses(outcomes))}. {render_unseen(count_unseen(outcomes))}".rstrip()
