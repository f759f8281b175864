"""`bulkvm sites`."""

import click

from bulkvm.cli.json_forms import print_json, sites_form
from bulkvm.cli.places import sites_file
from bulkvm.cli.screen import Screen, screen_options
from bulkvm.settings import Site
from bulkvm.sites import read_secret, read_sites


@click.command("sites")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@screen_options
def command(*, as_json: bool, screen: Screen) -> int:
    """List the sites: where each is, who logs in, how it is trusted, and whether its secret is in the keyring."""
    sites = read_sites(sites_file()).values()
    stored = {site.name: read_secret(site.name) is not None for site in sites}
    if as_json:
        print_json(sites_form(sites, stored))
        return 0
    for site in sites:
        screen.print(f"{_in_words(site, stored=stored[site.name])}\n")
    if not sites:
        screen.say("There are none yet. `bulkvm login NAME` sets one up.")
    return 0


def _in_words(site: Site, *, stored: bool) -> str:
    user = f"{site.user} of {site.domain}" if site.user and site.domain else site.user or "a token"
    secret = "token" if site.user is None else "password"
    return (
        f"{site.name}\n"
        f"  address  {site.url}\n"
        f"  tenant   {site.tenant or 'not known'}\n"
        f"  login    {user}; {f'the {secret} is in the keyring' if stored else f'no {secret} is stored'}\n"
        f"  trusts   {_trusted(site)}"
    )


def _trusted(site: Site) -> str:
    if site.ca_file:
        return f"the certificates of {site.ca_file}"
    if site.fingerprint:
        return f"the one certificate {site.fingerprint}"
    return "the authorities that this machine knows"
