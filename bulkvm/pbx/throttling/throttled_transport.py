"""The transport that limits the rate and the concurrency of all requests to one PBX."""

import logging
import math
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
from httpx import codes

from bulkvm.model.errors import AnswerLost, Interrupted, TooLate, UsageError
from bulkvm.pbx.responses import has_errors
from bulkvm.pbx.throttling.cancellable_waits import CancellableWaits
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.rate_limiter import RateLimiter

REFUSED_AT_RANDOM: Final = "bulkvm.refused_at_random"  # in the extensions of a response
AT_TURN: Final = "bulkvm.at_turn"  # in the extensions of a request: is awaited right before it is sent
DEADLINE: Final = "bulkvm.deadline"  # in the extensions of an urgent request: when it is too late to send it

_LOG: Final = logging.getLogger(__name__)
_LONG_PAUSE: Final = 5.0  # seconds; a shorter one is not worth a message
_BETWEEN_MESSAGES: Final = 30.0  # seconds, at least


class ThrottledTransport(httpx.AsyncBaseTransport):
    """Sends each request, logins included, once the rate limiter and the concurrency limiter allow it."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        rate: RateLimiter,
        concurrency: ConcurrencyLimiter,
        waits: CancellableWaits,
        max_pause: float = 3600.0,
    ) -> None:
        """Wrap a transport.

        Args:
            inner: sends the requests.
            rate: limits how fast they follow each other.
            concurrency: limits how many are in flight.
            waits: cancels waiting requests when the run is stopped.
            max_pause: the longest Retry-After, in seconds, that is waited for.
        """
        self._inner = inner
        self._rate = rate
        self._concurrency = concurrency
        self._waits = waits
        self._max_pause = max_pause
        self._next_message = 0.0
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request when the limits allow it, and adapt the limits to the response.

        Raises:
            TooLate: that was after its deadline.
            PbxAway: the PBX asks all connections for a longer pause than is waited for.
        """
        if self._is_closed:
            raise UsageError("This Pbx is closed, so nothing was sent. Call it inside its `async with connect(...)`.")
        if not self._concurrency.try_acquire():
            async with self._waits.one():
                await self._concurrency.acquire(urgent=DEADLINE in request.extensions)
        try:
            if not self._rate.try_acquire():
                async with self._waits.one():
                    await self._rate.acquire(self._max_pause)
            if at_turn := request.extensions.get(AT_TURN):
                await at_turn(self._send_before)
            sent_at = self._rate.clock()
            if sent_at > request.extensions.get(DEADLINE, math.inf):
                raise TooLate("The request was not sent, because its turn came too late.")
            response, pause = await self._send(request, sent_at)
        except AnswerLost as error:
            if isinstance(error.__cause__, TimeoutError):
                self._concurrency.on_overload()
            raise
        finally:
            self._concurrency.release()
        if pause:
            with suppress(Interrupted):  # the response is needed: the PBX may have made a change
                async with self._waits.one():
                    await self._rate.sleep(pause)
        return response

    async def _send_before(self, request: httpx.Request) -> httpx.Response:
        """Send another request right before the one whose turn it is, after a pause that began since."""
        if self._rate.is_paused:
            async with self._waits.one():
                await self._rate.wait_out_pause(self._max_pause)
        self._rate.take_slot()  # which delays later requests
        response, _ = await self._send(request, self._rate.clock())
        return response

    async def _send(self, request: httpx.Request, sent_at: float) -> tuple[httpx.Response, float]:
        """Send a request now. Returns the response, and for how many seconds its request alone is paused."""
        began = time.monotonic()
        response = await self._inner.handle_async_request(request)
        return response, self._adapt(request, response, sent_at, time.monotonic() - began)

    def _adapt(self, request: httpx.Request, response: httpx.Response, sent_at: float, seconds: float) -> float:
        """Adapt the limits to a response. Returns for how many seconds its request alone is paused.

        A 503 that is sent at random does not pause the requests of others.
        """
        if response.status_code not in {codes.TOO_MANY_REQUESTS, codes.SERVICE_UNAVAILABLE}:
            self._rate.on_accepted()
            self._concurrency.on_response(_kind_of(request), seconds)
            return 0.0
        is_random = self._concurrency.on_overload() and response.status_code == codes.SERVICE_UNAVAILABLE
        response.extensions[REFUSED_AT_RANDOM] = is_random
        is_rate = response.status_code == codes.TOO_MANY_REQUESTS
        pause = read_retry_after(response.headers)
        if pause is None:
            pause = min(self._rate.back_off(sent_at), self._max_pause) if is_rate else 0.0
        if is_random and pause <= self._max_pause:
            return pause
        self._rate.pause(pause)
        if pause <= self._max_pause:
            self._report(response.status_code, pause)
        elif request.method == "GET" or (is_rate and has_errors(response)):  # nothing was changed
            self._rate.check_pause(self._max_pause)
        return 0.0

    def _report(self, status: int, pause: float) -> None:
        """Log a long pause, in which nothing else happens."""
        now = time.monotonic()
        if pause >= _LONG_PAUSE and now >= self._next_message:
            self._next_message = now + _BETWEEN_MESSAGES
            _LOG.warning("The PBX is busy (status %d). Waiting %.0f seconds before the next request.", status, pause)

    async def aclose(self) -> None:
        """Close the connections. Later requests are refused."""
        self._is_closed = True
        await self._inner.aclose()


def read_retry_after(headers: httpx.Headers) -> float | None:
    """The Retry-After header in seconds, None without a valid one (RFC 9110, 10.2.3: seconds, or a date).

    A date is compared with the Date header, if there is one, since the clocks of the two machines may differ.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        then = parsedate_to_datetime(text).timestamp()
        now = parsedate_to_datetime(headers["date"]).timestamp() if "date" in headers else time.time()
    except (ValueError, OverflowError):
        return None
    return max(0.0, then - now)


def _kind_of(request: httpx.Request) -> str:
    """Requests of one kind have comparable response times: the same method, and paths of the same depth."""
    return f"{request.method} {request.url.raw_path.partition(b'?')[0].count(b'/')}"
