"""Which PBX a command talks to, and how it is trusted."""

import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bulkvm.cli.main import current_streams
from bulkvm.model.errors import BulkvmError, UsageError
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.paths import simulator_state, sites_file

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bulkvm.pbx import Pbx


@dataclass(frozen=True, slots=True)
class Trust:
    """What an option or a variable says about trust. It stands above a site's entry, but for a pinned certificate."""

    ca_file: str | None = None
    insecure: bool = False
    allow_http: bool = False

    def given_to(self, site: Site) -> Site:
        """The site, trusted like this."""
        trusted = replace(site, ca_file=self.ca_file) if self.ca_file else site
        return replace(trusted, insecure=self.insecure, allow_http=self.allow_http)


@dataclass(frozen=True, slots=True)
class Connection:
    """A site, and how to call it. `no_secret` is why its secret cannot be had, where a command goes on without it."""

    site: Site
    settings: SendSettings
    app: Any = None  # the embedded PBX
    no_secret: BulkvmError | None = None

    def open(self, *, reachable: bool = False, tenant: Tenant | None = None) -> "AbstractAsyncContextManager[Pbx]":
        """Open the PBX for calls; `reachable` if it responded a moment ago, `tenant` if only this one is expected."""
        from bulkvm.pbx import connect

        return connect(self.site, self.settings, app=self.app, reachable=reachable, tenant=tenant)

    def with_settings(self, **settings: Any) -> "Connection":
        """The same, called with these settings."""
        return replace(self, settings=replace(self.settings, **settings))

    def find_tenant(self) -> Tenant:
        """Ask the PBX which tenant the login reaches."""
        import asyncio

        async def ask() -> Tenant:
            async with self.open() as pbx:
                return await pbx.tenant()

        return asyncio.run(ask())


def open_site(name: str | None, settings: SendSettings, trust: Trust, *, secret_needed: bool = True) -> Connection:
    """The PBX of that name; without a name the one that the variables describe, or the only site there is.

    Raises:
        UsageError: none is meant, or its secret is needed and cannot be had.
    """
    from bulkvm.sites import SIMULATOR, add_secret, choose_site, fetch_secret, read_sites

    if name == SIMULATOR:
        from bulkvm.simulator import SimulatorError, SimulatorSettings, create_app

        try:
            app = create_app(simulator_state())
        except SimulatorError as error:
            raise UsageError(str(error)) from error
        return Connection(Site(name=SIMULATOR, url="http://simulator", token=SimulatorSettings().token), settings, app)
    # What the variables describe alone needs no file, which may be wrong or have no place here.
    is_described = not name and os.environ.get("BULKVM_URL")
    choice = choose_site(name, os.environ, {} if is_described else read_sites(sites_file()))
    choice = replace(choice, site=trust.given_to(choice.site))
    try:
        return Connection(add_secret(choice, fetch_secret, ask_secret), settings)
    except BulkvmError as error:
        if secret_needed:
            raise
        return Connection(choice.site, settings, no_secret=error)


def ask_secret(site: Site) -> str | None:
    """Ask for the password or token of a site, with whose it is and where it will go; None without a terminal."""
    if not sys.stdin.isatty():
        return None
    of = f"{site.user} of {site.domain}" if site.domain else site.user
    question = f"Password of {of} at {site.url}" if site.user else f"Token for {site.url}"
    secret: str = current_streams().prompt(question, hide_input=True, default="", show_default=False)
    return secret
