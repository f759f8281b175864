"""Authentication of a system administrator, whose login is switched to one tenant."""

import asyncio
import time
from collections.abc import Callable
from copy import copy
from functools import partial

import httpx
from httpx import codes

from bulkvm.model.errors import LoginRefused, MalformedAnswer, OtherTenant, OutcomeUnknown
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.auth import Handle, PasswordAuth, Token, TokenEnded
from bulkvm.pbx.responses import read_object
from bulkvm.pbx.tenant_lookup import (
    RECHECK,
    check_switch,
    confirm_tenant,
    found_late,
    switch_failed,
    switch_request,
    tenant_request,
)
from bulkvm.pbx.throttling.throttled_transport import AT_TURN


class SystemAuth(PasswordAuth):
    """Switches each new token to the expected tenant, and sends nothing else with it before the PBX shows that tenant.

    The tenant is checked again every few seconds, when it is the turn of a request. After any doubt about it, nothing
    more is sent. Without an expected tenant, nothing is switched.
    """

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(site, clock=clock)
        self._checking = asyncio.Lock()  # besides the one of new tokens: who waits for this one has a slot already

    async def _check_new(self, token: Token, request: httpx.Request, handle: Handle) -> Token:
        if self.expected is None or self.expected.id is None:
            return token
        asked_at = self._clock()
        response = await _ask(handle, switch_request(request, self.site.url, token.text, self.expected.id))
        try:
            check_switch(response, self.expected, self.secrets)
        except LoginRefused as error:
            self._refusal = error
            raise
        token = self._read_switch(response, asked_at) or token
        await self._confirm(token, self.expected, request, handle)
        return token

    def _read_switch(self, response: httpx.Response, asked_at: float) -> Token | None:
        """The new token that a PBX before 22.1 gives; None from a later one."""
        try:
            return self._make_token(read_object(response), asked_at)
        except MalformedAnswer:
            return None

    async def _send_with(self, token: Token, request: httpx.Request, handle: Handle) -> httpx.Response:
        request.extensions[AT_TURN] = partial(self._check_at_turn, token, request)
        try:
            return await handle(request)
        finally:
            del request.extensions[AT_TURN]

    async def _check_at_turn(self, token: Token, request: httpx.Request, handle: Handle) -> None:
        """Check the tenant again right before a request is sent, if the last check was too long ago.

        One check serves all requests whose turn came before it.
        """
        turn = self._clock()
        if self.expected and turn >= self.checked_at + RECHECK:
            async with self._checking:
                self._raise_if_unusable(token)
                if turn > self.checked_at:
                    await self._check_again(token, self.expected, request, handle)
        self._raise_if_unusable(token)

    def _raise_if_unusable(self, token: Token) -> None:
        if self._refusal:
            raise copy(self._refusal)
        if self._token is not token:
            raise TokenEnded

    async def _check_again(self, token: Token, expected: Tenant, request: httpx.Request, handle: Handle) -> None:
        seconds = self._clock() - self.checked_at
        try:
            await self._confirm(token, expected, request, handle, is_in_use=True)
        except OtherTenant as error:
            self._refusal = late = found_late(error, seconds)
            raise copy(late) from error

    async def _confirm(
        self, token: Token, expected: Tenant, request: httpx.Request, handle: Handle, *, is_in_use: bool = False
    ) -> None:
        """Check that the tenant in force is the expected one. If that is not certain, nothing more is sent.

        Raises:
            TokenEnded: a token that is in use expired.
        """
        asked_at = self._clock()
        response = await _ask(handle, tenant_request(request, self.site.url, token.text))
        if response.status_code == codes.UNAUTHORIZED and is_in_use:
            raise TokenEnded
        try:
            confirm_tenant(response, self.site, expected, self.secrets)
        except LoginRefused as error:
            self._refusal = error
            raise
        self.checked_at = asked_at


async def _ask(handle: Handle, request: httpx.Request) -> httpx.Response:
    try:
        return await handle(request)
    except OutcomeUnknown as error:
        raise switch_failed(error) from error
