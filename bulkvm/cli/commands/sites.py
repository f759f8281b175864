"""`bulkvm sites`."""

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.json_output import print_json, sites_document
from bulkvm.cli.options import JSON_OPTION
from bulkvm.model.errors import UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.settings import Site
from bulkvm.paths import sites_file
from bulkvm.sites import read_secret, read_sites
from bulkvm.text import printable


@click.command(
    "sites",
    cls=DocumentedCommand,
    examples=(("bulkvm sites", "All sites."),),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE),
)
@JSON_OPTION
@console_options
def command(*, as_json: bool, console: Console) -> int:
    """List sites: their address, tenant, login and trust, and where the password or token is stored."""
    entries = read_sites(sites_file())
    sites, wrong = [], []
    for name in entries:
        try:
            sites.append(entries[name])
        except UsageError as error:
            wrong.append(str(error))
    stored = {site.name: _is_stored(site) for site in sites}
    if as_json:
        print_json(sites_document(sites, stored))
    for site in sites if not as_json else ():
        console.output(_render(site, stored=stored[site.name]))
    if not entries:
        console.info("No sites yet. Set one up with `bulkvm login NAME`.")
    for text in wrong:
        console.always(text, fg="red")
    return UsageError.exit_code if wrong else ExitCode.DONE


def _is_stored(site: Site) -> bool:
    """Whether the site uses a secret that is in the keyring."""
    try:
        return not (site.password_command or site.password_file) and read_secret(site) is not None
    except UsageError:  # it belongs to another site
        return False


def _render(site: Site, *, stored: bool) -> str:
    user = f"{site.user} of {site.domain or 'all tenants'}" if site.user else "a token"
    return (
        f"{site.name}\n"
        f"  address  {site.url}\n"
        f"  tenant   {site.tenant or site.switch_to or ('any' if site.is_administrator else 'not known')}\n"
        f"  login    {user}; {_secret_source(site, stored=stored)}\n"
        f"  trusts   {_trust(site)}{_limits(site)}"
    )


def _limits(site: Site) -> str:
    rate = [f"{site.max_rps:g} requests per second"] if site.max_rps else []
    concurrency = [f"{site.concurrency} at once"] if site.concurrency else []
    return f"\n  at most  {', '.join(rate + concurrency)}" if rate or concurrency else ""


def _secret_source(site: Site, *, stored: bool) -> str:
    """Where the password or token is stored."""
    secret = "password" if site.user else "token"
    if site.password_command:
        return f"the {secret} comes from the command {printable(site.password_command[0])}"
    if site.password_file:
        return f"the {secret} is in {printable(site.password_file)}"
    return f"the {secret} is in the keyring" if stored else f"no {secret} is stored"


def _trust(site: Site) -> str:
    if site.fingerprint:
        return f"only the certificate {site.fingerprint}"
    if site.ca_file:
        return f"the certificates in {site.ca_file}"
    return "the system's certificate authorities"
