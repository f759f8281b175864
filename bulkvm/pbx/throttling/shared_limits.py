"""The limits of each PBX, shared by all connections of this process to it: its own limits apply to them together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import normalize_url
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.rate_limiter import RateLimiter

_Limiters: TypeAlias = dict[str, ConcurrencyLimiter]

_MAX_CONCURRENCY: Final = 256  # as --concurrency

_rates: Final[dict[str, RateLimiter]] = {}
# Requests wait in the event loop that sends them.
_limiters: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Limiters]] = WeakKeyDictionary()


@contextmanager
def shared_limits(site: Site, settings: SendSettings) -> Iterator[tuple[RateLimiter, ConcurrencyLimiter]]:
    """The limits of a site's PBX, by host and port. Within this context, they are at most those of the settings."""
    pbx = urlsplit(normalize_url(site.url)).netloc
    rate = _rates.setdefault(pbx, RateLimiter())
    limiters = _limiters.setdefault(asyncio.get_running_loop(), {})
    concurrency = limiters.setdefault(pbx, ConcurrencyLimiter(_MAX_CONCURRENCY))
    with rate.limited_to(settings.max_rps), concurrency.limited_to(settings.most_in_flight):
        yield rate, concurrency
