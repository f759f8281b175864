"""`bulkvm template`."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_sites
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.options import OpenNamed, calling_options
from bulkvm.columns import SECRET_HEADERS
from bulkvm.files import check_target
from bulkvm.jobs.connection import Connection
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY, SET_PIN_LENGTH

if TYPE_CHECKING:
    from bulkvm.reports.template.template_workbook import Tenant


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
    from bulkvm.reports.template.template_workbook import Tenant, write_template

    file = file or Path(f"bulkvm-template{'.csv' if as_csv else '.xlsx'}")
    if as_csv and file.suffix.casefold() != ".csv":
        raise UsageError(f"--csv writes a .csv file, but {file} has another suffix. Omit --csv, or name a .csv file.")
    check_target(file, overwrite=overwrite)
    tenant = asyncio.run(_ask(open_named(from_site), console)) if from_site else Tenant()
    console.info(f"Written: {write_template(file, tenant, overwrite=overwrite)}")
    return ExitCode.DONE


async def _ask(connection: Connection, console: Console) -> "Tenant":
    """Ask for the tenant's PIN policy, and for the prompts that its boxes use, the most common first."""
    from bulkvm.pbx import list_whole_boxes
    from bulkvm.reports.template.template_workbook import Tenant

    async with connection.open() as pbx:
        policy = await pbx.pin_policy()
        if policy.contradiction:
            console.always(f"{policy.contradiction} {SET_PIN_LENGTH}")
            policy = DEFAULT_PIN_POLICY
        with console.progress("Boxes read") as progress:
            boxes = await list_whole_boxes(pbx, progress=progress, without=SECRET_HEADERS)
    used = Counter(box.prompt for box in boxes if isinstance(box.prompt, str))
    return Tenant(tuple(prompt for prompt, _ in used.most_common()) or Tenant().prompts, policy)
