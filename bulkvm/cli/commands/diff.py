"""`bulkvm diff`."""

from pathlib import Path

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver
from bulkvm.cli.json_output import diff_document, print_json
from bulkvm.cli.options import JSON_OPTION, OVERWRITE_OPTION, SITE_OPTION, OpenNamed, calling_options
from bulkvm.model.exit_codes import ExitCode


@click.command(
    "diff",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm diff old.csv new.csv", "Two files."),
        ("bulkvm diff boxes.xlsx --site clinic", "A file and the PBX."),
        ("bulkvm diff old.csv new.csv --output diff.xlsx", "The differences as a workbook."),
    ),
    exit_codes=(
        ExitCode.DONE,
        ExitCode.USAGE,
        ExitCode.SHEET,
        ExitCode.LOGIN,
        ExitCode.PBX,
        ExitCode.DIFFERENCES,
        ExitCode.INTERRUPTED,
    ),
)
@click.argument("a", type=click.Path(path_type=Path, allow_dash=True))
@click.argument("b", type=click.Path(path_type=Path, allow_dash=True), required=False)
@SITE_OPTION
@calling_options
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the differences to FILE (.xlsx or .csv)."
)
@OVERWRITE_OPTION
@JSON_OPTION
@console_options
def command(
    a: Path,
    b: Path | None,
    *,
    site: str | None,
    open_named: OpenNamed,
    output: Path | None,
    overwrite: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Show how the boxes in the sheet A differ from those in the sheet B, or from those on the PBX.

    Boxes are matched by extension. Ids are not compared, and a blank cell means that the field is empty. PINs are
    compared but never shown. Values that `validate` would reject are compared as they are. The exit code is 10 if there
    are differences.
    """
    from bulkvm.jobs.diff_boxes import diff_boxes
    from bulkvm.reports.diff_table import render_diff, render_diff_counts

    report = diff_boxes(a, b or open_named(site), output=output, overwrite=overwrite, observer=ConsoleObserver(console))
    if as_json:
        print_json(diff_document(*report.names, report.diff))
    elif not report.diff.is_empty:
        console.output(render_diff(report.diff, report.names))
    console.info(render_diff_counts(report.diff, report.names))
    if report.output_error:
        raise report.output_error
    if report.output:
        console.info(f"Differences: {report.output}")
    return report.exit_code
