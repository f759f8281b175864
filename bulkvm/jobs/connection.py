"""A site and the settings to call it with."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bulkvm.model.errors import BulkvmError
from bulkvm.model.settings import DEFAULT_SETTINGS, SendSettings, Site
from bulkvm.model.tenant import Tenant

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bulkvm.pbx import Pbx


@dataclass(frozen=True, slots=True)
class Connection:
    """A site and the settings to call it with. Nothing is sent before it is opened.

    Attributes:
        app: an ASGI application to call in place of the network, such as the simulator's.
        no_secret: why the site has no password or token, for a command that works without one.
    """

    site: Site
    settings: SendSettings = DEFAULT_SETTINGS
    app: Any = None
    no_secret: BulkvmError | None = None

    def open(self, *, reachable: bool = False, tenant: Tenant | None = None) -> "AbstractAsyncContextManager[Pbx]":
        """Open the PBX for calls.

        Args:
            reachable: whether it answered a moment ago, so that it is waited for if it does not now.
            tenant: the only one that may be called, if not the site's own.
        """
        from bulkvm.pbx import connect  # noqa: PLC0415  (httpx is slow to import, and --help needs this module)

        return connect(self.site, self.settings, app=self.app, reachable=reachable, tenant=tenant)

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
