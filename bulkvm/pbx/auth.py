"""Proof of who asks: a ready token, or a login by user and password."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx
from httpx import codes

from bulkvm.model.errors import LoginRefused, MalformedAnswer, OutcomeUnknown, PbxUnreachable, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.responses import not_the_api, raise_for_refusal, read_json, read_object
from bulkvm.pbx.tenant_lookup import ask_tenant, read_expected_tenant

# The same for every installation (vendor's guide, "Login").
_CLIENT_ID: Final = "9d806019-75b2-4b3d-bb8b-f5a3a412cc0a"
LOGIN_PATH: Final = "/api/login/oauth/token"

CHANGES: Final = "bulkvm.model.change"  # in the extensions of a request that changes something

_NO_LOGIN_HERE: Final = frozenset({codes.NOT_FOUND, codes.METHOD_NOT_ALLOWED})
_TOKENS_TRIED: Final = 5  # of one request: others may use up, or end, the one that it waited for
_MARGIN: Final = 60.0  # seconds before its end that a token is replaced ...
_MARGIN_SHARE: Final = 0.1  # ... or this share of its life, where that is less
_REMEMBERED: Final = 16  # tokens that no message repeats; there is no end to those of a PBX whose tokens end at once


class SiteAuth(httpx.Auth):
    """How a site proves who asks, and that it reaches the tenant that is meant before anything else is sent."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = asyncio.Lock()
        self._expected: Tenant | None = None
        self._given: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """What no message may repeat: the secret of the site, and the tokens that its login gave."""
        return (self._site.password, self._site.token, *self._given)

    def expect(self, tenant: Tenant, *, checked: bool) -> None:
        """Ask from now on whether each new token reaches this tenant; `checked` if the present one does."""
        self._expected = tenant
        self._note_checked(checked=checked)

    def _note_checked(self, *, checked: bool) -> None:
        """Whether the present token needs no check."""


class TokenAuth(SiteAuth):
    """Sends a ready token with each request."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._token = site.token or ""
        self._checked = False

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add the token; before the first request, ask for the tenant if one is expected."""
        if self._expected and not self._checked:
            async with self._lock:
                if not self._checked:
                    response = yield ask_tenant(request, self._site.url, self._token)
                    read_expected_tenant(response, self._site, self._expected, self.secrets)
                    self._checked = True
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request

    def _note_checked(self, *, checked: bool) -> None:
        self._checked = checked


@dataclass(frozen=True, slots=True)
class _Token:
    """A token, and from when on it is better replaced, by the clock of its owner."""

    text: str = field(repr=False)
    renew_at: float


class PasswordAuth(SiteAuth):
    """Logs in when the first request needs it, and gets a new token before the old one ends or when it is refused.

    However many requests wait, one of them does that. A new token comes from the refresh token where that is accepted,
    else from the password. A password that was refused is not tried again, lest the PBX locks the user out.
    """

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without a token.

        Args:
            site: with user and password.
            clock: seconds, from any beginning.
        """
        super().__init__(site)
        self._clock = clock
        self._token: _Token | None = None
        self._refresh: str | None = None
        self._refusal: str | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Get a token if need be, and send the request with it; again with a new one if it has ended.

        A request that changes something is sent once: a 401 does not prove that it did nothing.
        """
        token = self._token
        is_over = token is None or self._clock() >= token.renew_at
        for _ in range(_TOKENS_TRIED):
            if is_over:
                async with self._lock:
                    while self._token is token:  # else another request got a new one meanwhile
                        asked_at = self._clock()
                        new = await self._read((yield self._ask(request)), asked_at)
                        if new and self._expected:
                            self._check((yield ask_tenant(request, self._site.url, new.text)), self._expected)
                        self._token = new or self._token
                    token = self._token
            assert token
            request.headers["authorization"] = f"Bearer {token.text}"
            response = yield request
            is_over = response.status_code == codes.UNAUTHORIZED
            if not is_over:
                return
            if CHANGES in request.extensions:
                # It may have been done nonetheless. The sender looks first; the next request gets a new token.
                if self._token is token:
                    self._token = replace(token, renew_at=-math.inf)
                return

    def _ask(self, request: httpx.Request) -> httpx.Request:
        """The request for a token that is to go before this one."""
        if self._refusal:
            raise LoginRefused(self._refusal)
        if not (self._site.user and self._site.password):
            raise UsageError(
                f"The site {self._site.name} has neither a token nor a user with a password, so nothing was sent."
            )
        if self._refresh:
            form = {"grant_type": "refresh_token", "refresh_token": self._refresh}
        else:
            by_password = {
                "grant_type": "password",
                "username": self._site.user,
                "password": self._site.password,
                "domain": self._site.domain,  # absent for a system administrator
                "scope": "all",
            }
            form = {key: value for key, value in by_password.items() if value is not None}
        url = f"{self._site.url}{LOGIN_PATH}"
        return httpx.Request("POST", url, data=form | {"client_id": _CLIENT_ID}, extensions=request.extensions)

    def _check(self, response: httpx.Response, expected: Tenant) -> None:
        """Let a new token pass if it reaches the tenant that is meant."""
        if response.status_code == codes.UNAUTHORIZED:  # it has ended already: the next one may live longer
            raise PbxUnreachable(f"The PBX at {response.url.host} gave a token that it does not accept.")
        read_expected_tenant(response, self._site, expected, self.secrets)

    async def _read(self, response: httpx.Response, asked_at: float) -> _Token | None:
        """The token of an answer. A refresh token that is refused is dropped, and the password's turn comes."""
        await response.aread()
        if response.is_client_error and response.status_code != codes.TOO_MANY_REQUESTS:
            if not self._refresh:
                self._refusal = self._not_accepted(response)
                raise LoginRefused(self._refusal)
            self._refresh = None
            return None
        told = _read_answer(response)
        token, refresh = (str(told.get(key) or "") for key in ("access_token", "refresh_token"))
        if not _is_token(token):
            raise LoginRefused(f"The PBX at {response.url.host} accepted the login and gave no token.")
        lifetime = _read_seconds(told.get("expires_in"))
        self._refresh = refresh if _is_token(refresh) else None
        self._given.extend(filter(None, (token, self._refresh)))
        return _Token(token, asked_at + lifetime - min(_MARGIN, _MARGIN_SHARE * lifetime))

    def _not_accepted(self, response: httpx.Response) -> str:
        if response.status_code in _NO_LOGIN_HERE or not _is_of_the_api(response):
            return str(not_the_api(response.url))
        return (
            f"The PBX at {response.url.host} did not accept this user name and password, so nothing more was sent.\n"
            "Check the user, the password and the domain, which is the tenant's SIP domain: with `bulkvm login SITE`, "
            "or in BULKVM_USER, BULKVM_PASSWORD and BULKVM_DOMAIN."
        )


def make_auth(site: Site) -> SiteAuth:
    """The site's own way to prove who asks.

    Raises:
        UsageError: it cannot be sent.
    """
    if site.token:
        if not _is_token(site.token):
            raise UsageError(
                "The token holds something that no token has, such as a space or a line break. Give the token alone, "
                'without the word "Bearer" or quotes.'
            )
        return TokenAuth(site)
    try:
        "".join(filter(None, (site.user, site.domain, site.password))).encode()
    except UnicodeEncodeError:
        raise UsageError(
            "The user, the domain or the password is not in UTF-8. Save the file that it comes from as UTF-8."
        ) from None  # the cause holds the password
    return PasswordAuth(site)


def _is_token(text: str) -> bool:
    """Whether a header can hold it: ASCII without spaces (RFC 6750, 2.1)."""
    return text.isascii() and text.isprintable() and bool(text) and " " not in text


def _is_of_the_api(response: httpx.Response) -> bool:
    """Whether it is nothing or JSON, and no page of somebody else's."""
    try:
        return not response.content.strip() or bool(read_json(response))
    except MalformedAnswer:
        return False


def _read_answer(response: httpx.Response) -> Mapping[str, Any]:
    """What a login that was not refused tells. Where it came to nothing, what it was for was not sent either."""
    try:
        raise_for_refusal(response, quote=False)
        return read_object(response)
    except OutcomeUnknown as error:
        raise PbxUnreachable(f"{error} That was the login; nothing else was sent.") from error


def _read_seconds(value: Any) -> float:
    """For how long a token is good; where the PBX does not say, or says nonsense, until it refuses it."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return math.inf
    return seconds if seconds > 0 else math.inf
