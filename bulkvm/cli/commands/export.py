"""`bulkvm export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver, show_tenants
from bulkvm.cli.options import ALL_TENANTS_OPTION, OVERWRITE_OPTION, check_together, site_options
from bulkvm.model.errors import NotTheApi, PbxRefused, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.text import count

if TYPE_CHECKING:
    from bulkvm.jobs.connection import Connection


@click.command(
    "export",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm export boxes.xlsx --site clinic", "All boxes."),
        ("bulkvm export - --format json | jq", "JSON on standard output."),
        ("bulkvm export sales.csv --filter \"contains(name, 'Sales')\"", "Some of them."),
    ),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.LOGIN, ExitCode.PBX, ExitCode.INTERRUPTED),
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-")
@site_options
@ALL_TENANTS_OPTION
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="The format on standard output, or with --all-tenants. That of one file follows from its suffix.",
)
@click.option(
    "--filter",
    "condition",
    metavar="CONDITION",
    help="Export only boxes that match a filter of the PBX, such as \"startswith(name, 'Sa')\"; the syntax is in "
    "`bulkvm simulator --help`.",
)
@click.option("--search", metavar="TEXT", help="Export only boxes that the PBX finds by this text.")
@click.option("--orderby", metavar="ORDER", help='Export in an order of the PBX, such as "name desc".')
@click.option("--without-pins", is_flag=True, help="Omit PINs. Importing such a file keeps the PINs on the PBX.")
@click.option("--no-bom", is_flag=True, help="Omit the byte order mark of a .csv file, by which Excel detects UTF-8.")
@OVERWRITE_OPTION
@console_options
def command(
    file: Path,
    *,
    connection: "Connection",
    all_tenants: bool,
    file_format: str,
    condition: str | None,
    search: str | None,
    orderby: str | None,
    without_pins: bool,
    no_bom: bool,
    overwrite: bool,
    console: Console,
) -> int:
    """Export all boxes of the PBX to FILE (.csv, .xlsx or .json), or to standard output.

    With --all-tenants, FILE is a folder, and each tenant gets a file that is named after its domain.
    Greetings and recorded messages are not exported. In PowerShell, name a FILE: `>` breaks letters such as ü.
    """
    from bulkvm.jobs.export_boxes import export_boxes, export_tenants
    from bulkvm.pbx import Query
    from bulkvm.reports.export_file import render_export

    check_together({"--all-tenants": all_tenants})
    to_stdout = str(file) == "-"
    if all_tenants and to_stdout:
        raise UsageError("--all-tenants needs a folder for the files of the tenants, such as `export DIR`.")
    options: dict[str, Any] = {
        "query": Query(filter=condition, search=search, orderby=orderby),
        "pins": not without_pins,
        "bom": not no_bom,
        "overwrite": overwrite,
        "observer": ConsoleObserver(console),
    }
    if all_tenants:
        tenants = export_tenants(file, connection, file_format=file_format, **options)
        return show_tenants(tenants, console, lambda done: f"{count(len(done.boxes), 'box', 'boxes')}: {done.file}")
    try:
        report = export_boxes(None if to_stdout else file, connection, **options)
    except PbxRefused as error:
        given = {"--filter": condition, "--search": search, "--orderby": orderby}
        rejected = [f'{option} "{text}"' for option, text in given.items() if text is not None]
        if rejected and not isinstance(error, NotTheApi):
            raise UsageError(f"The PBX rejected {' or '.join(rejected)}. {error}") from error
        raise
    if to_stdout:
        console.data(render_export(report.boxes, file_format, pins=not without_pins))
    else:
        console.info(f"{count(len(report.boxes), 'box', 'boxes')}: {report.file}")
    return ExitCode.DONE
