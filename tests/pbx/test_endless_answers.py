"""A response that never ends blocks no request without end, and costs no connection."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from bulkvm.model.box import Record
from bulkvm.model.errors import OutcomeUnknown, PbxRefused, PbxUnreachable
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect
from bulkvm.pbx.diagnostics import probe
from bulkvm.pbx.transport import MAX_ANSWER, make_transport
from bulkvm.simulator import SimulatorSettings

USER = SimulatorSettings()
ONE_TRY = SendSettings(retries=1, timeout=0.3, max_rps=0)
RECORD = Record(row=2, extension_number="6201", name="Front Desk", pin="402817")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Raw:
    """A server that answers as it likes, and counts its connections."""

    def __init__(self, answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
        self.answer = answer
        self.opened = 0
        self.open = 0
        self._closed = asyncio.Event()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), b":0"
                )
                await reader.readexactly(int(length.split(b":")[1]))
                await self.answer(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            self._closed.set()
            writer.close()

    async def wait_until_open(self, most: int) -> None:
        """Wait until so many connections are open. The end of one is noticed at the next byte for it."""
        while self.open > most:
            self._closed.clear()
            await self._closed.wait()


@asynccontextmanager
async def serving(server: Raw) -> AsyncIterator[Site]:
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    async with listener:
        yield Site(name="test", url=f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", token=USER.token)


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 1000000\r\n\r\n")
    await drip(writer, b" ")


async def drip_head(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    await drip(writer, b"X-More: and more\r\n")


async def drip(writer: asyncio.StreamWriter, part: bytes) -> None:
    while True:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n")
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


async def flood_packed(writer: asyncio.StreamWriter) -> None:
    packed = gzip.compress(b" " * (MAX_ANSWER + 1))
    writer.write(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
    await writer.drain()


@pytest.mark.parametrize("answer", [drip_body, drip_head])
async def test_an_answer_that_comes_byte_by_byte_is_lost_after_the_time_of_one_request(
    answer: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> None:
    async with asyncio.timeout(20), serving(Raw(answer)) as site, connect(site, ONE_TRY) as pbx:
        with pytest.raises(OutcomeUnknown, match="did not answer in time"):
            await pbx.create_box(RECORD)


@pytest.mark.parametrize("answer", [flood, flood_packed])
async def test_an_answer_without_end_is_not_read_to_its_end(
    answer: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> None:
    settings = replace(ONE_TRY, timeout=20)
    async with asyncio.timeout(20), serving(Raw(answer)) as site, connect(site, settings) as pbx:
        with pytest.raises(OutcomeUnknown, match="exceeds 16 MiB"):
            await pbx.list_boxes()


async def test_a_login_that_is_answered_byte_by_byte_times_out_before_the_request_is_sent() -> None:
    async with asyncio.timeout(20), serving(Raw(drip_body)) as site:
        by_password = replace(site, token=None, user="a", domain="c", password="b")
        async with connect(by_password, ONE_TRY) as pbx:
            with pytest.raises(PbxUnreachable, match="This was the login"):
                await pbx.create_box(RECORD)


async def test_an_endless_answer_to_the_first_probe_is_given_up() -> None:
    async with asyncio.timeout(20), serving(Raw(drip_body)) as site:
        with pytest.raises(OutcomeUnknown, match="did not answer in time"):
            await probe(site, 0.2)


async def test_waiting_for_a_slot_is_not_part_of_the_response_time() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await list_nothing(writer)

    settings = replace(ONE_TRY, timeout=0.4, concurrency=1, max_rps=50)
    async with serving(Raw(answer)) as site, connect(site, settings) as pbx:
        counts = await asyncio.gather(*(pbx.count_boxes() for _ in range(20)))

    assert counts == [0] * 20


async def test_a_server_without_http_is_reported_and_no_error_holds_the_token() -> None:
    async def greet_by_mail(writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp ready\r\n\r\n")
        await writer.drain()

    async with serving(Raw(greet_by_mail)) as site, connect(site, ONE_TRY) as pbx:
        with pytest.raises(OutcomeUnknown, match="is not valid HTTP") as raised:
            await pbx.create_box(RECORD)

    error: BaseException | None = raised.value
    while error:
        assert USER.token not in repr(error)
        error = error.__cause__


@pytest.mark.parametrize(
    "box",
    [
        {"id": "..", "extension_number": "6201"},
        {"id": "a\ud800", "extension_number": "6201"},
        {"id": "a", "extension_number": "62\ud80001"},
    ],
)
async def test_a_box_with_an_invalid_id_or_number_is_refused(box: dict[str, str]) -> None:
    async def show(writer: asyncio.StreamWriter) -> None:
        body = json.dumps(box).encode()
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async with serving(Raw(show)) as site, connect(site, ONE_TRY) as pbx:
        with pytest.raises(OutcomeUnknown, match="with an invalid id or extension number"):
            await pbx.fetch_box("a")


async def test_a_pin_in_the_pbxs_error_code_is_masked() -> None:
    async def refuse(writer: asyncio.StreamWriter) -> None:
        body = b'{"errors": [{"code": "PIN_402817", "message": "no"}]}'
        writer.write(b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    async with serving(Raw(refuse)) as site, connect(site, ONE_TRY) as pbx:
        with pytest.raises(PbxRefused) as raised:
            await pbx.create_box(RECORD)

    assert "402817" not in raised.value.code


async def list_nothing(writer: asyncio.StreamWriter) -> None:
    body = b'{"count": 0, "items": []}'
    writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()


async def test_three_thousand_cancelled_requests_leak_no_connection() -> None:
    server = Raw(drip_body)
    async with serving(server) as site, make_transport(site, 64, timeout=20) as transport:
        request = httpx.Request("GET", site.url)
        for _ in range(3000 // 64 + 1):
            given_up = (asyncio.wait_for(transport.handle_async_request(request), 0.02) for _ in range(64))
            answers = await asyncio.gather(*given_up, return_exceptions=True)
            assert {type(answer) for answer in answers} == {TimeoutError}
        server.answer = list_nothing

        for _ in range(200):
            assert (await transport.handle_async_request(request)).status_code == 200
        async with asyncio.timeout(20):
            await server.wait_until_open(64)
