"""`bulkvm diff`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bulkvm.cli.connection import Connection
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.json_output import diff_form, print_json
from bulkvm.cli.options import OVERWRITE_OPTION, SITE_OPTION, OpenNamed, calling_options, check_backup
from bulkvm.model.errors import SheetError, UsageError

if TYPE_CHECKING:
    from bulkvm.model.box import Box

_DIFFERENCES: Final = 10  # exit code


@click.command("diff")
@click.argument("a", type=click.Path(path_type=Path, allow_dash=True))
@click.argument("b", type=click.Path(path_type=Path, allow_dash=True), required=False)
@SITE_OPTION
@calling_options
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the table to FILE (.xlsx, .csv)."
)
@OVERWRITE_OPTION
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
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
    """Show how the boxes in the sheet A differ from those in the sheet B, or from those of the PBX.

    Boxes are matched by extension; ids do not count, and a blank cell means that the box has nothing there. PINs are
    compared and never shown. What `validate` would refuse is compared as it stands. The exit code is 10 where there
    are differences.
    """
    from bulkvm.files import check_target
    from bulkvm.planning import make_diff
    from bulkvm.reports.diff_table import render_diff, render_diff_counts, write_diff
    from bulkvm.reports.output_checks import check_not_input
    from bulkvm.reports.table_file import table_kind

    if str(a) == str(b) == "-":
        raise UsageError("Standard input can be read once only. Name a file in place of one of the two.")
    if output:
        table_kind(output)
        for file in filter(None, (a, b)):
            check_not_input(output, file)
        check_target(output, overwrite=overwrite)
    ours = _read(a, console)
    if b:
        names, theirs = _names(a, b), _read(b, console)
    else:
        connection = open_named(site)
        names, theirs = (_name(a), f"the PBX {connection.site.name}"), asyncio.run(_list(connection, console))
    diff, written = make_diff(ours, theirs), None
    try:
        if output:
            with console.progress("Writing the differences"):
                written = write_diff(output, diff, names, overwrite=overwrite)
    finally:
        if as_json:
            print_json(diff_form(*names, diff))
        elif not diff.is_empty:
            console.print(f"{render_diff(diff, names)}\n")
        console.info(render_diff_counts(diff, names))
    if written:
        console.info(f"The differences: {written}")
    return 0 if diff.is_empty else _DIFFERENCES


def _names(a: Path, b: Path) -> tuple[str, str]:
    """What tells two files apart."""
    return (str(a), str(b)) if a.name == b.name else (_name(a), _name(b))


def _name(file: Path) -> str:
    return "standard input" if str(file) == "-" else file.name


def _read(file: Path, console: Console) -> "tuple[Box, ...]":
    """The boxes that a sheet tells of, all of them or none."""
    from bulkvm.planning import boxes_from_rows
    from bulkvm.readers import read_sheet
    from bulkvm.reports.text.problem_text import render_problems
    from bulkvm.validation import take_rows

    with console.progress("Reading the sheet"):
        sheet = read_sheet(file)
        check_backup(sheet)
    rows, errors = take_rows(sheet)
    if errors:
        console.always(render_problems(errors))
        raise SheetError(f"{file.name} cannot be compared: mend its errors first.")
    return boxes_from_rows(rows)


async def _list(connection: Connection, console: Console) -> "tuple[Box, ...]":
    async with connection.open() as pbx:
        with console.progress("Boxes read") as progress:
            return await pbx.list_whole_boxes(progress=progress)
