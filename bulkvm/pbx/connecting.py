"""Opens a client for a site's PBX."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from bulkvm.model.errors import UsageError
from bulkvm.model.settings import DEFAULT_SETTINGS, SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.administrator import Administrator
from bulkvm.pbx.client import Pbx
from bulkvm.pbx.retry import RetryingClient
from bulkvm.pbx.throttling.cancellable_waits import CancellableWaits
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.rate_limiter import RateLimiter
from bulkvm.pbx.throttling.shared_limits import shared_limits
from bulkvm.pbx.throttling.throttled_transport import ThrottledTransport
from bulkvm.pbx.transport import InProcess, make_transport


@asynccontextmanager
async def connect(
    site: Site,
    settings: SendSettings = DEFAULT_SETTINGS,
    *,
    app: Any = None,
    reachable: bool = False,
    tenant: Tenant | None = None,
) -> AsyncIterator[Pbx]:
    """Open a client for a PBX, and close its connections at the end. Nothing is sent before the first call.

    Args:
        site: the PBX, and the login.
        settings: concurrency, rate, timeout and retries.
        app: an ASGI application to call instead of the network.
        reachable: whether the PBX responded a moment ago, so that an outage is waited for from the first call on.
        tenant: the expected tenant, by default the site's own. A login that reaches another one raises OtherTenant at
            the first call. A system administrator's login is switched to it by its id.

    Raises:
        UsageError: a system administrator's login without a tenant.
    """
    expected = tenant or site.tenant
    if site.is_administrator and not (expected and expected.id):
        raise UsageError(
            f"The login of {site.name} has no domain, so it is a system administrator's, which reaches every tenant. "
            f"Choose one with --tenant DOMAIN (BULKVM_TENANT); {site.tenants_command} lists them. For the "
            "login of one tenant's user, set BULKVM_DOMAIN or log in again with `bulkvm login SITE`."
        )
    async with _open_client(site, settings, app, reachable=reachable) as client:
        if expected:
            client.expect(expected, checked=False)
        yield Pbx(client, settings.concurrency)


@asynccontextmanager
async def connect_administrator(
    site: Site, settings: SendSettings = DEFAULT_SETTINGS, *, app: Any = None
) -> AsyncIterator[Administrator]:
    """Open a client for a system administrator, and close its connections at the end."""
    async with _open_client(site, settings, app, reachable=False) as client:
        yield Administrator(client)


@asynccontextmanager
async def _open_client(
    site: Site, settings: SendSettings, app: Any, *, reachable: bool
) -> AsyncIterator[RetryingClient]:
    inner = InProcess(app) if app else make_transport(site, settings.concurrency, settings.timeout)
    waits = CancellableWaits()
    async with AsyncExitStack() as stack:
        if app:
            limits = RateLimiter(settings.max_rps), ConcurrencyLimiter(settings.most_in_flight)
        else:
            limits = stack.enter_context(shared_limits(site, settings))
        transport = await stack.enter_async_context(ThrottledTransport(inner, *limits, waits, settings.max_outage))
        yield RetryingClient(site, transport, settings, waits=waits, reachable=reachable)
