"""`bulkvm plan`."""

from pathlib import Path
from typing import Final

import click

from bulkvm.cli.connection import Connection
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.json_output import plan_form, print_json
from bulkvm.cli.options import (
    KEEP_UNSEEN_OPTION,
    MAX_CHANGES_OPTION,
    SHEET_ARGUMENT,
    Reading,
    sheet_options,
    site_options,
)
from bulkvm.cli.preparing import prepare
from bulkvm.model.change import Plan
from bulkvm.model.errors import SheetError
from bulkvm.model.settings import parse_limit

_DIFFERENCES: Final = 10  # exit code


@click.command("plan")
@SHEET_ARGUMENT
@sheet_options
@site_options
@click.option("--generate-pins", is_flag=True, help="Give a PIN to boxes that need one and come without.")
@click.option("--skip-invalid", is_flag=True, help="Plan for the valid rows, though others have errors.")
@KEEP_UNSEEN_OPTION
@MAX_CHANGES_OPTION
@click.option("--exit-code", is_flag=True, help="Exit with 10 if anything would change.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@console_options
def command(
    file: Path,
    *,
    reading: Reading,
    connection: Connection,
    generate_pins: bool,
    skip_invalid: bool,
    keep_unseen: bool,
    max_changes: str,
    exit_code: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Show what the sheet FILE would change on the PBX, field by field. Nothing is sent."""
    from bulkvm.planning import describe_excess
    from bulkvm.reports.text.plan_text import render_plan
    from bulkvm.reports.text.problem_text import render_problems

    limit = parse_limit(max_changes)
    try:
        sheet = reading.read(file, console)
    except SheetError as error:
        if as_json:
            print_json(plan_form(connection.site.name, None, Plan(()), (error.problem,), None))
        raise
    prepared = prepare(
        sheet,
        reading,
        connection,
        console,
        skip_invalid=skip_invalid,
        generate_pins=generate_pins,
        keep_unseen=keep_unseen,
    )
    plan = prepared.plan or Plan(())
    excess = describe_excess(plan, limit)
    if as_json:
        print_json(plan_form(connection.site.name, prepared.tenant, plan, prepared.problems, excess))
    if prepared.problems:
        console.always(render_problems(prepared.problems))
    if prepared.plan:
        console.always(render_plan(plan, prepared.tenant))
    if excess:
        console.always(f"{excess} `bulkvm import` will refuse it without --force or a higher --max-changes.", fg="red")
    if prepared.has_errors:
        return SheetError.exit_code
    return _DIFFERENCES if exit_code and plan.to_send else 0
