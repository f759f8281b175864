"""Proof of who asks: a ready token, or a login by user and password."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import httpx
from httpx import codes

from bulkvm.errors import LoginRefused
from bulkvm.pbx.answers import raise_for_refusal, read_object, said_by
from bulkvm.settings import Site

# The same for every installation (vendor's guide, "Login").
_CLIENT_ID: Final = "9d806019-75b2-4b3d-bb8b-f5a3a412cc0a"
_TOKEN_PATH: Final = "/api/login/oauth/token"  # noqa: S105  (a path)


class TokenAuth(httpx.Auth):
    """Sends a ready token with each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add the token."""
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request


class PasswordAuth(httpx.Auth):
    """Logs in when the first request needs it, and once more when the PBX no longer accepts the token.

    However many requests wait, one of them logs in.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._token: str | None = None
        self._lock = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Log in if need be, and send the request with the token."""
        used = self._token
        if used is None:
            async with self._lock:
                if self._token is None:
                    await self._read_token((yield self._login(request)))
            used = self._token
        request.headers["authorization"] = f"Bearer {used}"
        response = yield request
        if response.status_code != codes.UNAUTHORIZED:
            return
        async with self._lock:
            if self._token == used:
                await self._read_token((yield self._login(request)))
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request

    def _login(self, request: httpx.Request) -> httpx.Request:
        form = {
            "grant_type": "password",
            "username": self._site.user,
            "password": self._site.password,
            "domain": self._site.domain,  # absent for a system administrator
            "scope": "all",
            "client_id": _CLIENT_ID,
        }
        filled = {key: value for key, value in form.items() if value is not None}
        return httpx.Request("POST", f"{self._site.url}{_TOKEN_PATH}", data=filled, extensions=request.extensions)

    async def _read_token(self, response: httpx.Response) -> None:
        await response.aread()
        if response.status_code in {codes.BAD_REQUEST, codes.UNAUTHORIZED, codes.FORBIDDEN}:
            raise LoginRefused(
                f"The PBX at {response.url.host} did not accept this user name and password. Nothing was changed.\n"
                f"Check BULKVM_USER, BULKVM_PASSWORD and BULKVM_DOMAIN, the tenant's SIP domain.{said_by(response)}"
            )
        raise_for_refusal(response)
        token = read_object(response).get("access_token")
        if not token:
            raise LoginRefused(f"The PBX at {response.url.host} accepted the login and gave no token.")
        self._token = str(token)


def make_auth(site: Site) -> httpx.Auth:
    """The site's own way to prove who asks."""
    return TokenAuth(site.token) if site.token else PasswordAuth(site)
