"""Sends API requests and repeats them while that is safe."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, NoReturn, TypeVar

import httpx
from httpx import codes

from bulkvm.columns import COLUMNS
from bulkvm.model.errors import (
    AnswerLost,
    Blocked,
    Interrupted,
    LoginEnded,
    LoginRefused,
    NotDoneYet,
    NotTrusted,
    OutcomeUnknown,
    PbxBusy,
    PbxError,
    PbxRefused,
    PbxUnreachable,
    StoppedEarly,
    SwitchFailed,
    TenantNotConfirmed,
)
from bulkvm.model.settings import SendSettings, Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.auth import CHANGES
from bulkvm.pbx.authenticated_session import AuthenticatedSession
from bulkvm.pbx.responses import BOXES_PATH, TENANT_PATH, TENANTS_PATH, login_rejected, raise_for_status
from bulkvm.pbx.session_checks import CONFIRM, SessionChecks
from bulkvm.pbx.throttling.cancellable_waits import CancellableWaits
from bulkvm.pbx.throttling.outage_gate import OutageGate
from bulkvm.pbx.throttling.throttled_transport import DEADLINE, REFUSED_AT_RANDOM

T = TypeVar("T")

_NOTHING_CHANGED: Final = (PbxUnreachable, PbxBusy)  # after these errors, every request may be repeated
_CHECKED_FIRST: Final = (LoginEnded, NotDoneYet)  # the caller fetches the box before it repeats the request

# Sent by a gateway while the PBX behind it is down.
_GATEWAY_ERRORS: Final = {codes.BAD_GATEWAY, codes.SERVICE_UNAVAILABLE, codes.GATEWAY_TIMEOUT}

# Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").
_FIRST_BACKOFF: Final = 0.2  # seconds, at most, before the first repeat; doubles with each further one
_MAX_BACKOFF: Final = 10.0

_SECRETS: Final = tuple(column.header for column in COLUMNS if column.secret)


@dataclass(frozen=True, slots=True)
class Response(Generic[T]):
    """The value of a successful response, and how many requests it took."""

    value: T
    attempts: int


@dataclass(frozen=True, slots=True)
class _Call:
    """A request, with what decides whether it may be repeated.

    `changes` is whether it changes something on the PBX, so that a 401 does not prove that nothing was done. `deadline`
    is when it is too late to send it for the first time.
    """

    method: str
    path: str
    idempotent: bool
    changes: bool = False
    content: Mapping[str, Any] | None = None
    secrets: tuple[str, ...] = ()
    deadline: float | None = None


class RetryingClient:
    """Sends requests to one PBX, and repeats them while that is safe."""

    def __init__(
        self,
        site: Site,
        transport: httpx.AsyncBaseTransport,
        settings: SendSettings,
        *,
        waits: CancellableWaits,
        reachable: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.site = site
        self.expected: Tenant | None = None
        self._settings = settings
        self._waits = waits
        self._sleep = sleep
        self._outage = OutageGate(settings.max_outage, self._probe, sleep=sleep)
        self._session = AuthenticatedSession(site, transport, on_failure=self._outage.on_failure)
        if reachable:
            self._outage.on_response()

    @property
    def base_url(self) -> httpx.URL:
        """The PBX's address."""
        return self._session.url

    @property
    def checks(self) -> SessionChecks | None:
        """The checks of sessions that the PBX can move to another tenant; None if it cannot."""
        return self._session.checks

    def expect(self, tenant: Tenant, *, checked: bool) -> None:
        """Send nothing to any other tenant from now on; `checked` if the present login is known to reach this one.

        Each new token is checked for its tenant before it is used; a wrong one raises OtherTenant.
        """
        self.expected = tenant
        self._session.expect(tenant, checked=checked)

    async def confirm_tenant(self) -> None:
        """Check that the login still reaches the expected tenant. Raises the same errors as `post`."""
        await self._send(
            _Call("GET", TENANT_PATH, idempotent=True, content={"extensions": {CONFIRM: True}}), lambda _: None
        )

    async def get(
        self, path: str, read: Callable[[httpx.Response], T], params: Mapping[str, str | int] | None = None
    ) -> T:
        """Send a GET request, and return what `read` makes of the response. Raises the same errors as `post`."""
        content = {"params": params} if params else None
        return (await self._send(_Call("GET", path, idempotent=True, content=content), read)).value

    async def post(
        self,
        path: str,
        read: Callable[[httpx.Response], T],
        *,
        idempotent: bool,
        changes: bool = True,
        json: Mapping[str, str | bool] | None = None,
        deadline: float | None = None,
    ) -> Response[T]:
        """Send a POST request.

        Args:
            path: on the PBX.
            read: makes the value of a successful response, or raises OutcomeUnknown.
            idempotent: whether the request may be repeated after an attempt whose outcome is not known.
            changes: whether it changes something on the PBX, so that a 401 does not prove that nothing was done.
            json: the body. Secrets in it are masked in every message.
            deadline: when it is too late to send it for the first time, by `time.monotonic`. A request with a deadline
                is sent before others.

        Raises:
            LoginEnded: a request that `changes` something was answered with 401. It is not repeated.
            PbxError: the last error, with the number of attempts. If the outcome of an earlier attempt is not known,
                that attempt's OutcomeUnknown is raised instead, or is `lost` of a PbxRefused.
            PbxAway: the PBX was away, or asks to wait, for too long; nothing was changed.
            Interrupted: the user stopped the run; nothing was changed.
            TooLate: its turn came after the deadline.
        """
        secrets = tuple(str(json[header]) for header in _SECRETS if header in json) if json else ()
        content = {"body": json} if json is not None else None
        return await self._send(_Call("POST", path, idempotent, changes, content, secrets, deadline), read)

    async def _send(self, call: _Call, read: Callable[[httpx.Response], T]) -> Response[T]:
        attempts = 0
        lost: OutcomeUnknown | None = None
        doubt: OutcomeUnknown | None = None  # counts only if nothing more can be sent
        began = time.monotonic()
        try:
            while True:
                if self._outage.is_suspected:
                    async with self._waits.one():
                        await self._outage.wait_until_over()
                attempts += 1
                try:
                    return Response(read(await self._send_once(call, is_first=attempts == 1)), attempts)
                except PbxError as error:
                    if isinstance(error, OutcomeUnknown):
                        lost = _more_uncertain(lost, error)
                    if isinstance(error, PbxBusy) and not error.is_certain:
                        doubt = OutcomeUnknown(str(error))
                    if not self._may_repeat(call, error, attempts, time.monotonic() - began):
                        raise
                await self.pause(random.uniform(0, min(_FIRST_BACKOFF * 2 ** (attempts - 1), _MAX_BACKOFF)))  # noqa: S311
        except SwitchFailed as error:
            refusal = TenantNotConfirmed(f"The tenant could not be confirmed after {attempts} attempts. {error}")
            refusal.__cause__ = error
            _raise_outcome(refusal, lost if call.changes else None, attempts)
        except (PbxError, NotTrusted, StoppedEarly, LoginRefused, Interrupted) as error:
            if not isinstance(error, PbxError):
                lost = lost or doubt
            _raise_outcome(error, lost if call.changes or isinstance(error, PbxRefused) else None, attempts)

    def _may_repeat(self, call: _Call, error: PbxError, attempts: int, seconds: float) -> bool:
        if isinstance(error, PbxBusy):  # it asks to wait: the time counts, not the number of attempts
            return seconds <= self._settings.max_outage
        is_safe = isinstance(error, _NOTHING_CHANGED) or (call.idempotent and isinstance(error, OutcomeUnknown))
        if isinstance(error, Blocked) and call.method == "GET":  # by a proxy, perhaps for a moment
            is_safe = True
        return is_safe and not isinstance(error, _CHECKED_FIRST) and attempts < self._settings.retries

    async def _send_once(self, call: _Call, *, is_first: bool) -> httpx.Response:
        extensions: dict[str, Any] = {CHANGES: True} if call.changes else {}
        if call.deadline is not None:
            extensions[DEADLINE] = call.deadline if is_first else math.inf
        content = {**(call.content or {}), **({"extensions": extensions} if extensions else {})}
        response = await self._session.send(call.method, call.path, **content)
        if _is_gateway_error(response):
            self._outage.on_failure()
        else:
            self._outage.on_response()
        if call.changes and response.status_code == codes.UNAUTHORIZED:
            raise LoginEnded(login_rejected(response.url.host))
        raise_for_status(response, secrets=(*self._session.secrets, *call.secrets))
        return response

    async def pause(self, seconds: float) -> None:
        """Wait; raises Interrupted if the run is stopped before the end."""
        async with self._waits.one():
            await self._sleep(seconds)

    def end_waits(self) -> None:
        """Cancel all waiting requests. Those in flight continue."""
        self._waits.end()

    async def _probe(self) -> bool:
        """Send one small request. Any response shows that the PBX is up, unless a gateway sent it."""
        is_in_a_tenant = self.expected or not self.site.is_administrator
        try:
            response = await self._session.send(
                "GET", BOXES_PATH if is_in_a_tenant else TENANTS_PATH, params={"top": 1}
            )
        except PbxError:
            return False
        return not _is_gateway_error(response)


def _is_gateway_error(response: httpx.Response) -> bool:
    """Whether a gateway may have sent a response because the PBX behind it is down."""
    return response.status_code in _GATEWAY_ERRORS and not response.extensions.get(REFUSED_AT_RANDOM)


def _more_uncertain(earlier: OutcomeUnknown | None, later: OutcomeUnknown) -> OutcomeUnknown:
    """The one of two attempts whose outcome is less certain: after AnswerLost, the PBX may still be processing it."""
    return earlier if isinstance(earlier, AnswerLost) else later


def _raise_outcome(
    error: PbxError | NotTrusted | StoppedEarly | LoginRefused | Interrupted, lost: OutcomeUnknown | None, attempts: int
) -> NoReturn:
    """Raise the error of a call after its last attempt.

    Args:
        error: of the last attempt.
        lost: of the attempt whose outcome is the least certain. It may have changed something.
        attempts: how many requests were sent.
    """
    if isinstance(error, PbxRefused):
        raise error.after(attempts, lost) from error.__cause__
    if lost:
        raise lost.after_lost(attempts, error) from error.__cause__
    if isinstance(error, PbxError):
        raise error.after(attempts) from error.__cause__
    raise error
