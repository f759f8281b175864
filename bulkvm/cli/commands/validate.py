"""`bulkvm validate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver
from bulkvm.cli.json_output import print_validation
from bulkvm.cli.options import JSON_OPTION, OVERWRITE_OPTION, SHEET_ARGUMENT, sheet_options
from bulkvm.jobs.sheet_options import SheetOptions
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.text import count

if TYPE_CHECKING:
    from bulkvm.model.sheet import Sheet


@click.command("validate")
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
    from bulkvm.jobs.sheet_input import read_input

    try:
        sheet = read_input(file, reading, ConsoleObserver(console))
    except SheetError as error:
        if as_json:
            print_validation(file, None, 0, 0, (error.problem,))
        raise
    _check_targets(sheet, annotate, clean, overwrite=overwrite)
    return _check(sheet, reading, annotate, clean, overwrite=overwrite, as_json=as_json, console=console)


def _check_targets(sheet: "Sheet", annotate: Path | None, clean: Path | None, *, overwrite: bool) -> None:
    """Check that the copies can be written."""
    if not (annotate or clean):
        return
    from bulkvm.reports.output_checks import check_result_name  # slow to import, and only needed for copies

    if annotate and clean and annotate.absolute() == clean.absolute():
        raise UsageError(f"--annotate and --clean both name {clean}. Name two different files.")
    for target in filter(None, (annotate, clean)):
        check_result_name(target, sheet, overwrite=overwrite)


def _check(
    sheet: "Sheet",
    reading: SheetOptions,
    annotate: Path | None,
    clean: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
    console: Console,
) -> int:
    from bulkvm.jobs.sheet_input import check_input
    from bulkvm.reports.text.problem_text import render_problems
    from bulkvm.validation import warn_of_blanks

    checked = check_input(sheet, reading, ConsoleObserver(console))
    problems = (*checked.problems, *warn_of_blanks(checked))
    rows, valid = len(checked.extensions), len(checked.records)
    written = []
    try:
        if annotate:
            from bulkvm.reports.workbook.annotated_copy import write_annotated

            with console.progress("Writing the annotated copy"):
                copy = write_annotated(annotate, sheet, problems, overwrite=overwrite)
            written.append(f"Annotated copy: {copy}")
        if clean:
            from bulkvm.reports.workbook.clean_copy import write_clean

            with console.progress("Writing the clean copy"):
                copy = write_clean(clean, sheet, checked.understood, overwrite=overwrite)
            written.append(f"Clean copy: {copy}")
    finally:
        if as_json:
            print_validation(sheet.path, sheet.name, rows, valid, problems)
        console.info(f"{count(rows, 'row')}, {valid:,} of them valid.")
        if problems:
            console.always(render_problems(problems))
        for message in written:
            console.info(message)
    return SheetError.exit_code if any(problem.is_error for problem in problems) else ExitCode.DONE
