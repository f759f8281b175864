"""The floor: the same requests by a raw asyncio protocol, which writes fixed bytes and looks for the end of the answer.

Nothing that also follows HTTP's rules can be as cheap; other figures are given as multiples of it.
"""

import asyncio
import re
from collections.abc import Iterable
from typing import Final

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class _Client(asyncio.Protocol):
    """One connection, on which one request at a time is in flight."""

    def __init__(self) -> None:
        self._received = b""
        self._answered: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def ask(self, request: bytes) -> bytes:
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answered

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or not (found := _LENGTH.search(self._received, 0, end)):
            return
        if len(self._received) >= end + 4 + int(found[1]) and self._answered:
            answer, self._received = self._received, b""
            self._answered.set_result(answer)


async def send_all(port: int, requests: Iterable[bytes], in_flight: int) -> None:
    """Send all requests, so many at a time."""
    shared = iter(requests)

    async def work() -> None:
        _, client = await asyncio.get_running_loop().create_connection(_Client, "127.0.0.1", port)
        for request in shared:
            await client.ask(request)
        client.transport.close()

    await asyncio.gather(*(work() for _ in range(in_flight)))


def request_bytes(method: str, path: str, body: bytes = b"") -> bytes:
    """One request, as a client would write it."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer token\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
