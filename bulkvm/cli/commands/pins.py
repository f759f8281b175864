"""`bulkvm pins`."""

from pathlib import Path

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_results
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver
from bulkvm.model.exit_codes import ExitCode
from bulkvm.text import count


@click.command(
    "pins",
    cls=DocumentedCommand,
    examples=(("bulkvm pins clinic.result.xlsx --output letters.xlsx", "The new PINs of this import."),),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.SHEET),
)
@click.argument("result", shell_complete=complete_results)
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", required=True, help="A new file (.xlsx or .csv)."
)
@console_options
def command(result: str, *, output: Path, console: Console) -> int:
    """List the new PINs of an import in a file, for a mail merge.

    RESULT is the result file of the import, or a run that `bulkvm runs` lists. The list has the name, the extension,
    the PIN and the first address of each box whose PIN the import set, unless a later run deleted the box or set
    another PIN. Delete it after the letters are written: anyone who can read it knows the PINs.

    Boxes that may have another PIN, name or address are not listed, but named, with what to do. After an import that
    was interrupted, import its result first: that result keeps the PINs of the first part. After an approved plan that
    was interrupted, import the plan again, and list the PINs of both runs.
    """
    from bulkvm.jobs.list_new_pins import describe_existing, describe_not_listed, list_new_pins

    report = list_new_pins(result, output, observer=ConsoleObserver(console))
    if report.existing:
        console.always(describe_existing(report.existing))
    for not_listed in describe_not_listed(report.not_listed):
        console.always(not_listed)
    of_tenant = f" of {report.tenant}" if report.tenant else ""
    console.info(f"{count(len(report.boxes), 'PIN')}{of_tenant}: {report.file}")
    console.always(f"Delete {report.file.name} after the letters are written: anyone who can read it knows the PINs.")
    return ExitCode.DONE
