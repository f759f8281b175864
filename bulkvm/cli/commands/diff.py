"""`bulkvm diff`."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bulkvm.cli.command_help import COMPARISON_CODES, DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.console_observer import ConsoleObserver, show_tenants
from bulkvm.cli.file_arguments import SheetOrFolderPath, SheetPath
from bulkvm.cli.json_output import diff_document, print_json, tenant_diffs_document
from bulkvm.cli.options import (
    ALL_TENANTS_OPTION,
    FROM_OPTION,
    JSON_OPTION,
    OVERWRITE_OPTION,
    SHEET_OPTION,
    SITE_OPTION,
    OpenNamed,
    calling_options,
    check_together,
)
from bulkvm.jobs.sheet_options import SheetOptions
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.text import join_limited

if TYPE_CHECKING:
    from bulkvm.jobs.diff_boxes import DiffReport
    from bulkvm.jobs.each_tenant import TenantsReport

_MOST_NAMED: Final = 20  # files


@click.command(
    "diff",
    cls=DocumentedCommand,
    examples=(
        ("bulkvm diff old.csv new.csv", "Two files."),
        ("bulkvm diff boxes.xlsx --site clinic", "A file and the PBX."),
        ("bulkvm diff old.csv new.csv --output diff.xlsx", "The differences as a workbook."),
    ),
    exit_codes=COMPARISON_CODES,
)
@click.argument("a", type=SheetOrFolderPath())
@click.argument("b", type=SheetPath(), required=False)
@FROM_OPTION
@SHEET_OPTION
@SITE_OPTION
@ALL_TENANTS_OPTION
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
    system: str | None,
    sheet: str | None,
    site: str | None,
    all_tenants: bool,
    open_named: OpenNamed,
    output: Path | None,
    overwrite: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Show how the boxes in the sheet A differ from those in the sheet B, or from those on the PBX.

    Boxes are matched by extension. Ids are not compared, and a blank cell means that the field is empty. PINs are
    compared but never shown. Values that `validate` would reject are compared as they are. The result of an import is
    compared as it was sent. The exit code is 10 if there are differences. With --all-tenants, A is a folder with a file
    or backups for each tenant, named after its domain.
    """
    from bulkvm.jobs.diff_boxes import diff_boxes, diff_tenants
    from bulkvm.reports.diff_table import render_diff, render_diff_counts

    check_together({"--all-tenants": all_tenants})
    observer = ConsoleObserver(console)
    if all_tenants:
        if b or output or system or sheet:
            raise UsageError("--all-tenants compares the folder A with the PBX. Omit B, --output, --from and --sheet.")
        return _diff_tenants(diff_tenants(a, open_named(site), observer=observer), console, as_json)
    options = SheetOptions(system=system, sheet=sheet)
    report = diff_boxes(a, b or open_named(site), options, output=output, overwrite=overwrite, observer=observer)
    if as_json:
        print_json(diff_document(report))
    elif not report.diff.is_empty:
        console.output(render_diff(report.diff, report.names))
    console.info(render_diff_counts(report.diff, report.names))
    if report.output_error:
        raise report.output_error
    if report.output:
        console.info(f"Differences: {report.output}")
    return report.exit_code


def _diff_tenants(report: "TenantsReport[DiffReport]", console: Console, as_json: bool) -> int:  # noqa: FBT001  (as the option)
    """Print how each tenant differs from its file, and return the exit code."""
    from bulkvm.reports.diff_table import render_diff, render_diff_counts

    if as_json:
        print_json(tenant_diffs_document(report))
    for name, end in report.by_tenant.items():
        if not as_json and not isinstance(end, Exception) and not end.diff.is_empty:
            console.output(f"{name}\n{render_diff(end.diff, end.names)}")
    code = show_tenants(report, console, lambda end: render_diff_counts(end.diff, end.names))
    if report.unmatched:
        files = join_limited(report.unmatched, _MOST_NAMED)
        console.always(f"These files are those of no tenant that the PBX lists: {files}.")
    differing = [end for end in report.by_tenant.values() if not isinstance(end, Exception) and end.exit_code]
    return code or (ExitCode.DIFFERENCES if differing or report.unmatched else ExitCode.DONE)
