"""`bulkvm validate`."""

from pathlib import Path

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver
from bulkvm.cli.json_output import print_validation
from bulkvm.cli.options import JSON_OPTION, OVERWRITE_OPTION, SHEET_ARGUMENT, sheet_options
from bulkvm.jobs.sheet_options import SheetOptions
from bulkvm.model.errors import SheetError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.reports.text.problem_text import count_problems, render_problems
from bulkvm.text import count


@click.command(
    "validate",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm validate boxes.xlsx", "All problems of all rows."),
        ("bulkvm validate boxes.xlsx --annotate marked.xlsx", "A copy with each problem at its cell."),
        ('bulkvm validate boxes.csv --map "Code=pin"', "Read the column Code as the PIN."),
        ("bulkvm validate boxes.xlsx | grep PIN", "Only problems of PINs."),
        ("bulkvm explain pin-repeats", "What a code in brackets means."),
    ),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.SHEET, ExitCode.INTERRUPTED),
)
@SHEET_ARGUMENT
@sheet_options
@click.option(
    "--annotate",
    type=click.Path(path_type=Path),
    metavar="COPY",
    help="Write a copy of the sheet with each problem at its cell.",
)
@click.option(
    "--clean",
    type=click.Path(path_type=Path),
    metavar="COPY",
    help="Write the sheet as bulkvm reads it, such as another system's export in bulkvm's columns. Invalid cells "
    "keep their text.",
)
@OVERWRITE_OPTION
@JSON_OPTION
@console_options
def command(
    file: Path,
    *,
    reading: SheetOptions,
    annotate: Path | None,
    clean: Path | None,
    overwrite: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Report every problem in the sheet FILE, offline.

    FILE is a CSV, Excel or JSON file; `-` reads CSV or JSON from standard input.
    """
    from bulkvm.jobs.validate_sheet import ValidationReport, validate_sheet

    try:
        report = validate_sheet(
            file, reading, annotate=annotate, clean=clean, overwrite=overwrite, observer=ConsoleObserver(console)
        )
    except SheetError as error:
        if as_json:
            print_validation(file, ValidationReport(problems=(error.problem,), exit_code=ExitCode.SHEET))
        raise
    if as_json:
        print_validation(file, report)
    if report.problems:
        console.output(render_problems(report.problems))
    if not console.quiet:
        left_out = f", {report.left_out:,} left out" if report.left_out else ""
        counts = f"{count(report.rows, 'row')}, {report.valid:,} of them valid{left_out}."
        problems = f" {count_problems(report.problems)}." if report.problems else ""
        console.output(counts + problems, bold=True)
    for what, copy in (("Annotated copy", report.annotated), ("Clean copy", report.clean)):
        if copy:
            console.info(f"{what}: {copy}")
    if report.output_error:
        raise report.output_error
    return report.exit_code
