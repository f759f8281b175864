"""`bulkvm validate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.json_forms import print_validation
from bulkvm.cli.options import OVERWRITE_OPTION, SHEET_ARGUMENT, Reading, sheet_options
from bulkvm.cli.screen import Screen, screen_options
from bulkvm.errors import SheetError, UsageError

if TYPE_CHECKING:
    from bulkvm.sheet import Sheet


@click.command("validate")
@SHEET_ARGUMENT
@sheet_options
@click.option(
    "--annotate", type=click.Path(path_type=Path), metavar="COPY", help="Write a copy with each problem at its cell."
)
@click.option(
    "--clean",
    type=click.Path(path_type=Path),
    metavar="COPY",
    help="Write the sheet as it was understood, for example another system's export in bulkvm's columns. Cells that "
    "are wrong keep their text.",
)
@OVERWRITE_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@screen_options
def command(
    file: Path,
    *,
    reading: Reading,
    annotate: Path | None,
    clean: Path | None,
    overwrite: bool,
    as_json: bool,
    screen: Screen,
) -> int:
    """Check the sheet FILE, offline: every problem of every row. `-` reads CSV or JSON from standard input."""
    try:
        sheet = reading.read(file, screen)
    except SheetError as error:
        if as_json:
            print_validation(file, None, 0, 0, (error.problem,))
        raise
    return _check(sheet, reading, annotate, clean, overwrite=overwrite, as_json=as_json, screen=screen)


def _check(
    sheet: "Sheet",
    reading: Reading,
    annotate: Path | None,
    clean: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
    screen: Screen,
) -> int:
    # The writing of workbooks is slow to come, and only wanted for a copy.
    from bulkvm.reports.problem_texts import render_problems
    from bulkvm.validation import warn_of_blanks

    if annotate or clean:
        from bulkvm.reports.targets import check_result_name

        if annotate and clean and annotate.absolute() == clean.absolute():
            raise UsageError(f"--annotate and --clean both name {clean}. Name two files.")
        for target in filter(None, (annotate, clean)):
            check_result_name(target, sheet, overwrite=overwrite)
    checked = reading.check(sheet, screen)
    problems = (*checked.problems, *warn_of_blanks(checked))
    rows, valid = len(checked.extensions), len(checked.records)
    written = []
    try:
        if annotate:
            from bulkvm.reports.annotated import write_annotated

            with screen.progress("Writing the annotated copy"):
                copy = write_annotated(annotate, sheet, problems, overwrite=overwrite)
            written.append(f"Each problem at its cell: {copy}")
        if clean:
            from bulkvm.reports.clean import write_clean

            with screen.progress("Writing the clean copy"):
                copy = write_clean(clean, sheet, checked.understood, overwrite=overwrite)
            written.append(f"As it was understood: {copy}")
    finally:
        if as_json:
            print_validation(sheet.path, sheet.name, rows, valid, problems)
        screen.say(f"{'1 row' if rows == 1 else f'{rows:,} rows'}, {valid:,} of them valid.")
        if problems:
            screen.insist(render_problems(problems))
        for copy_of in written:
            screen.say(copy_of)
    return SheetError.exit_code if any(problem.is_error for problem in problems) else 0
