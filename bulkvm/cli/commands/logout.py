"""`bulkvm logout`."""

from dataclasses import replace

import click

from bulkvm.cli.command_help import DocumentedCommand
from bulkvm.cli.completers import complete_sites
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.options import trust_options
from bulkvm.cli.site_access import Trust
from bulkvm.model.errors import BulkvmError, LoginRefused, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.settings import Site
from bulkvm.paths import sites_file
from bulkvm.sites import Sites, change_site, check_changeable, forget_secret, lock_sites, read_secret, read_sites


@click.command(
    "logout",
    cls=DocumentedCommand,
    examples=(("bulkvm logout clinic", "Remove this site."),),
    exit_codes=(ExitCode.DONE, ExitCode.USAGE, ExitCode.PBX),
)
@click.argument("name", metavar="SITE", shell_complete=complete_sites)
@trust_options
@console_options
def command(name: str, *, trust: Trust, console: Console) -> int:
    """Remove SITE and its password or token. A token is revoked, so it can no longer be used."""
    sites = read_sites(sites_file())
    if name not in sites:
        raise UsageError(f'There is no site called "{name}". `bulkvm sites` lists all sites.')
    check_changeable(sites_file())
    site = _read_known(sites, name, console)
    secret = _stored_token(site) if site else None
    revoked = _revoke(replace(trust.apply_to(site), token=secret), console) if site and secret else 0
    change_site(sites_file(), name, None)
    with lock_sites(sites_file()):
        forget_secret(name)
    console.info(f"Removed the site {name}.")
    return revoked


def _read_known(sites: Sites, name: str, console: Console) -> Site | None:
    """The site; None if its entry is invalid, so that it can only be removed."""
    try:
        return sites[name]
    except UsageError as error:
        console.always(str(error))
        return None


def _stored_token(site: Site) -> str | None:
    """The token in the keyring; None if there is none, or if it belongs to another site."""
    if site.user or site.password_command or site.password_file:
        return None
    try:
        return read_secret(site)
    except UsageError:
        return None


def _revoke(site: Site, console: Console) -> int:
    """Revoke a token, and return the exit code. A token that the PBX rejects has expired already."""
    from bulkvm.jobs.log_in import revoke_token

    try:
        revoke_token(site)
    except LoginRefused:
        pass
    except BulkvmError as error:
        console.always(f"The token could not be revoked and is valid until it expires. {error}", fg="red")
        return error.exit_code
    return ExitCode.DONE
