"""Authentication: a ready token, or a login by user and password."""

import asyncio
import math
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn, TypeAlias

import httpx
from httpx import codes

from bulkvm.model.errors import LoginRefused, MalformedAnswer, OutcomeUnknown, PbxUnreachable, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.responses import is_login_wrong, is_web_page, not_the_api, raise_for_status, read_json, read_object
from bulkvm.pbx.session_checks import Session, SessionChecks, TokenEnded
from bulkvm.pbx.tenant_lookup import read_expected_tenant, tenant_request

# The same for every installation (vendor's guide, "Login").
_CLIENT_ID: Final = "9d806019-75b2-4b3d-bb8b-f5a3a412cc0a"
LOGIN_PATH: Final = "/api/login/oauth/token"

CHANGES: Final = "bulkvm.changes"  # in the extensions of a request that changes something

_NO_LOGIN_HERE: Final = frozenset({codes.NOT_FOUND, codes.METHOD_NOT_ALLOWED})
_MAX_TOKENS: Final = 5  # for one request, since a token may expire, or be revoked, before it is used
_MAX_PAGES: Final = 3  # in a row; after more, the password is not sent again, since it may be what is rejected
_MARGIN: Final = 60.0  # seconds before it expires that a token is renewed ...
_MARGIN_SHARE: Final = 0.1  # ... or this share of its lifetime, if that is less
_MAX_MASKED: Final = 16  # recent tokens that messages mask; a PBX with short-lived tokens issues many


Handle: TypeAlias = Callable[[httpx.Request], Awaitable[httpx.Response]]


class SiteAuth(ABC):
    """Authenticates the requests to a site, and checks that each new token reaches the expected tenant.

    Attributes:
        expected: the expected tenant.
        refusal: why nothing more is sent.
        checks: the checks of sessions that the PBX can move to another tenant; None if it cannot.
    """

    checks: SessionChecks | None = None

    def __init__(self, site: Site) -> None:
        self.site = site
        self.expected: Tenant | None = None
        self._lock = asyncio.Lock()
        self.refusal: LoginRefused | None = None
        self._issued: deque[str] = deque(maxlen=_MAX_MASKED)

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """The values to mask in messages: the secret of the site, and the tokens that its login issued."""
        return (self.site.password, self.site.token, *self._issued)

    def expect(self, tenant: Tenant, *, checked: bool) -> None:
        """Check from now on that each new token reaches this tenant; `checked` if the present one does."""
        self.expected = tenant
        self._note_checked(checked=checked)

    @abstractmethod
    async def send(self, request: httpx.Request, handle: Handle) -> httpx.Response:
        """Send an authenticated request by `handle`, after those that the login needs."""

    def _note_checked(self, *, checked: bool) -> None:  # noqa: B027  (optional)
        """Record whether the present token is checked."""


class TokenAuth(SiteAuth):
    """Sends a ready token with each request."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._token = site.token or ""
        self._checked = False

    async def send(self, request: httpx.Request, handle: Handle) -> httpx.Response:
        """Add the token. Before the first request, check the tenant if one is expected."""
        if self.expected and not self._checked:
            async with self._lock:
                if not self._checked:
                    response = await ask_first(handle, tenant_request(request, self.site.url, self._token))
                    read_expected_tenant(response, self.site, self.expected, self.secrets)
                    self._checked = True
        request.headers["authorization"] = f"Bearer {self._token}"
        return await handle(request)

    def _note_checked(self, *, checked: bool) -> None:
        self._checked = checked


@dataclass(frozen=True, slots=True)
class Token:
    """A token, the time at which it should be renewed, and what is sent with it."""

    text: str = field(repr=False)
    renew_at: float
    session: Session


class PasswordAuth(SiteAuth):
    """Logs in before the first request, and renews the token before it expires or when it is rejected.

    One request logs in for all that wait. A new token comes from the refresh token if that is accepted, else from the
    password. A rejected password is not tried again, so that the PBX does not lock the user out.
    """

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without a token.

        Args:
            site: with user and password.
            clock: seconds, from any starting point.
        """
        super().__init__(site)
        self._clock = clock
        self._token: Token | None = None
        self._refresh: str | None = None
        self._pages = 0  # web pages that answered a login, since the last token

    async def send(self, request: httpx.Request, handle: Handle) -> httpx.Response:
        """Get a token if necessary, and send the request with it; again with a new token if it was rejected.

        A request that changes something is sent once, since a 401 does not prove that nothing was done.
        """
        token = self._token
        needs_token = token is None or self._clock() >= token.renew_at
        response: httpx.Response | None = None
        for _ in range(_MAX_TOKENS):
            if needs_token or token is None:
                token = await self._renew(token, request, handle)
            request.headers["authorization"] = f"Bearer {token.text}"
            try:
                response = await self._send_with(token, request, handle)
            except TokenEnded:
                needs_token = True
                continue
            needs_token = response.status_code == codes.UNAUTHORIZED
            if not needs_token:
                return response
            if CHANGES in request.extensions:
                # The change may have been made: the caller looks first. The next request gets a new token.
                if self._token is token:
                    self._token = replace(token, renew_at=-math.inf)
                return response
        return response or self._refuse_tokens()

    def _refuse_tokens(self) -> NoReturn:
        host = httpx.URL(self.site.url).host
        raise PbxUnreachable(f"The PBX at {host} issued {_MAX_TOKENS} tokens that it does not accept.")

    async def _send_with(self, token: Token, request: httpx.Request, handle: Handle) -> httpx.Response:  # noqa: ARG002  (for subclasses)
        """Send a request with a token.

        Raises:
            TokenEnded: it was not sent, because the token is no longer valid.
        """
        return await handle(request)

    async def _renew(self, token: Token | None, request: httpx.Request, handle: Handle) -> Token:
        """A new token in place of one that expired, unless another request got one while this one waited."""
        async with self._lock:
            if token and self._token is token:
                await self._close(token, request, handle)
            while self._token is token:
                asked_at = self._clock()
                new = await self._read(await ask_first(handle, self._ask(request)), asked_at)
                if new:
                    self._token = await self._check_new(new, request, handle)
            assert self._token
            return self._token

    async def _close(self, token: Token, request: httpx.Request, handle: Handle) -> None:
        """Do what has to be done before a token is replaced."""

    async def _check_new(self, token: Token, request: httpx.Request, handle: Handle) -> Token:
        """Check that a new token reaches the expected tenant, before anything else is sent with it."""
        if self.expected:
            response = await ask_first(handle, tenant_request(request, self.site.url, token.text))
            if response.status_code == codes.UNAUTHORIZED:  # it has expired already; the next one may last longer
                raise PbxUnreachable(f"The PBX at {response.url.host} issued a token that it does not accept.")
            read_expected_tenant(response, self.site, self.expected, self.secrets)
        return token

    def _ask(self, request: httpx.Request) -> httpx.Request:
        """The request for a token."""
        if self.refusal:
            raise copy(self.refusal)
        if not (self.site.user and self.site.password):
            raise UsageError(
                f"The site {self.site.name} has neither a token nor a user with a password, so nothing was sent."
            )
        if self._refresh:
            form = {"grant_type": "refresh_token", "refresh_token": self._refresh}
        else:
            by_password = {
                "grant_type": "password",
                "username": self.site.user,
                "password": self.site.password,
                "domain": self.site.domain,  # absent for a system administrator
                "scope": "all",
            }
            form = {key: value for key, value in by_password.items() if value is not None}
        url = f"{self.site.url}{LOGIN_PATH}"
        return httpx.Request("POST", url, data=form | {"client_id": _CLIENT_ID}, extensions=request.extensions)

    async def _read(self, response: httpx.Response, asked_at: float) -> Token | None:
        """The token of an answer; None if the refresh token was rejected, and the password is to be used."""
        await response.aread()
        if response.is_client_error and response.status_code != codes.TOO_MANY_REQUESTS:
            if not self._refresh:
                refusal = self._not_accepted(response)
                if self._is_of_a_proxy(response) and self._pages < _MAX_PAGES:
                    self._pages += 1
                    raise PbxUnreachable(refusal)
                self.refusal = LoginRefused(refusal)
                raise copy(self.refusal)
            self._refresh = None
            return None
        if token := self._make_token(_read_answer(response), asked_at):
            return token
        raise LoginRefused(f"The PBX at {response.url.host} accepted the login, but issued no token.")

    def _make_token(self, answer: Mapping[str, Any], asked_at: float) -> Token | None:
        """The token in an answer, if there is one. Its refresh token is used from then on."""
        token, refresh = (str(answer.get(key) or "") for key in ("access_token", "refresh_token"))
        if not is_token(token):
            return None
        self._pages = 0
        lifetime = _read_seconds(answer.get("expires_in"))
        self._refresh = refresh if is_token(refresh) else None
        self._issued.extend(filter(None, (token, self._refresh)))
        return Token(token, asked_at + lifetime - min(_MARGIN, _MARGIN_SHARE * lifetime), Session(token))

    def _is_of_a_proxy(self, response: httpx.Response) -> bool:
        """Whether the answer is a web page, from a server that is a PBX since it issued a token."""
        return bool(self._issued) and is_web_page(response)

    def _not_accepted(self, response: httpx.Response) -> str:
        if self._is_of_a_proxy(response):
            return (
                f"The server at {response.url.host} answered a login with a web page (status {response.status_code}), "
                "so a proxy or firewall may block the requests. Try again later."
            )
        if response.status_code in _NO_LOGIN_HERE or not _is_of_the_api(response):
            return str(not_the_api(response.url))
        if response.status_code != codes.UNAUTHORIZED and not is_login_wrong(response):
            return (
                f"The PBX at {response.url.host} refused the login, but not as a wrong user name or password, so "
                "nothing else was sent.\nThe user may be locked, or have too many sessions. Try again later, or log in "
                "to the PBX's web portal as this user to see the reason."
            )
        return (
            f"The PBX at {response.url.host} rejected the user name and password, so nothing else was sent.\n"
            "Check the user, the password and the domain, which is the tenant's SIP domain: with `bulkvm login SITE`, "
            "or in BULKVM_USER, BULKVM_PASSWORD and BULKVM_DOMAIN."
        )


async def ask_first(handle: Handle, request: httpx.Request) -> httpx.Response:
    """Send a request of the login, before which nothing else is sent, whatever becomes of it.

    Raises:
        PbxUnreachable: its answer was lost.
    """
    try:
        return await handle(request)
    except OutcomeUnknown as error:
        raise PbxUnreachable(f"{error} This was the login; nothing else was sent.") from error


def is_token(text: str) -> bool:
    """Whether a header can carry it: ASCII without spaces (RFC 6750, 2.1)."""
    return text.isascii() and text.isprintable() and bool(text) and " " not in text


def _is_of_the_api(response: httpx.Response) -> bool:
    """Whether an answer is empty or JSON, as the API's are."""
    try:
        return not response.content.strip() or bool(read_json(response))
    except MalformedAnswer:
        return False


def _read_answer(response: httpx.Response) -> Mapping[str, Any]:
    """The answer to a login. If it cannot be read, the request that needed the login was not sent."""
    try:
        raise_for_status(response, quote=False)
        return read_object(response)
    except OutcomeUnknown as error:
        raise PbxUnreachable(f"{error} This was the login; nothing else was sent.") from error


def _read_seconds(value: Any) -> float:
    """The lifetime of a token; without a valid one, it is used until it is rejected."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return math.inf
    return seconds if seconds > 0 else math.inf
