"""From a site to a PBX that can be called."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bulkvm.model.settings import DEFAULT_SETTINGS, SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.client import Pbx
from bulkvm.pbx.retry import RetryingClient, ThrottledTransport
from bulkvm.pbx.throttling.cancellable_waits import CancellableWaits
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.rate_limiter import RateLimiter
from bulkvm.pbx.transport import InProcess, make_transport


@asynccontextmanager
async def connect(
    site: Site,
    settings: SendSettings = DEFAULT_SETTINGS,
    *,
    app: Any = None,
    known: bool = False,
    tenant: Tenant | None = None,
) -> AsyncIterator[Pbx]:
    """Open a PBX for calls, and close its connections in the end. Nothing is sent before the first call.

    Args:
        site: where it is and who logs in.
        settings: how many requests may be under way at once, and how long one may take.
        app: an ASGI application to call in place of the network.
        known: the PBX answered a moment ago, so that it is waited for if it does not now.
        tenant: the one that is meant, else the site's own. A login that reaches another one raises OtherTenant at the
            first call.
    """
    inner = InProcess(app) if app else make_transport(site, settings.concurrency, settings.timeout)
    pace, window, waits = RateLimiter(settings.max_rps), ConcurrencyLimiter(settings.concurrency), CancellableWaits()
    async with ThrottledTransport(inner, pace, window, waits, settings.max_outage) as transport:
        sender = RetryingClient(site, transport, settings, waits=waits, known=known)
        if expected := tenant or site.tenant:
            sender.expect(expected, checked=False)
        yield Pbx(sender, settings.concurrency)
