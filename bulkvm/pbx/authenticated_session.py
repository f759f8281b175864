"""One request and its answer, with the proof of who asks."""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import httpx

from bulkvm.model.errors import PbxError
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant
from bulkvm.pbx.auth import make_auth

_LOG: Final = logging.getLogger(__name__)
_HEADERS: Final = {"accept": "application/json"}
_parse: Final = lru_cache(maxsize=64)(httpx.URL)  # all creates go to one address


class AuthenticatedSession:
    """Sends a request as it is to be sent, with a login before it where that is needed.

    What httpx's client does beyond that (cookies, redirects, proxies, relative addresses) is not wanted here, and takes
    as long as the request itself.
    """

    def __init__(self, site: Site, transport: httpx.AsyncBaseTransport, *, on_failure: Callable[[], None]) -> None:
        """Begin without a login.

        Args:
            site: where, and who asks.
            transport: the way there.
            on_failure: hears that a request, or the login before it, got no answer.
        """
        self.url = httpx.URL(site.url)
        self._base = site.url
        self._transport = transport
        self._auth = make_auth(site)
        self._on_failure = on_failure

    @property
    def secrets(self) -> tuple[str | None, ...]:
        """What no message may repeat: the secret of the site, and the tokens that its login gave."""
        return self._auth.secrets

    def expect(self, tenant: Tenant, *, checked: bool) -> None:
        """Let every new token reach this tenant; `checked` if the present one does."""
        self._auth.expect(tenant, checked=checked)

    async def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send a request and read its answer, whatever its status.

        Args:
            method: GET or POST.
            path: on the PBX.
            content: `params` or `json`, as httpx takes it.
        """
        request = httpx.Request(method, _parse(f"{self._base}{path}"), headers=_HEADERS, **content)
        flow = self._auth.async_auth_flow(request)
        try:
            request = await anext(flow)
            while True:
                response = await self._ask(request)
                request = await flow.asend(response)
        except StopAsyncIteration:
            return response
        finally:
            await flow.aclose()

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._transport.handle_async_request(request)
        except PbxError as error:
            self._on_failure()
            _note(request, str(error).partition("\n")[0])
            raise
        _note(request, response.status_code)
        return response


def _note(request: httpx.Request, answer: object) -> None:
    if _LOG.isEnabledFor(logging.INFO):
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        _LOG.info("%s %s: %s", request.method, path, answer)
