"""Checks that a session which a PBX can move to another tenant still reaches the expected one."""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

import httpx
from httpx import codes

from bulkvm.model.confirmation import Gap
from bulkvm.model.errors import LoginRefused, OutcomeUnknown
from bulkvm.pbx.tenant_lookup import after_requests, confirm_tenant, switch_failed, tenant_request
from bulkvm.pbx.throttling.throttled_transport import AT_TURN

if TYPE_CHECKING:
    from bulkvm.pbx.auth import Handle, SiteAuth

RECHECK: Final = 2.0  # seconds after which the tenant of a session is checked again
CONFIRM: Final = "bulkvm.confirm"  # in the extensions of a request that is a check of the tenant


class TokenEnded(Exception):
    """A request was not sent, because its token expired or was replaced while the request waited for its turn."""


@dataclass(slots=True, eq=False)
class Session:
    """What is sent with one token.

    Attributes:
        token: the token.
        checked: the moment at which the last check began that found the expected tenant; 0 without one.
        checked_at: the same by the clock.
        used: the moment of its last request or answer; 0 without one.
        in_flight: the number of requests in flight.
        is_ended: whether nothing more is sent with the token.
    """

    token: str = field(repr=False)
    checked: int = 0
    checked_at: float = -math.inf
    used: int = 0
    in_flight: int = 0
    is_ended: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def gap(self) -> Gap | None:
        """What is not confirmed, if anything."""
        if not self.is_ended or self.in_flight:
            return self.checked, None
        return (self.checked, self.used) if self.used > self.checked else None


class SessionChecks:
    """Checks the tenant of the sessions of one login, and records what they sent since their last good check.

    A session is checked before its first request, every few seconds, when it is the turn of a request, and after its
    last answer. After any doubt about the tenant, nothing more is sent.
    """

    def __init__(self, auth: "SiteAuth", clock: Callable[[], float]) -> None:
        self._auth = auth
        self._clock = clock
        self._moments = count(1)
        self._sessions: list[Session] = []
        self._checking = asyncio.Lock()  # besides the one of new tokens: who waits for this one has a slot already

    def moment(self) -> int:
        """The present moment, which is later than all before it."""
        return next(self._moments)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What was sent, or may be sent from now on, and is not confirmed."""
        self._sessions = [session for session in self._sessions if session.gap]
        return tuple(session.gap for session in self._sessions if session.gap)

    async def send(self, session: Session, request: httpx.Request, handle: "Handle") -> httpx.Response:
        """Send a request, after a check if the last one was too long ago; or a check, which is a request to CONFIRM.

        Raises:
            TokenEnded: it was not sent, because the token is no longer valid.
        """
        if CONFIRM in request.extensions:
            self._raise_if_unusable(session)
            return await self.confirm(session, request, handle)
        is_sent = False

        async def at_turn(send_before: "Handle") -> None:
            nonlocal is_sent
            await self._check_at_turn(session, request, send_before)
            is_sent = True
            session.in_flight += 1
            session.used = self.moment()

        request.extensions[AT_TURN] = at_turn
        try:
            return await handle(request)
        finally:
            del request.extensions[AT_TURN]
            if is_sent:
                session.in_flight -= 1
                session.used = self.moment()
                session.idle.set()

    async def close(self, session: Session, request: httpx.Request, handle: "Handle") -> None:
        """Send nothing more with a token, and check it once more after its last answer.

        If the PBX no longer accepts the token, what was sent since its last good check remains unconfirmed.
        """
        session.is_ended = True
        while session.in_flight:
            session.idle.clear()
            await session.idle.wait()
        if self._auth.expected and session.used > session.checked:
            with suppress(TokenEnded):
                await self.confirm(session, request, handle)

    async def confirm(self, session: Session, request: httpx.Request, handle: "Handle") -> httpx.Response:
        """Check that the tenant in force is the expected one. If that is not certain, nothing more is sent.

        Raises:
            TokenEnded: a token that was in use expired.
        """
        expected = self._auth.expected
        assert expected
        asked, asked_at = self.moment(), self._clock()
        response = await _ask(handle, tenant_request(request, self._auth.site.url, session.token))
        if response.status_code == codes.UNAUTHORIZED and session.used:
            raise TokenEnded
        try:
            confirm_tenant(response, self._auth.site, expected, self._auth.secrets)
        except LoginRefused as error:
            is_late = session.checked and session.used  # requests before the first check were to any tenant
            late = after_requests(error, self._clock() - session.checked_at) if is_late else error
            self._auth.refusal = late
            raise copy(late) from error
        if not session.checked:
            self._sessions.append(session)
        session.checked, session.checked_at = asked, asked_at
        return response

    async def _check_at_turn(self, session: Session, request: httpx.Request, handle: "Handle") -> None:
        """Check the tenant again right before a request is sent, if the last check was too long ago.

        One check serves all requests whose turn came before it.
        """
        turn = self._clock()
        if self._auth.expected and (not session.checked or turn >= session.checked_at + RECHECK):
            async with self._checking:
                self._raise_if_unusable(session)
                if turn > session.checked_at:
                    await self.confirm(session, request, handle)
        self._raise_if_unusable(session)

    def _raise_if_unusable(self, session: Session) -> None:
        if self._auth.refusal:
            raise copy(self._auth.refusal)
        if session.is_ended:
            raise TokenEnded


async def _ask(handle: "Handle", request: httpx.Request) -> httpx.Response:
    try:
        return await handle(request)
    except OutcomeUnknown as error:
        raise switch_failed(error) from error
