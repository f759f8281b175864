"""`bulkvm plan`."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from bulkvm.cli.command_help import COMPARISON_CODES, DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver
from bulkvm.cli.file_arguments import source_of
from bulkvm.cli.json_output import plan_document, print_json
from bulkvm.cli.options import (
    DURATION,
    JSON_OPTION,
    OVERWRITE_OPTION,
    SHEET_ARGUMENT,
    plan_options,
    site_options,
)
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.reports.text.plan_text import MOST_ROWS, render_plan, render_plan_counts
from bulkvm.reports.text.problem_text import render_problems
from bulkvm.text import command_file

if TYPE_CHECKING:
    from bulkvm.jobs.connection import Connection
    from bulkvm.jobs.plan_sheet import PlanReport
    from bulkvm.jobs.sheet_options import PlanOptions


@click.command(
    "plan",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm plan boxes.xlsx --site clinic", "What would change, field by field."),
        ("bulkvm plan boxes.xlsx --all | less", "Every row."),
        ("bulkvm plan boxes.xlsx --output plan.xlsx", "A plan for approval."),
        ("bulkvm plan boxes.xlsx --exit-code", "For scripts: 10 if anything would change."),
    ),
    exit_codes=COMPARISON_CODES,
)
@SHEET_ARGUMENT
@plan_options
@site_options
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="PLAN.xlsx",
    help="Write the plan to a workbook, to be approved: import it with --approved.",
)
@OVERWRITE_OPTION
@click.option(
    "--valid-for", type=DURATION, metavar="AGE", default="7d", show_default=True, help="How long that file is valid."
)
@click.option("--all", "show_all", is_flag=True, help="Show every row.")
@click.option("--exit-code", is_flag=True, help="Exit with code 10 if anything would change.")
@JSON_OPTION
@console_options
def command(
    file: Path,
    *,
    options: "PlanOptions",
    connection: "Connection",
    output: Path | None,
    overwrite: bool,
    valid_for: timedelta,
    show_all: bool,
    exit_code: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Show what importing the sheet FILE would change on the PBX, field by field. Nothing is sent."""
    from bulkvm.jobs.plan_sheet import PlanReport, plan_sheet

    _check_output(file, output, overwrite=overwrite)
    try:
        report = plan_sheet(
            file,
            connection,
            options,
            output=output,
            overwrite=overwrite,
            valid_for=valid_for,
            observer=ConsoleObserver(console),
        )
    except SheetError as error:
        if as_json:
            print_json(
                plan_document(
                    PlanReport(site=connection.site.name, problems=(error.problem,), exit_code=ExitCode.SHEET)
                )
            )
        raise
    if as_json:
        print_json(plan_document(report))
    _show(report, console, most=sys.maxsize if show_all else MOST_ROWS)
    if report.output_error:
        raise report.output_error
    if output and not report.output:
        can_skip = all(problem.row for problem in report.problems if problem.is_error)
        remedy = ", or leave these rows out with --skip-invalid" if can_skip else ""
        console.always(f"{output} was not written. Correct the errors first{remedy}.")
    if report.exit_code:
        return report.exit_code
    return ExitCode.DIFFERENCES if exit_code and report.plan and report.plan.to_send else ExitCode.DONE


def _check_output(file: Path, output: Path | None, *, overwrite: bool) -> None:
    """Refuse a plan file of a sheet in a store, and options about a plan file if there is none.

    Raises:
        UsageError: which one.
    """
    if output and source_of(file):
        raise UsageError(
            "A plan file needs a sheet on this machine, which is read again when the plan is imported. Copy the sheet "
            "from the store first."
        )
    has_validity = click.get_current_context().get_parameter_source("valid_for") is ParameterSource.COMMANDLINE
    if not output and (overwrite or has_validity):
        raise UsageError(
            "--valid-for and --overwrite are about the plan file. Name it with --output, or leave them out."
        )


def _show(report: "PlanReport", console: Console, *, most: int) -> None:
    """Print a plan."""
    if report.problems:
        console.output(render_problems(report.problems))
    if report.plan:
        console.output(render_plan(report.plan, report.tenant, most=most))
        if report.plan.to_send and not console.quiet:  # the first line may be out of sight
            console.output(f"\n{render_plan_counts(report.plan)}.", bold=True)
    if report.excess:
        text = f"{report.excess} The import will be refused without --force or a higher --max-changes."
        console.always(text, fg="red")
    if report.output:
        path = report.output.path
        if not (report.plan and report.plan.to_send):
            console.info(f"Plan: {path}. It sends nothing, so it needs no approval.")
            return
        command = f"bulkvm import {command_file(path)} --approved{report.limit_option}"
        until = f"{report.output.valid_until:%Y-%m-%d %H:%M %Z}"
        console.info(f"Plan: {path}. Once it is approved, send it with `{command}`, until {until}.")
