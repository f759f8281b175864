"""`bulkvm template`."""

from pathlib import Path

import click

from bulkvm.cli.screen import Screen, screen_options


@click.command("template")
@click.argument("file", type=click.Path(path_type=Path), default="bulkvm-template.xlsx")
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@screen_options
def command(file: Path, *, force: bool, screen: Screen) -> int:
    """Write the blank sheet to hand out, as FILE.

    A name that ends in .xlsx gives a workbook with drop-down lists, hints and a page that explains it; one that ends
    in .csv gives the bare headings.
    """
    from bulkvm.errors import UsageError
    from bulkvm.reports import write_template

    if file.exists() and not force:
        raise UsageError(f"{file} exists already. Choose another name, or add --force to overwrite it.")
    screen.say(f"Written: {write_template(file)}")
    return 0
