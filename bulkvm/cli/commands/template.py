"""`bulkvm template`."""

from pathlib import Path

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_sites
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver
from bulkvm.cli.options import OpenNamed, calling_options
from bulkvm.files import check_target
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode


@click.command(
    "template",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm template boxes.xlsx", "A workbook to hand out."),
        ("bulkvm template boxes.xlsx --from-site clinic", "With the languages and the PIN policy of that PBX."),
        ("bulkvm template boxes.csv", "Only the headings."),
    ),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.LOGIN, ExitCode.PBX),
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--csv", "as_csv", is_flag=True, help="Write a .csv file with the headings only.")
@click.option(
    "--from-site",
    metavar="NAME",
    shell_complete=complete_sites,
    help="Offer the prompt languages of this site's boxes, and apply its PIN policy.",
)
@click.option("--overwrite", "--force", is_flag=True, help="Replace an existing FILE.")
@calling_options
@console_options
def command(
    file: Path | None, *, as_csv: bool, from_site: str | None, open_named: OpenNamed, overwrite: bool, console: Console
) -> int:
    """Write a blank sheet to fill in to FILE (bulkvm-template.xlsx by default).

    A .xlsx file is a workbook with drop-down lists, hints and instructions; a .csv file has the headings only.
    """
    from bulkvm.jobs.make_template import make_template

    file = file or Path(f"bulkvm-template{'.csv' if as_csv else '.xlsx'}")
    if as_csv and file.suffix.casefold() != ".csv":
        raise UsageError(f"--csv writes a .csv file, but {file} has another suffix. Omit --csv, or name a .csv file.")
    check_target(file, overwrite=overwrite)  # before a password is prompted for
    connection = open_named(from_site) if from_site else None
    written = make_template(file, connection, overwrite=overwrite, observer=ConsoleObserver(console))
    console.info(f"Written: {written}")
    return ExitCode.DONE
