"""The way to a PBX, checked step by step."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from bulkvm.model.errors import (
    AnswerLost,
    BulkvmError,
    LoginRefused,
    NotAllowed,
    NotTrusted,
    OutcomeUnknown,
    PbxError,
    PbxRefused,
    PbxUnreachable,
    UsageError,
)
from bulkvm.model.settings import DEFAULT_PIN_POLICY, SendSettings, Site
from bulkvm.pbx.certificate import fetch_certificate
from bulkvm.pbx.client import Pbx
from bulkvm.pbx.connecting import connect
from bulkvm.pbx.transport import make_transport, not_reached, unknown_name

_CLOCKS_MAY_DIFFER: Final = timedelta(minutes=1)
_ENDS_SOON: Final = timedelta(days=30)
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to: what is so, or what is wrong and what to do about it."""

    check: str
    text: str
    error: BulkvmError | None = None


def _now() -> datetime:
    return datetime.now(UTC)


async def examine(
    site: Site,
    settings: SendSettings,
    *,
    app: Any = None,
    now: Callable[[], datetime] = _now,
    no_secret: BulkvmError | None = None,
) -> AsyncIterator[Finding]:
    """Check all that a run needs, from the host's name to the time that a request takes.

    It ends early where a failure makes the later checks pointless.

    Args:
        site: what is checked.
        settings: of each request.
        app: an ASGI application in place of the network, to which there is no way to check.
        now: this machine's clock.
        no_secret: why the site has no password or token, where it has none: the check of the login comes to that.

    Raises:
        UsageError: the site itself says something that cannot be.
    """
    way = _Way(site, settings.timeout, now)
    outside = [("name", way.resolve), ("port", way.knock), ("TLS", way.shake_hands), ("clock", way.compare_clocks)]
    async with connect(site, settings, app=app) as pbx:
        tenant = _Tenant(site, pbx)
        log_in = _failing(no_secret) if no_secret else tenant.log_in
        inside = [("login", log_in), ("boxes", tenant.count), ("PINs", tenant.policy), ("speed", tenant.speed)]
        for check, look in inside if app else outside + inside:
            finding = await _find(check, look)
            yield finding
            if (
                isinstance(finding.error, PbxError | NotTrusted | LoginRefused)
                or finding.error is no_secret is not None
            ):
                return


async def probe(site: Site, patience: float) -> httpx.Response:
    """Send a request without a login: whatever is answered, there is somebody to talk to.

    Args:
        site: where; who logs in does not matter.
        patience: seconds to wait for an answer.

    Raises:
        PbxError: it cannot.
        NotTrusted: its certificate may not be trusted.
    """
    async with make_transport(site, 1, patience) as transport:
        try:
            return await transport.handle_async_request(
                httpx.Request("GET", f"{site.url}/api/shared_voicemails", params={"top": 1})
            )
        except OutcomeUnknown as error:
            raise _with_advice(error) from error


async def _find(check: str, look: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(check, await look())
    except BulkvmError as error:
        return Finding(check, str(error), error)


def _failing(error: BulkvmError) -> Callable[[], Awaitable[str]]:
    async def look() -> str:
        raise error

    return look


class _Way:
    """The way to the PBX, up to its first answer."""

    def __init__(self, site: Site, timeout: float, now: Callable[[], datetime]) -> None:
        self._site = site
        self._url = httpx.URL(site.url)
        self._host = self._url.raw_host.decode()  # as it is asked for: sockets know older rules for other scripts
        self._port = self._url.port or _PORTS[self._url.scheme]
        self._timeout = timeout
        self._now = now
        self._date: str | None = None

    async def resolve(self) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port)
        except OSError as error:
            raise unknown_name(self._url) from error
        return f"{self._url.host} is {', '.join(sorted({str(address[0]) for *_, address in found}))}"

    async def knock(self) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:
            raise not_reached(self._url) from error
        writer.close()
        return f"somebody answers at port {self._port}"

    async def shake_hands(self) -> str:
        try:
            answer = await probe(self._site, self._timeout)
        except PbxUnreachable as error:
            if isinstance(error.__cause__, TimeoutError):  # that somebody takes the connection is known by now
                raise _with_advice(AnswerLost("Whoever takes the connection says nothing.")) from error
            raise
        self._date = answer.headers.get("date")
        if self._url.scheme == "http":
            return "not used: plain http"
        return f"{_trust_in_words(self._site)}; {await self._until()}"

    async def compare_clocks(self) -> str:
        try:
            theirs = parsedate_to_datetime(self._date or "").astimezone(UTC)
        except (ValueError, OverflowError):
            return "the PBX does not tell the time"
        apart = abs(self._now() - theirs)
        if apart > _CLOCKS_MAY_DIFFER:
            raise UsageError(
                f"This machine's clock and the PBX's are {apart.total_seconds() / 60:.0f} minutes apart. Set the one "
                "that is wrong, best by a time server (NTP)."
            )
        return "this machine's and the PBX's agree"

    async def _until(self) -> str:
        certificate = await asyncio.to_thread(fetch_certificate, self._site.url, self._timeout)
        soon = " Have it renewed soon." if certificate.ends - self._now() < _ENDS_SOON else ""
        return f"the certificate is valid until {certificate.ends:%Y-%m-%d}.{soon}"


class _Tenant:
    """What the PBX lets the user do."""

    def __init__(self, site: Site, pbx: Pbx) -> None:
        self._site = site
        self._pbx = pbx
        self._boxes = 0
        self._refusal: NotAllowed | None = None

    async def log_in(self) -> str:
        try:
            self._boxes = await self._pbx.count_boxes()
        except NotAllowed as error:  # the login itself was accepted
            self._refusal = error
        except (OutcomeUnknown, PbxUnreachable) as error:
            raise _with_advice(error) from error
        if self._site.token:
            return "the token is accepted"
        return f"{self._site.user} is let in"

    async def count(self) -> str:
        if self._refusal:
            raise self._refusal
        return f"{self._boxes} can be listed"

    async def policy(self) -> str:
        try:
            policy = await self._pbx.tenant_pin_policy()
        except PbxRefused as error:
            least, most = DEFAULT_PIN_POLICY.min_length, DEFAULT_PIN_POLICY.max_length
            return f"not known, and taken to be {least} to {most} digits: {error}"
        if policy is None:
            policy, of = DEFAULT_PIN_POLICY, ", as PBXs have it before 22.3: this one tells no policy of the tenant"
        else:
            of = ""
        if policy.contradiction:
            raise UsageError(policy.contradiction)
        return f"{policy.min_length} to {policy.max_length} digits{of}"

    async def speed(self) -> str:
        began = time.perf_counter()
        await self._pbx.count_boxes()
        return f"a request takes {(time.perf_counter() - began) * 1000:.0f} ms"


def _with_advice(error: OutcomeUnknown | PbxUnreachable) -> PbxError:
    """Somebody answers, and not as a PBX does."""
    return type(error)(
        f"{error}\nCheck that the port is that of the PBX's REST API, 8887 by default, and whether it is for http or "
        "https."
    )


def _trust_in_words(site: Site) -> str:
    if site.insecure:
        return "NOT CHECKED, because of --insecure"
    if site.ca_file:
        return f"trusted by {site.ca_file}"
    return "the certificate that was pinned" if site.fingerprint else "trusted by this machine"
