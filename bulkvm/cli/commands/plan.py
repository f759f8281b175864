"""`bulkvm plan`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver
from bulkvm.cli.json_output import plan_document, print_json
from bulkvm.cli.options import JSON_OPTION, SHEET_ARGUMENT, plan_options, site_options
from bulkvm.model.errors import SheetError
from bulkvm.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from bulkvm.jobs.connection import Connection
    from bulkvm.jobs.sheet_options import PlanOptions


@click.command("plan")
@SHEET_ARGUMENT
@plan_options
@site_options
@click.option("--exit-code", is_flag=True, help="Exit with code 10 if anything would change.")
@JSON_OPTION
@console_options
def command(
    file: Path,
    *,
    options: "PlanOptions",
    connection: "Connection",
    exit_code: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Show what importing the sheet FILE would change on the PBX, field by field. Nothing is sent."""
    from bulkvm.jobs.plan_sheet import PlanReport, plan_sheet
    from bulkvm.reports.text.plan_text import render_plan
    from bulkvm.reports.text.problem_text import render_problems

    try:
        report = plan_sheet(file, connection, options, observer=ConsoleObserver(console))
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
    if report.problems:
        console.output(render_problems(report.problems))
    if report.plan:
        console.output(render_plan(report.plan, report.tenant))
    if report.excess:
        text = f"{report.excess} `bulkvm import` will refuse it without --force or a higher --max-changes."
        console.always(text, fg="red")
    if report.exit_code:
        return report.exit_code
    return ExitCode.DIFFERENCES if exit_code and report.plan and report.plan.to_send else ExitCode.DONE
