"""Authentication of a system administrator, whose login is switched to one tenant."""

from copy import copy

import httpx
from httpx import codes

from bulkvm.model.errors import LoginRefused, MalformedAnswer, OtherTenant, OutcomeUnknown
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.auth import Handle, PasswordAuth, Token
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


class SystemAuth(PasswordAuth):
    """Switches each new token to the expected tenant, and sends nothing else with it before the PBX shows that tenant.

    The tenant is checked again every few seconds. After any doubt about it, nothing more is sent. Without an expected
    tenant, nothing is switched.
    """

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

    async def _is_usable(self, token: Token, request: httpx.Request, handle: Handle) -> bool:
        if self._refusal:
            raise copy(self._refusal)
        if self.expected is None or not self._is_check_due():
            return True
        async with self._lock:
            if self._token is not token or not self._is_check_due():
                return True
            try:
                return await self._confirm(token, self.expected, request, handle)
            except OtherTenant as error:
                self._refusal = late = found_late(error)
                raise copy(late) from error

    def _is_check_due(self) -> bool:
        return self._clock() >= self.checked_at + RECHECK

    async def _confirm(self, token: Token, expected: Tenant, request: httpx.Request, handle: Handle) -> bool:
        """Check that the tenant in force is the expected one. If that is not certain, nothing more is sent.

        Returns:
            False if the token expired.
        """
        asked_at = self._clock()
        response = await _ask(handle, tenant_request(request, self.site.url, token.text))
        if response.status_code == codes.UNAUTHORIZED and self._token is token:
            return False
        try:
            confirm_tenant(response, self.site, expected, self.secrets)
        except LoginRefused as error:
            self._refusal = error
            raise
        self.checked_at = asked_at
        return True


async def _ask(handle: Handle, request: httpx.Request) -> httpx.Response:
    try:
        return await handle(request)
    except OutcomeUnknown as error:
        raise switch_failed(error) from error
