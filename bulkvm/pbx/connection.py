"""From a site to a PBX that can be called."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from bulkvm.pbx.bounds import Bounded
from bulkvm.pbx.client import Pbx
from bulkvm.pbx.login import make_auth
from bulkvm.pbx.pacing import Pace
from bulkvm.pbx.sending import Considerate, Sender
from bulkvm.pbx.transport import make_transport, request_timeout
from bulkvm.pbx.waits import Waits
from bulkvm.pbx.window import Window
from bulkvm.settings import DEFAULT_SETTINGS, SendSettings, Site

_LOG: Final = logging.getLogger(__name__)


@asynccontextmanager
async def connect(
    site: Site, settings: SendSettings = DEFAULT_SETTINGS, *, app: Any = None, known: bool = False
) -> AsyncIterator[Pbx]:
    """Open a PBX for calls, and close its connections in the end. Nothing is sent before the first call.

    Args:
        site: where it is and who logs in.
        settings: how many requests may be under way at once, and how long one may take.
        app: an ASGI application to call in place of the network.
        known: the PBX answered a moment ago, so that it is waited for if it does not now.
    """
    inner = httpx.ASGITransport(app) if app else make_transport(site, settings.concurrency)
    pace, window, waits = Pace(settings.max_rps), Window(settings.concurrency), Waits()
    transport = Considerate(Bounded(inner), pace, window, waits, settings.max_outage)
    async with httpx.AsyncClient(
        transport=transport,
        base_url=site.url,
        auth=make_auth(site),
        headers={"accept": "application/json"},
        timeout=request_timeout(settings.timeout),
        follow_redirects=False,  # a redirect must never take the token to another host
        event_hooks={"response": [_log]},
    ) as http:
        yield Pbx(Sender(http, settings, waits=waits, known=known), settings.concurrency)


async def _log(response: httpx.Response) -> None:
    request = response.request
    _LOG.info("%s %s: %s", request.method, request.url.path, response.status_code)
