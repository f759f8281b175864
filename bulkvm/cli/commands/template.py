"""`bulkvm template`."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.console import Console, console_options
from bulkvm.cli.options import OpenNamed, calling_options
from bulkvm.files import check_target
from bulkvm.jobs.connection import Connection
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY

if TYPE_CHECKING:
    from bulkvm.reports.template.template_workbook import Tenant


@click.command("template")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--csv", "as_csv", is_flag=True, help="Write the CSV form: the bare headings.")
@click.option(
    "--from-site", metavar="NAME", help="Offer the prompt languages that this site uses, and hold PINs to its policy."
)
@click.option("--overwrite", "--force", is_flag=True, help="Replace FILE if it exists already.")
@calling_options
@console_options
def command(
    file: Path | None, *, as_csv: bool, from_site: str | None, open_named: OpenNamed, overwrite: bool, console: Console
) -> int:
    """Write the blank sheet to hand out, as FILE (bulkvm-template.xlsx).

    A name that ends in .xlsx gives a workbook with drop-down lists, hints and a page that explains it; one that ends
    in .csv gives the bare headings.
    """
    from bulkvm.reports.template.template_workbook import Tenant, write_template

    file = file or Path(f"bulkvm-template{'.csv' if as_csv else '.xlsx'}")
    if as_csv and file.suffix.casefold() != ".csv":
        raise UsageError(f"--csv writes a .csv file, and {file} is none by its name. Leave one of them out.")
    check_target(file, overwrite=overwrite)
    tenant = asyncio.run(_ask(open_named(from_site), console)) if from_site else Tenant()
    console.info(f"Written: {write_template(file, tenant, overwrite=overwrite)}")
    return ExitCode.DONE


async def _ask(connection: Connection, console: Console) -> "Tenant":
    """What the tenant has: the prompts that its boxes use, those in most use first, and its PIN policy."""
    from bulkvm.reports.template.template_workbook import Tenant

    async with connection.open() as pbx:
        policy = await pbx.pin_policy()
        if policy.contradiction:
            console.always(policy.contradiction)
            policy = DEFAULT_PIN_POLICY
        with console.progress("Boxes read") as progress:
            boxes = await pbx.list_whole_boxes(progress=progress, without=("pin",))
    used = Counter(box.prompt for box in boxes if isinstance(box.prompt, str))
    return Tenant(tuple(prompt for prompt, _ in used.most_common()) or Tenant().prompts, policy)
