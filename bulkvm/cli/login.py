"""`bulkvm login`."""

import asyncio
import sys
from dataclasses import replace

import click

from bulkvm.address import check_url
from bulkvm.cli.connection import Trust
from bulkvm.cli.options import trust_options
from bulkvm.cli.places import sites_file
from bulkvm.cli.screen import Screen, screen_options
from bulkvm.errors import NotTrusted, UsageError
from bulkvm.settings import SendSettings, Site
from bulkvm.sites import check_name, read_sites, store_secret, write_sites
from bulkvm.tenant import Tenant

_ONCE = SendSettings(retries=1)
_WHICH_TENANT = "Domain of the tenant (blank for a system administrator)"


@click.command("login")
@click.argument("name", metavar="SITE")
@click.option("--url", envvar="BULKVM_URL", help="The PBX's address, such as https://pbx.example.com:8887.")
@click.option("--user", envvar="BULKVM_USER", help="Who logs in.")
@click.option("--domain", envvar="BULKVM_DOMAIN", help="The tenant's SIP domain; blank for a system administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--token-stdin", is_flag=True, help="Read a ready bearer token there, in place of user and password.")
@trust_options
@screen_options
def command(
    name: str,
    *,
    url: str | None,
    user: str | None,
    domain: str | None,
    password_stdin: bool,
    token_stdin: bool,
    trust: Trust,
    screen: Screen,
) -> int:
    """Set up a site under the name SITE: ask for what is not given, log in, and remember it.

    The password or token goes into the operating system's keyring, everything else into a file. The same again
    changes the site.
    """
    if password_stdin and token_stdin:
        raise UsageError("Give --password-stdin or --token-stdin, not both: standard input holds one secret.")
    sites = read_sites(sites_file())
    known = sites.get(check_name(name), Site(name=name, url=""))
    address = check_url(_ask("PBX address", "--url", url, known.url or None, screen))
    site = replace(known, url=address, user=None, domain=None, tenant=None)
    if not token_stdin:
        asked = _ask(_WHICH_TENANT, "--domain", domain, known.domain or "", screen)
        site = replace(site, user=_ask("User", "--user", user, known.user, screen), domain=asked or None)
    site = _settle_trust(trust.given_to(site), screen)
    kind = "token" if token_stdin else "password"
    secret = _read_secret(screen, from_stdin=password_stdin or token_stdin)
    secret = secret.strip() if token_stdin else secret
    tenant, count = _log_in(replace(site, token=secret) if token_stdin else replace(site, password=secret))
    site = replace(site, tenant=tenant if tenant.id or tenant.domain else None)
    screen.say(f"Logged in. {tenant} has {count:,} {'box' if count == 1 else 'boxes'}.")
    if known.tenant and tenant.contradicts(known.tenant):
        screen.insist(f"The site {name} was {known.tenant} until now.")
    write_sites(sites_file(), {**sites, name: site})
    _store(site, kind, secret, screen)
    return 0


def _ask(what: str, option: str, given: str | None, known: str | None, screen: Screen) -> str:
    """What an option or a variable says, else what a person answers; without a person, what is known."""
    if given is not None:
        return given
    if sys.stdin.isatty():
        answer: str = screen.prompt(what, default=known, show_default=bool(known))
        return answer
    if known is None:
        raise UsageError(f"There is no terminal to ask on. Add {option}.")
    return known


def _read_secret(screen: Screen, *, from_stdin: bool) -> str:
    if from_stdin:
        secret = _read_line()
    elif sys.stdin.isatty():
        secret = screen.prompt("Password", hide_input=True)
    else:
        raise UsageError("There is no terminal to ask on. Send the password to --password-stdin, in a pipe.")
    if not secret:
        raise UsageError("Standard input holds no password or token.")
    return secret


def _read_line() -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise UsageError("What standard input holds is not in UTF-8.") from None  # the cause holds the secret
    return line.removeprefix("\ufeff").rstrip("\r\n")  # PowerShell begins with a mark


def _settle_trust(site: Site, screen: Screen) -> Site:
    """The site as it can be talked to: with its certificate pinned, if a person vouches for it."""
    from bulkvm.pbx.certificate import fetch_certificate
    from bulkvm.pbx.checkup import greet

    try:
        asyncio.run(greet(site, _ONCE.timeout))
    except NotTrusted as error:
        if not sys.stdin.isatty():
            raise
        shown = fetch_certificate(site.url, _ONCE.timeout)
        screen.insist(
            f"{error}\n\nThe PBX shows this certificate:\n"
            f"  for          {shown.subject}\n"
            f"  valid until  {shown.ends:%Y-%m-%d}\n"
            f"  SHA-256      {shown.fingerprint}\n"
            "Compare its SHA-256 fingerprint with the one that the PBX's administrator reads out on the PBX itself."
        )
        if not screen.confirm("Trust this certificate, and no other, for this site from now on?"):
            raise
        return replace(site, ca_file=None, fingerprint=shown.fingerprint)
    return site


def _log_in(site: Site) -> tuple[Tenant, int]:
    """Log in for real; which tenant that reaches, and how many boxes it has."""
    from bulkvm.pbx import connect

    async def ask() -> tuple[Tenant, int]:
        async with connect(site, _ONCE) as pbx:
            return await pbx.tenant(), await pbx.count_boxes()

    return asyncio.run(ask())


def _store(site: Site, kind: str, secret: str, screen: Screen) -> None:
    if store_secret(site.name, secret):
        screen.say(f"The {kind} is in the keyring. Use the site with --site {site.name}.")
    else:
        screen.insist(
            f"This machine has no keyring that works, so the {kind} was not stored. Set BULKVM_{kind.upper()} whenever "
            f"you use --site {site.name}."
        )
