"""One request, sent as often as is safe and sensible."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final, Generic, TypeVar

import httpx
from httpx import codes
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from bulkvm.model.box import Absent
from bulkvm.model.errors import (
    AnswerLost,
    Interrupted,
    LoginEnded,
    LoginRefused,
    NoAnswer,
    NotDoneYet,
    NotTrusted,
    PbxBusy,
    PbxError,
    PbxRefused,
    PbxUnreachable,
    StoppedEarly,
    UsageError,
)
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.auth import CHANGES
from bulkvm.pbx.authenticated_session import AuthenticatedSession
from bulkvm.pbx.responses import raise_for_refusal
from bulkvm.pbx.throttling.cancellable_waits import CancellableWaits
from bulkvm.pbx.throttling.concurrency_limiter import ConcurrencyLimiter
from bulkvm.pbx.throttling.outage_gate import OutageGate
from bulkvm.pbx.throttling.rate_limiter import RateLimiter

# What may be repeated whatever was asked: nothing was changed.
SAFE: Final = (PbxUnreachable, PbxBusy)
# What may be repeated where doing it twice comes to the same.
SAFE_IF_REPEATABLE: Final = (*SAFE, AnswerLost)
_LOOKED_AT_FIRST: Final = (LoginEnded, NotDoneYet)  # what became of it is seen at the box, before it is repeated

# What a gateway answers while the PBX behind it is away.
_NOBODY_BEHIND: Final = {codes.BAD_GATEWAY, codes.SERVICE_UNAVAILABLE, codes.GATEWAY_TIMEOUT}

T = TypeVar("T")

_FIRST_WAIT: Final = 0.2
_FIRST_SILENCE: Final = 0.5
_LONGEST_WAIT: Final = 10.0


class ThrottledTransport(httpx.AsyncBaseTransport):
    """A transport that leaves the PBX room: every request, a login too, waits for its turn and its place."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        pace: RateLimiter,
        window: ConcurrencyLimiter,
        waits: CancellableWaits,
        longest_silence: float = 3600.0,
    ) -> None:
        self._inner = inner
        self._pace = pace
        self._window = window
        self._waits = waits
        self._longest_silence = longest_silence
        self._silence = 0.0
        self._too_long: str | None = None
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request when it may be sent, and learn from how it is answered."""
        if self._is_closed:
            raise UsageError("This Pbx is closed, so nothing was sent. Call it inside its `async with connect(...)`.")
        if self._too_long:
            raise StoppedEarly(self._too_long)
        if not self._window.enter_at_once():
            async with self._waits.one():
                await self._window.enter()
        try:
            if not self._pace.leave_at_once():
                async with self._waits.one():
                    await self._pace.wait_turn()
            began = time.monotonic()
            response = await self._inner.handle_async_request(request)
            self._learn(request, response, time.monotonic() - began)
        except NoAnswer as error:
            if isinstance(error.__cause__, TimeoutError):
                self._window.refused()
            raise
        finally:
            self._window.leave()
        return response

    def _learn(self, request: httpx.Request, response: httpx.Response, seconds: float) -> None:
        if response.status_code in {codes.TOO_MANY_REQUESTS, codes.SERVICE_UNAVAILABLE}:
            self._window.refused()
            asked = read_retry_after(response.headers)
            if asked is None and response.status_code == codes.TOO_MANY_REQUESTS:
                self._silence = min(2 * self._silence or _FIRST_SILENCE, _LONGEST_WAIT, self._longest_silence)
            elif asked and asked > self._longest_silence:
                self._too_long = (
                    f"The PBX asks to wait for {asked:.0f} seconds, which is longer than --max-outage. "
                    "Run the same command again then."
                )
                if request.method == "GET" or response.status_code == codes.TOO_MANY_REQUESTS:  # nothing was changed
                    raise StoppedEarly(self._too_long)
                return
            self._pace.be_silent(self._silence if asked is None else asked)
        else:
            self._silence = 0.0
            self._window.answered(_kind_of(request), seconds)

    async def aclose(self) -> None:
        """Close the connections; nothing is sent from then on."""
        self._is_closed = True
        await self._inner.aclose()


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """What a good answer told, and how many requests it took."""

    told: T
    attempts: int


def _kind_of(request: httpx.Request) -> str:
    """What requests must have in common for their times to be compared: the method, and how deep the path is."""
    return f"{request.method} {request.url.raw_path.partition(b'?')[0].count(b'/')}"


class RetryingClient:
    """Sends requests to one PBX, and repeats what may be repeated."""

    def __init__(
        self,
        site: Site,
        transport: httpx.AsyncBaseTransport,
        settings: SendSettings,
        *,
        waits: CancellableWaits,
        known: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.site = site
        self._settings = settings
        self._waits = waits
        self._sleep = sleep
        self._outage = OutageGate(settings.max_outage, self._is_there, sleep=sleep)
        self._exchange = AuthenticatedSession(site, transport, on_failure=self._outage.suspect)
        if known:
            self._outage.answered()

    @property
    def base_url(self) -> httpx.URL:
        """Where the PBX is."""
        return self._exchange.url

    def expect(self, tenant: Tenant, *, checked: bool) -> None:
        """Send nothing to another tenant than this from now on; `checked` if the present login reaches it.

        Each new token is asked for its tenant before anything else is sent with it; `send` raises OtherTenant.
        """
        self._exchange.expect(tenant, checked=checked)

    async def send(
        self,
        method: str,
        path: str,
        *,
        read: Callable[[httpx.Response], T],
        repeat: tuple[type[PbxError], ...],
        secret: str | Absent | None = None,
        changes: bool = False,
        **content: Any,
    ) -> Answered[T]:
        """Send a request until it is answered, and return what a good answer tells.

        Args:
            method: GET or POST.
            path: on the PBX.
            read: takes from a good answer what it tells, or raises AnswerLost.
            repeat: the errors after which it may be sent again.
            secret: what no message may show, even if the PBX repeats it.
            changes: whether it changes something, so that a 401 does not prove that it did nothing.
            content: as httpx takes it.

        Raises:
            LoginEnded: a request that `changes` something was answered with 401. It is not repeated.
            PbxError: the last of the errors, with the number of tries; see also `raise_for_refusal`.
            StoppedEarly: the PBX stayed away, and nothing was changed.
            Interrupted: a person ended the waiting, and nothing was changed.
        """
        secrets = (secret if isinstance(secret, str) else None,)
        if changes:
            content["extensions"] = {CHANGES: True}
        sent = 0
        lost: AnswerLost | None = None

        async def attempt() -> Answered[T]:
            nonlocal sent, lost
            if self._outage.is_suspected:
                async with self._waits.one():
                    await self._outage.wait_until_over()
            sent += 1
            try:
                return Answered(read(await self._send_once(method, path, secrets, content)), sent)
            except AnswerLost as error:
                lost = lost if isinstance(lost, NoAnswer) else error  # the one that leaves more open
                raise

        try:
            return await self._repeat(attempt, repeat)
        except (PbxError, NotTrusted, StoppedEarly, LoginRefused, Interrupted) as error:
            told = error
            if isinstance(error, PbxRefused):
                error.lost = lost
            elif lost and changes:
                told = lost  # whatever the last try came to, an earlier one may have changed something
            if isinstance(told, PbxError):
                told.attempts = sent
            raise told from error.__cause__

    async def _repeat(self, attempt: Callable[[], Awaitable[T]], repeat: tuple[type[PbxError], ...]) -> T:
        first: PbxError | None
        try:
            return await attempt()  # nearly always it takes no more
        except _LOOKED_AT_FIRST:
            raise
        except repeat as error:
            first = error
        async for again in self._tries(repeat):
            with again:
                if first:
                    failed, first = first, None
                    raise failed
                return await attempt()
        raise AssertionError("the last try returns or raises")

    def _tries(self, repeat: tuple[type[PbxError], ...]) -> AsyncRetrying:
        return AsyncRetrying(
            stop=self._is_enough,
            wait=wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT),
            retry=retry_if_exception(
                lambda error: isinstance(error, repeat) and not isinstance(error, _LOOKED_AT_FIRST)
            ),
            sleep=self.pause,
            reraise=True,
        )

    async def pause(self, seconds: float) -> None:
        """Wait; raises Interrupted where the waits were ended."""
        async with self._waits.one():
            await self._sleep(seconds)

    def end_waits(self) -> None:
        """Let no request wait any longer. Those that are under way go on."""
        self._waits.end()

    def _is_enough(self, state: RetryCallState) -> bool:
        """Whether to give up: after so many tries, and of a PBX that only asks to wait, after so long."""
        if state.outcome and isinstance(state.outcome.exception(), PbxBusy):
            return (state.seconds_since_start or 0.0) > self._settings.max_outage
        return state.attempt_number >= self._settings.retries

    async def _send_once(
        self, method: str, path: str, secrets: tuple[str | None, ...], content: dict[str, Any]
    ) -> httpx.Response:
        response = await self._exchange.send(method, path, **content)
        if response.status_code in _NOBODY_BEHIND:
            self._outage.suspect()
        else:
            self._outage.answered()
        if CHANGES in content.get("extensions", ()) and response.status_code == codes.UNAUTHORIZED:
            raise LoginEnded(f"The PBX at {response.url.host} does not accept the login or token, or it has ended.")
        raise_for_refusal(response, secrets=(*self._exchange.secrets, *secrets))
        return response

    async def _is_there(self) -> bool:
        """Ask for something small, once. Whatever is answered, somebody is there, unless it is a gateway."""
        try:
            response = await self._exchange.send("GET", "/api/shared_voicemails", params={"top": 1})
        except PbxError:
            return False
        return response.status_code not in _NOBODY_BEHIND


def read_retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that the PBX asks to wait, None where it does not say (RFC 9110, 10.2.3: seconds, or a date).

    A date counts from the PBX's own clock, where it tells that.
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
