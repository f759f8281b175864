"""Bounds of one answer: a PBX that never ends it, or never ends its body, must not hold a worker for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import httpx

LONGEST_ANSWER: Final = 16 * 2**20  # bytes; a page of 100 boxes is far below
_OF_THE_PACKED: Final = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class AnswerTooLong(httpx.ReadError):
    """There is no end to the answer."""


class Bounded(httpx.AsyncBaseTransport):
    """A transport that reads each answer to its end, within the time that the request has for reading.

    That time is the whole request's: from the search for the host to the last byte.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and read its answer.

        Raises:
            httpx.ReadTimeout: it took too long.
            AnswerTooLong: it is longer than any answer of the API.
        """
        try:
            async with asyncio.timeout(request.extensions["timeout"]["read"]):
                return await _read_whole(await self._inner.handle_async_request(request), request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the answer was not complete in time", request=request) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Counted(httpx.AsyncByteStream):
    """A body, as long as it may be."""

    def __init__(self, body: httpx.AsyncByteStream, request: httpx.Request) -> None:
        self._body = body
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        async for part in self._body:
            length += len(part)
            if length > LONGEST_ANSWER:
                raise AnswerTooLong("the answer does not end", request=self._request)
            yield part

    async def aclose(self) -> None:
        await self._body.aclose()


async def _read_whole(response: httpx.Response, request: httpx.Request) -> httpx.Response:
    """The answer with its body."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = _Counted(response.stream, request)
    try:
        if "content-encoding" in response.headers:
            return await _unpack(response, request)
        await response.aread()
    finally:
        await response.aclose()
    return response


async def _unpack(response: httpx.Response, request: httpx.Request) -> httpx.Response:
    """The answer with its body unpacked, and that counted too: little can be a great deal packed."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > LONGEST_ANSWER:
            raise AnswerTooLong("the answer does not end", request=request)
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_PACKED]
    return httpx.Response(
        response.status_code, headers=headers, content=bytes(body), request=request, extensions=response.extensions
    )
