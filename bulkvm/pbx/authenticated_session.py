"""Sends authenticated requests, one at a time."""

import json
import logging
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

import httpx

from bulkvm.model.errors import PbxError, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.auth import Handle, PasswordAuth, SiteAuth, TokenAuth, is_token
from bulkvm.pbx.session_checks import SessionChecks
from bulkvm.pbx.system_auth import SystemAuth, SystemTokenAuth
from bulkvm.pbx.throttling.throttled_transport import AT_TURN

_LOG: Final = logging.getLogger(__name__)
_HEADERS: Final = {"accept": "application/json"}
_JSON: Final = {"content-type": "application/json"}
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_parse: Final = lru_cache(maxsize=64)(httpx.URL)  # all creates go to one address


class AuthenticatedSession:
    """Sends requests to one site, and logs in when necessary.

    httpx.AsyncClient is not used: its cookies, redirects, proxies and relative addresses are not wanted, and take as
    long as the request itself.
    """

    def __init__(self, site: Site, transport: httpx.AsyncBaseTransport, *, on_failure: Callable[[], None]) -> None:
        """Start without a login.

        Args:
            site: the PBX, and the login.
            transport: sends the requests.
            on_failure: called when a request, or the login before it, gets no answer.
        """
        self.url = httpx.URL(site.url)
        self._base = site.url
        headers = _HEADERS | {"host": self.url.netloc.decode("ascii")}
        self._headers, self._json_headers = httpx.Headers(headers), httpx.Headers(headers | _JSON)
        self._transport = transport
        self._auth = _make_auth(site)
        self._on_failure = on_failure

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """The values to mask in messages: the secret of the site, and the tokens that its login issued."""
        return self._auth.secrets

    @property
    def checks(self) -> SessionChecks | None:
        """The checks of sessions that the PBX can move to another tenant; None if it cannot."""
        return self._auth.checks

    def expect(self, tenant: Tenant, *, checked: bool) -> None:
        """Check from now on that each new token reaches this tenant; `checked` if the present one does."""
        self._auth.expect(tenant, checked=checked)

    async def send(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, **content: Any
    ) -> httpx.Response:
        """Send a request, and return its answer, regardless of its status.

        Args:
            method: GET or POST.
            path: on the PBX.
            body: is sent as JSON.
            content: `params` or `extensions`, as for httpx.Request.
        """
        # With a stream, httpx adds no headers, which takes it longer than all else that it does with a request.
        stream = httpx.ByteStream(b"" if body is None else _encode(body).encode())
        headers = self._headers if body is None else self._json_headers
        request = httpx.Request(method, _parse(f"{self._base}{path}"), headers=headers, stream=stream, **content)
        request.read()
        return await self._auth.send(request, self._handle)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        if at_turn := request.extensions.get(AT_TURN):
            request.extensions[AT_TURN] = lambda send: at_turn(partial(self._send_logged, send))
        return await self._send_logged(self._transport.handle_async_request, request)

    async def _send_logged(self, send: Handle, request: httpx.Request) -> httpx.Response:
        try:
            response = await send(request)
        except PbxError as error:
            self._on_failure()
            _log_answer(request, str(error).partition("\n")[0])
            raise
        _log_answer(request, response.status_code)
        return response


def _make_auth(site: Site) -> SiteAuth:
    """Choose how to authenticate to a site.

    Raises:
        UsageError: the secret cannot be sent.
    """
    if site.token:
        if not is_token(site.token):
            raise UsageError(
                "The token contains an invalid character, such as a space or a line break. Enter the token alone, "
                'without the word "Bearer" or quotation marks.'
            )
        return SystemTokenAuth(site) if site.switch_to else TokenAuth(site)
    try:
        "".join(filter(None, (site.user, site.domain, site.password))).encode()
    except UnicodeEncodeError:
        raise UsageError(
            "The user, the domain or the password is not valid UTF-8. Save the file that it comes from as UTF-8."
        ) from None  # the cause contains the password
    return SystemAuth(site) if site.is_administrator else PasswordAuth(site)


def _log_answer(request: httpx.Request, answer: object) -> None:
    if _LOG.isEnabledFor(logging.INFO):
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        _LOG.info("%s %s: %s", request.method, path, answer)
