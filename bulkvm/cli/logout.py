"""`bulkvm logout`."""

import asyncio
from dataclasses import replace

import click

from bulkvm.cli.connection import Trust
from bulkvm.cli.options import trust_options
from bulkvm.cli.places import sites_file
from bulkvm.cli.screen import Screen, screen_options
from bulkvm.errors import BulkvmError, LoginRefused, UsageError
from bulkvm.settings import SendSettings, Site
from bulkvm.sites import forget_secret, read_secret, read_sites, write_sites


@click.command("logout")
@click.argument("name", metavar="SITE")
@trust_options
@screen_options
def command(name: str, *, trust: Trust, screen: Screen) -> int:
    """Forget SITE and its password or token. A token is revoked, so that it is good for nobody from then on."""
    sites = read_sites(sites_file())
    site = sites.pop(name, None)
    if site is None:
        raise UsageError(f'There is no site called "{name}". `bulkvm sites` lists them.')
    secret = _stored_token(site)
    revoked = _revoke(replace(trust.given_to(site), token=secret), screen) if secret else 0
    forget_secret(name)
    write_sites(sites_file(), sites)
    screen.say(f"{name} is forgotten.")
    return revoked


def _stored_token(site: Site) -> str | None:
    """The token of a site that was given to bulkvm to keep; None where there is none, or not this site's."""
    if site.user or site.password_command or site.password_file:
        return None
    try:
        return read_secret(site)
    except UsageError:
        return None


def _revoke(site: Site, screen: Screen) -> int:
    """Revoke a token, and return the exit code of how that went. One that is not accepted has ended by itself."""
    from bulkvm.pbx import connect

    async def revoke() -> None:
        async with connect(site, SendSettings(retries=1)) as pbx:
            await pbx.revoke_token()

    try:
        asyncio.run(revoke())
    except LoginRefused:
        pass
    except BulkvmError as error:
        screen.insist(f"The token could not be revoked, and stays good until it ends. {error}", fg="red")
        return error.exit_code
    return 0
