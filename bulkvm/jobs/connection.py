"""A site and the settings to call it with."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bulkvm.model.errors import BulkvmError
from bulkvm.model.settings import DEFAULT_SETTINGS, SendSettings, Site
from bulkvm.model.tenant import ListedTenant, Tenant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bulkvm.pbx import Administrator, Pbx


@dataclass(frozen=True, slots=True)
class Connection:
    """A site and the settings to call it with. Nothing is sent before it is opened.

    Attributes:
        app: an ASGI application to call in place of the network, such as the simulator's.
        no_secret: why the site has no password or token, for a command that works without one.
        tenants_of_tokens: the tenant that a token of a system administrator is switched to; None for another token.
    """

    site: Site
    settings: SendSettings = DEFAULT_SETTINGS
    app: Any = None
    no_secret: BulkvmError | None = None
    tenants_of_tokens: dict[str, Tenant | None] = field(default_factory=dict, repr=False, compare=False)

    @asynccontextmanager
    async def open(self, *, reachable: bool = False, tenant: Tenant | None = None) -> "AsyncIterator[Pbx]":
        """Open the PBX for calls. The tenant of a system administrator's login is looked up, if it is not known.

        Args:
            reachable: whether it answered a moment ago, so that it is waited for if it does not now.
            tenant: the only one that may be called, if not the site's own.

        Raises:
            UsageError: there is no such tenant, or none was chosen.
            BulkvmError: the tenant could not be looked up.
        """
        from bulkvm.pbx import connect  # noqa: PLC0415  (httpx is slow to import, and --help needs this module)

        site, expected = self.site, tenant or await self._look_up()
        if found := await self._look_up_token():
            expected = expected or site.tenant or found
            site = replace(site, switch_to=expected.domain or expected.id)  # others may switch it, so it is checked
        async with connect(site, self.settings, app=self.app, reachable=reachable, tenant=expected) as pbx:
            yield pbx

    def in_tenant(self, tenant: Tenant) -> "Connection":
        """The same connection, for one tenant of a system administrator's login."""
        return replace(self, site=replace(self.site, tenant=tenant, switch_to=tenant.domain or tenant.id))

    async def list_tenants(self) -> tuple[ListedTenant, ...]:
        """List all tenants that a system administrator's login reaches."""
        async with self._open_administrator() as administrator:
            return await administrator.list_tenants()

    async def _look_up(self) -> Tenant | None:
        """The tenant that a system administrator's login is to be switched to; None for any other login."""
        site = self.site
        if not (site.is_administrator and site.switch_to):
            return None
        if site.tenant and site.tenant.id and site.tenant.is_named(site.switch_to):
            return site.tenant
        async with self._open_administrator() as administrator:
            return (await administrator.find_tenant(site.switch_to)).tenant

    async def _look_up_token(self) -> Tenant | None:
        """The tenant in force, if the site has a token of a system administrator, and no tenant was chosen."""
        token = self.site.token
        if not token or self.site.switch_to:
            return None
        if token not in self.tenants_of_tokens:
            async with self._open_administrator() as administrator:
                self.tenants_of_tokens[token] = await administrator.find_tenant_in_force()
        return self.tenants_of_tokens[token]

    def _open_administrator(self) -> "AbstractAsyncContextManager[Administrator]":
        from bulkvm.pbx import connect_administrator  # noqa: PLC0415  (the same)

        return connect_administrator(self.site, self.settings, app=self.app)

    def with_settings(self, **settings: Any) -> "Connection":
        """The same connection with other settings."""
        return replace(self, settings=replace(self.settings, **settings))

    def find_tenant(self) -> Tenant:
        """Ask the PBX which tenant the login reaches."""
        import asyncio  # noqa: PLC0415  (slow to import, and not needed by `validate`)

        async def ask() -> Tenant:
            async with self.open() as pbx:
                return await pbx.tenant()

        return asyncio.run(ask())
