"""`bulkvm export`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.connection import Connection
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.options import OVERWRITE_OPTION, site_options
from bulkvm.model.errors import NotTheApi, PbxRefused, UsageError

if TYPE_CHECKING:
    from bulkvm.model.box import Box
    from bulkvm.pbx import Query


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-")
@site_options
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="What is written to standard output. A file's name says it itself.",
)
@click.option("--filter", "condition", metavar="CONDITION", help="Only boxes that the PBX finds by this filter.")
@click.option("--search", metavar="TEXT", help="Only boxes that the PBX finds by this text.")
@click.option("--orderby", metavar="ORDER", help='In the PBX\'s own order, such as "name desc".')
@click.option("--without-pins", is_flag=True, help="Leave the PINs out. Importing that keeps those on the PBX.")
@click.option("--no-bom", is_flag=True, help="Begin a .csv file without the mark that Excel knows UTF-8 by.")
@OVERWRITE_OPTION
@console_options
def command(
    file: Path,
    *,
    connection: Connection,
    file_format: str,
    condition: str | None,
    search: str | None,
    orderby: str | None,
    without_pins: bool,
    no_bom: bool,
    overwrite: bool,
    console: Console,
) -> int:
    """Write all boxes of the PBX to FILE (.csv, .xlsx or .json), or to standard output.

    Greetings and recorded messages are not part of it.
    """
    from bulkvm.files import check_target
    from bulkvm.pbx import Query
    from bulkvm.reports.export_file import (
        check_export_name,
        count_not_shown,
        describe_not_shown,
        describe_twins,
        render_export,
        without_gaps,
        write_export,
    )

    to_stdout = str(file) == "-"
    if not to_stdout:
        check_export_name(file)
        check_target(file, overwrite=overwrite)
    query = Query(filter=condition, search=search, orderby=orderby)
    try:
        boxes = asyncio.run(_list(connection, query, console, without_pins=without_pins))
    except NotTheApi:
        raise
    except PbxRefused as error:
        given = {"--filter": condition, "--search": search, "--orderby": orderby}
        if options := [f'{option} "{text}"' for option, text in given.items() if text is not None]:
            raise UsageError(f"The PBX does not take {' or '.join(options)}. {error}") from error
        raise
    whole = [without_gaps(box) for box in boxes]
    not_shown = {field: n for field, n in count_not_shown(boxes).items() if not (without_pins and field == "pin")}
    if not_shown:
        told = describe_not_shown(not_shown)
        console.always(f"{told[0].upper()}{told[1:]}, so they are blank. Importing that keeps them.")
    for twins in describe_twins(boxes):
        console.always(twins)
    if to_stdout:
        console.print(render_export(whole, file_format, pins=not without_pins))
    else:
        with console.progress("Writing the file"):
            written = write_export(file, whole, pins=not without_pins, bom=not no_bom, overwrite=overwrite)
        console.info(f"{len(boxes)} boxes: {written}")
    return 0


async def _list(connection: Connection, query: "Query", console: Console, *, without_pins: bool) -> "tuple[Box, ...]":
    async with connection.open() as pbx:
        with console.progress("Boxes read") as progress:
            return await pbx.list_whole_boxes(query, progress, without=("pin",) if without_pins else ())
