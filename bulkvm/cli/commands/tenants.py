"""`bulkvm tenants`."""

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.json_output import print_json, tenants_document
from bulkvm.cli.options import JSON_OPTION, site_options
from bulkvm.model.errors import BulkvmError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.text import count, printable

if TYPE_CHECKING:
    from bulkvm.jobs.connection import Connection
    from bulkvm.jobs.each_tenant import TenantsReport


@click.command(
    "tenants",
    cls=DocumentedCommand,
    examples=(("bulkvm tenants --site pbx", "All tenants of this PBX."),),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.LOGIN, ExitCode.PBX),
)
@site_options
@JSON_OPTION
@console_options
def command(*, connection: "Connection", as_json: bool, console: Console) -> int:
    """List the tenants of a PBX, with their number of boxes. This needs a system administrator's login."""
    from bulkvm.jobs.count_boxes import count_boxes

    if click.get_current_context().get_parameter_source("tenant") is ParameterSource.COMMANDLINE:
        raise UsageError("`bulkvm tenants` lists all tenants. Omit --tenant.")
    report = count_boxes(connection)
    if as_json:
        print_json(tenants_document(report))
    elif report.tenants:
        console.output(_render(report))
    for name, end in report.by_tenant.items():
        if isinstance(end, BulkvmError):
            console.always(f"{name}: {' '.join(str(end).split())}", fg="red")
    console.info(f"{count(len(report.tenants), 'tenant')}, {len(report.disabled)} disabled.")
    for error in report.errors:
        if not isinstance(error, BulkvmError):
            raise error
    return report.exit_code


def _render(report: "TenantsReport[int]") -> str:
    width = max(map(len, report.tenants))
    lines = []
    for name, listed in report.tenants.items():
        end = report.by_tenant.get(name)
        boxes = count(end, "box", "boxes") if isinstance(end, int) else "disabled" if end is None else "not known"
        lines.append(printable(f"{name:{width}}  {boxes:>12}  {listed.tenant.name or ''}".rstrip()))
    return "\n".join(lines)
