"""Authentication of a system administrator, whose login or token can reach any tenant."""

import time
from collections.abc import Callable

import httpx
from httpx import codes

from bulkvm.model.errors import LoginRefused, MalformedAnswer, OutcomeUnknown, SwitchFailed
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.auth import Handle, PasswordAuth, SiteAuth, Token
from bulkvm.pbx.responses import login_rejected, read_object
from bulkvm.pbx.session_checks import Session, SessionChecks, TokenEnded
from bulkvm.pbx.tenant_lookup import check_switch, switch_failed, switch_request


class SystemAuth(PasswordAuth):
    """Switches each new token to the expected tenant, and sends nothing else with it before the PBX shows that tenant.

    Without an expected tenant, nothing is switched.
    """

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(site, clock=clock)
        self.checks: SessionChecks = SessionChecks(self, clock)
        self._may_be_switched = False  # since the answer to a switch was lost

    async def _check_new(self, token: Token, request: httpx.Request, handle: Handle) -> Token:
        if self.expected is None or self.expected.id is None:
            return token
        token = await self._switch(token, self.expected, self.expected.id, request, handle)
        await self.checks.confirm(token.session, request, handle)
        return token

    async def _switch(
        self, token: Token, expected: Tenant, tenant_id: str, request: httpx.Request, handle: Handle
    ) -> Token:
        """Switch a token to a tenant. Returns it, or the new one that the PBX gives."""
        asked_at = self._clock()
        try:
            response = await handle(switch_request(request, self.site.url, token.text, tenant_id))
            check_switch(response, expected, self.secrets)
        except OutcomeUnknown as error:
            self._may_be_switched = True
            raise switch_failed(error) from error
        except SwitchFailed:
            self._may_be_switched = True
            raise
        except LoginRefused as error:
            if not self._may_be_switched:
                self.refusal = error
                raise
            return token  # the PBX may refuse to switch to the tenant in force, which is for the check to find out
        return self._read_switch(response, asked_at) or token

    def _read_switch(self, response: httpx.Response, asked_at: float) -> Token | None:
        """The new token that a PBX before 22.1 gives; None from a later one."""
        try:
            return self._make_token(read_object(response), asked_at)
        except MalformedAnswer:
            return None

    async def _send_with(self, token: Token, request: httpx.Request, handle: Handle) -> httpx.Response:
        response = await self.checks.send(token.session, request, handle)
        if response.status_code == codes.UNAUTHORIZED:
            token.session.is_ended = True
        return response

    async def _close(self, token: Token, request: httpx.Request, handle: Handle) -> None:
        await self.checks.close(token.session, request, handle)


class SystemTokenAuth(SiteAuth):
    """Sends a ready token, which may be a system administrator's, with each request. It is never switched."""

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(site)
        self.checks: SessionChecks = SessionChecks(self, clock)
        self._session = Session(site.token or "")

    async def send(self, request: httpx.Request, handle: Handle) -> httpx.Response:
        """Add the token, after a check that it reaches the expected tenant."""
        request.headers["authorization"] = f"Bearer {self._session.token}"
        try:
            return await self.checks.send(self._session, request, handle)
        except TokenEnded as error:
            raise LoginRefused(login_rejected(request.url.host)) from error
