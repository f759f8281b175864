"""Opening the PBX that a command names, with its login and with trust options."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import click

from bulkvm.cli.main import current_streams
from bulkvm.jobs.connection import Connection
from bulkvm.model.errors import BulkvmError, Interrupted, UsageError
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.paths import simulator_state, sites_file

Printed: TypeAlias = Mapping[tuple[str, ...], str | UsageError]  # by password command


@dataclass(frozen=True, slots=True)
class Trust:
    """Options about trust. They take precedence over a site's entry, except for a pinned certificate."""

    ca_file: str | None = None
    insecure: bool = False
    allow_http: bool = False

    def apply_to(self, site: Site) -> Site:
        """The site with these options."""
        trusted = replace(site, ca_file=self.ca_file) if self.ca_file else site
        return replace(trusted, insecure=self.insecure, allow_http=self.allow_http)


@dataclass(frozen=True, slots=True)
class RateOptions:
    """Options that limit the requests to a PBX. They take precedence over a site's entry."""

    max_rps: float | None = None
    concurrency: int | None = None

    def apply_to(self, settings: SendSettings, site: Site) -> SendSettings:
        """The settings with these options, else with the limits of the site."""
        given = {
            "max_rps": site.max_rps if self.max_rps is None else self.max_rps,
            "concurrency": self.concurrency or site.concurrency,
        }
        limits: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return replace(settings, **limits)


def open_site(
    name: str | None,
    settings: SendSettings,
    trust: Trust,
    rate: RateOptions,
    *,
    tenant: str | None = None,
    secret_needed: bool = True,
    printed: Printed | None = None,
) -> Connection:
    """Open the site with a name; without a name, the PBX of the environment variables, or the only site.

    Args:
        name: the name.
        settings: how requests are sent.
        trust: the options about trust.
        rate: the options that limit the requests.
        tenant: the domain or id of the tenant that is meant, instead of that of the site's entry.
        secret_needed: whether a missing password or token is an error.
        printed: what password commands printed that were run before.

    Raises:
        UsageError: there is no such site, it has no password or token and needs one, or its login is another tenant's.
        Interrupted: interrupted at the prompt for its password.
    """
    from bulkvm.sites import SIMULATOR, add_secret, choose_site, fetch_secret, read_sites  # slow to import

    if name == SIMULATOR:
        return _open_simulator(name, settings, rate, tenant)
    # The environment alone needs no sites file, which may be wrong or have no folder.
    is_described = not name and os.environ.get("BULKVM_URL")
    choice = choose_site(name, os.environ, {} if is_described else read_sites(sites_file()))
    if choice.entry:
        current_streams().site = choice.entry.name
    choice = replace(choice, site=in_tenant(trust.apply_to(choice.site), tenant))
    settings = rate.apply_to(settings, choice.site)
    try:
        return Connection(add_secret(choice, partial(fetch_secret, printed=printed or {}), ask_secret), settings)
    except BulkvmError as error:
        if secret_needed:
            raise
        return Connection(choice.site, settings, no_secret=error)
    except click.Abort as error:
        raise Interrupted("Stopped. Nothing was sent.") from error


def in_tenant(site: Site, name: str | None) -> Site:
    """The site with the tenant that has a domain or id. Only a system administrator's login can be switched to it.

    Raises:
        UsageError: the login is another tenant's.
    """
    name = name or site.switch_to
    if not name:
        return site
    known = site.tenant and site.tenant.is_named(name)
    if site.domain and not site.token and not known and site.domain.casefold() != name.casefold():
        raise UsageError(
            f"The login of the site {site.name} is for the tenant {site.domain}, so it does not reach {name}. "
            "Nothing was sent. Use the login of that tenant, or that of a system administrator, which has no domain."
        )
    expected = site.tenant or Tenant(pbx=normalize_url(site.url), domain=name)
    if site.is_administrator or (site.tenant and expected.domain is None):
        return replace(site, switch_to=name)
    if not expected.is_named(name):
        raise UsageError(
            f"The site {site.name} is {expected}, not {name}, so nothing was sent. Use the login of a system "
            "administrator, or the site of that tenant."
        )
    return replace(site, switch_to=name, tenant=expected)


def _open_simulator(name: str, settings: SendSettings, rate: RateOptions, tenant: str | None) -> Connection:
    from bulkvm.simulator import SimulatorError, SimulatorSettings, create_app

    try:
        app = create_app(simulator_state())
    except SimulatorError as error:
        raise UsageError(str(error)) from error
    site = Site(name=name, url="http://simulator", token=SimulatorSettings().token, max_rps=0)  # carries no calls
    return Connection(in_tenant(site, tenant), rate.apply_to(settings, site), app)


def ask_secret(site: Site) -> str | None:
    """Prompt for the password or token of a site; None without a terminal."""
    if not sys.stdin.isatty():
        return None
    of = f"{site.user} of {site.domain}" if site.domain else site.user
    question = f"Password of {of} at {site.url}" if site.user else f"Token for {site.url}"
    secret: str = current_streams().prompt(question, hide_input=True, default="")
    return secret
