"""Diagnoses the connection to a PBX, step by step."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeAlias

import httpx

from bulkvm.model.errors import (
    AnswerLost,
    Blocked,
    BulkvmError,
    LoginRefused,
    NotAllowed,
    NotTrusted,
    OtherTenant,
    OutcomeUnknown,
    PbxError,
    PbxRefused,
    PbxUnreachable,
    StoppedEarly,
    UsageError,
)
from bulkvm.model.settings import DEFAULT_PIN_POLICY, SET_PIN_LENGTH, SendSettings, Site
from bulkvm.model.tenant import Tenant, name_distinctly
from bulkvm.model.url import DEFAULT_PORTS
from bulkvm.pbx.administrator import Administrator
from bulkvm.pbx.certificate import fetch_certificate
from bulkvm.pbx.client import Pbx
from bulkvm.pbx.connecting import connect, connect_administrator
from bulkvm.pbx.responses import BOXES_PATH
from bulkvm.pbx.transport import make_transport, not_reached, unknown_name
from bulkvm.text import count

# Source: vendor's release notes, 16.2 and 22.1.7.
RATE_LIMITS: Final = (
    "A PBX allows 10,000 requests a minute (166 per second) for all tenants together since version 22.1.7, 5,000 (83) "
    "since 16.2, and 1,000 (16) before."
)

_MAX_CLOCK_SKEW: Final = timedelta(minutes=1)
_EXPIRES_SOON: Final = timedelta(days=30)


_Check: TypeAlias = tuple[str, Callable[[], Awaitable[str]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, or the error and what to do about it."""

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
    """Check everything that a run needs, from the host name to the time of a request.

    It stops after a failure that makes the later checks pointless.

    Args:
        site: the site to check.
        settings: the settings of each request.
        app: an ASGI application to call instead of the network, for which the connection is not checked.
        now: this machine's clock.
        no_secret: why the site has no password or token, if it has none. It is the result of the login check.

    Raises:
        UsageError: the settings of the site are not valid.
    """
    server = _Server(site, settings.timeout, now)
    checks = [
        ("name", server.resolve),
        ("port", server.connect),
        ("TLS", server.check_tls),
        ("clock", server.check_clock),
    ]
    once = replace(settings, retries=1, max_rps=0)  # a few requests, each of which is reported
    connecting = connect_administrator if site.is_administrator else connect
    async with connecting(site, once, app=app) as client:
        async for finding in _run_all(() if app else checks):
            yield finding
            if _ends(finding):
                return
        if no_secret:
            yield Finding("login", str(no_secret), no_secret)
        elif isinstance(client, Pbx):
            async for finding in _run_all(_Tenant(site, client, settings).checks):
                yield finding
        else:
            system = _System(site, client)
            yield await _run("tenant" if site.switch_to else "login", system.log_in)
            if system.tenant:
                async with connect(site, once, app=app, tenant=system.tenant) as pbx:
                    async for finding in _run_all(_Tenant(site, pbx, settings).checks):
                        yield finding


async def probe(site: Site, seconds: float) -> httpx.Response:
    """Send a request without a login. Any answer shows that there is a server.

    Args:
        site: the PBX; the login does not matter.
        seconds: to wait for an answer.

    Raises:
        PbxError: there is no answer.
        NotTrusted: the certificate is not trusted.
    """
    async with make_transport(site, 1, seconds) as transport:
        try:
            return await transport.handle_async_request(
                httpx.Request("GET", f"{site.url}{BOXES_PATH}", params={"top": 1})
            )
        except OutcomeUnknown as error:
            raise _with_advice(error) from error


async def _run_all(checks: Iterable[_Check]) -> AsyncIterator[Finding]:
    """Run checks, up to one that makes the later ones pointless."""
    for name, check in checks:
        finding = await _run(name, check)
        yield finding
        if _ends(finding):
            return


def _ends(finding: Finding) -> bool:
    return isinstance(finding.error, PbxError | NotTrusted | LoginRefused | StoppedEarly)


async def _run(name: str, check: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(name, await check())
    except BulkvmError as error:
        return Finding(name, str(error), error)


class _Server:
    """Checks the connection to the PBX, up to its first answer."""

    def __init__(self, site: Site, timeout: float, now: Callable[[], datetime]) -> None:
        self._site = site
        self._url = httpx.URL(site.url)
        self._host = self._url.raw_host.decode()  # punycode: sockets encode other scripts by older rules
        self._port = self._url.port or DEFAULT_PORTS[self._url.scheme]
        self._timeout = timeout
        self._now = now
        self._date: str | None = None

    async def resolve(self) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port)
        except OSError as error:
            raise unknown_name(self._url) from error
        return f"{self._url.host} resolves to {', '.join(sorted({str(address[0]) for *_, address in found}))}"

    async def connect(self) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError as error:
            raise not_reached(self._url) from error
        writer.close()
        return f"port {self._port} is open"

    async def check_tls(self) -> str:
        try:
            answer = await probe(self._site, self._timeout)
        except PbxUnreachable as error:
            if isinstance(error.__cause__, TimeoutError):  # the port is open, as the check before has shown
                raise _with_advice(AnswerLost("Connected, but the server did not respond.")) from error
            raise
        self._date = answer.headers.get("date")
        if self._url.scheme == "http":
            return "not used: plain http"
        return f"{_trust_in_words(self._site)}; {await self._expiry()}"

    async def check_clock(self) -> str:
        try:
            theirs = parsedate_to_datetime(self._date or "").astimezone(UTC)
        except (ValueError, OverflowError):
            return "the PBX does not send its time"
        apart = abs(self._now() - theirs)
        if apart > _MAX_CLOCK_SKEW:
            raise UsageError(
                f"The clocks of this machine and the PBX are {apart.total_seconds() / 60:.0f} minutes apart. Correct "
                "the wrong one, preferably with a time server (NTP)."
            )
        return "the clocks of this machine and the PBX agree"

    async def _expiry(self) -> str:
        certificate = await asyncio.to_thread(fetch_certificate, self._site.url, self._timeout)
        soon = " Have it renewed soon." if certificate.expires - self._now() < _EXPIRES_SOON else ""
        return f"the certificate is valid until {certificate.expires:%Y-%m-%d}.{soon}"


class _System:
    """Checks the login of a system administrator, and finds the chosen tenant."""

    def __init__(self, site: Site, administrator: Administrator) -> None:
        self._site = site
        self._administrator = administrator
        self.tenant: Tenant | None = None

    async def log_in(self) -> str:
        if self._site.switch_to:
            found = (await self._administrator.find_tenant(self._site.switch_to)).tenant
            self._check_remembered(found)
            self.tenant = found
            return f"{self._site.user} is a system administrator, and the PBX lists {self.tenant}"
        tenants = count(len(await self._administrator.list_tenants()), "tenant")
        return (
            f"logged in as {self._site.user}, a system administrator of {tenants}. To check one of them, add --tenant "
            "DOMAIN."
        )

    def _check_remembered(self, found: Tenant) -> None:
        """Check that the site, which remembers its tenant, still means the one with its domain.

        Raises:
            OtherTenant: it means another one.
        """
        remembered = self._site.tenant
        if remembered and remembered.is_named(self._site.switch_to or "") and remembered.contradicts(found):
            ours, theirs = name_distinctly(remembered, found)
            raise OtherTenant(
                f"The site is {ours}, and the PBX lists {theirs}. If this is the right one, set the site up again with "
                "`bulkvm login SITE`."
            )


class _Tenant:
    """Checks what the user may do on the PBX."""

    def __init__(self, site: Site, pbx: Pbx, settings: SendSettings) -> None:
        self._site = site
        self._pbx = pbx
        self._settings = settings
        self._boxes = 0
        self._refusal: NotAllowed | None = None

    @property
    def checks(self) -> Sequence[_Check]:
        return ("login", self.log_in), ("boxes", self.count), ("PINs", self.policy), ("speed", self.speed)

    async def log_in(self) -> str:
        try:
            self._boxes = await self._pbx.read_confirmed(self._pbx.count_boxes)
        except NotAllowed as error:
            if isinstance(error, Blocked) and self._site.token:  # nothing shows that the PBX accepts the token
                raise
            self._refusal = error  # the login itself was accepted
        except (OutcomeUnknown, PbxUnreachable) as error:
            raise _with_advice(error) from error
        if self._site.token:
            return "the token is accepted"
        return f"logged in as {self._site.user}"

    async def count(self) -> str:
        if self._refusal:
            raise self._refusal
        return f"{self._boxes} found"

    async def policy(self) -> str:
        try:
            policy = await self._pbx.read_confirmed(self._pbx.tenant_pin_policy)
        except PbxRefused as error:
            least, most = DEFAULT_PIN_POLICY.min_length, DEFAULT_PIN_POLICY.max_length
            return f"not known, assumed to be {least} to {most} digits: {error}"
        if policy is None:
            policy, of = (
                DEFAULT_PIN_POLICY,
                ", the default before version 22.3: this PBX has no password policy for the tenant",
            )
        else:
            of = ""
        if policy.contradiction:
            raise UsageError(f"{policy.contradiction} {SET_PIN_LENGTH}")
        return f"{policy.min_length} to {policy.max_length} digits{of}"

    async def speed(self) -> str:
        began = time.perf_counter()
        await self._pbx.count_boxes()
        took = f"a request takes {(time.perf_counter() - began) * 1000:.0f} ms"
        rate, at_once = self._settings.max_rps, self._settings.concurrency
        limit = f"at most {rate:g} requests per second" if rate else "the rate is not limited"
        return f"{took}; {limit}, at most {at_once} at once (--max-rps, --concurrency)\n{RATE_LIMITS}"


def _with_advice(error: OutcomeUnknown | PbxUnreachable) -> PbxError:
    """The error with advice for a server that does not answer as a PBX does."""
    return type(error)(
        f"{error}\nCheck that the port is that of the PBX's REST API, 8887 by default, and whether it is for http or "
        "https."
    )


def _trust_in_words(site: Site) -> str:
    if site.insecure:
        return "NOT VERIFIED, because of --insecure"
    if site.ca_file:
        return f"trusted by {site.ca_file}"
    return "the pinned certificate" if site.fingerprint else "trusted by this machine"
