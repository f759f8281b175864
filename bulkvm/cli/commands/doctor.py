"""`bulkvm doctor`."""

from functools import partial
from typing import TYPE_CHECKING

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_sites
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.json_output import doctor_document, print_json
from bulkvm.cli.options import JSON_OPTION, OpenNamed, calling_options
from bulkvm.model.exit_codes import ExitCode

if TYPE_CHECKING:
    from bulkvm.pbx.diagnostics import Finding


@click.command(
    "doctor",
    cls=DocumentedCommand,
    examples=(("bulkvm doctor clinic", "Name, port, TLS, clock, login, boxes and speed."),),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.LOGIN, ExitCode.PBX),
)
@click.argument("site", required=False, envvar="BULKVM_SITE", shell_complete=complete_sites)
@calling_options
@JSON_OPTION
@console_options
def command(*, site: str | None, open_named: OpenNamed, as_json: bool, console: Console) -> int:
    """Diagnose the connection to the PBX of SITE step by step, with a remedy for each failure.

    Without a password or token, only the steps that do not need one are checked.
    """
    from bulkvm.jobs.diagnose_connection import diagnose_connection

    connection = open_named(site, secret_needed=False)
    findings = diagnose_connection(connection, partial(_show, console))
    if as_json:
        print_json(doctor_document(connection.site.name, findings))
    return next((finding.error.exit_code for finding in findings if finding.error), ExitCode.DONE)


def _show(console: Console, finding: "Finding") -> None:
    text = finding.text.replace("\n", f"\n{'':15}")
    if finding.error:
        console.output(f"{'FAILED':8}{finding.check:7}{text}", fg="red")
    elif not console.quiet:
        console.output(f"{'ok':8}{finding.check:7}{text}")
