"""What comes on a connection on which nothing was asked answers nothing."""

import asyncio

from bulkvm.model.box import Record
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect

EMPTY = b'{"count": 0, "items": []}'
RECORD = Record(row=2, extension_number="6201", name="Front Desk", pin="402817")


class Talkative:
    """A server that waits for two connections, and from its third answer on answers the other one as well."""

    def __init__(self) -> None:
        self.connections: list[asyncio.StreamWriter] = []
        self.both_are_open = asyncio.Event()
        self.answered = 0
        self.made = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        if len(self.connections) > 1:
            self.both_are_open.set()
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self.both_are_open.wait()
                self.answered += 1
                if head.startswith(b"POST"):
                    self.made += 1
                    writer.write(answer(b"201 Created", b'{"id": "made"}'))
                    return
                if self.answered > 2:
                    self.answer_the_other(writer)
                writer.write(answer(b"200 OK", EMPTY))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer_the_other(self, asked: asyncio.StreamWriter) -> None:
        (other,) = (writer for writer in self.connections if writer is not asked)
        other.write(answer(b"201 Created", b'{"id": "another"}'))


def answer(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


async def test_an_unsolicited_answer_is_not_taken_for_that_of_the_next_create() -> None:
    server = Talkative()
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    async with listener:
        site = Site(name="test", url=f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", token="token")
        async with connect(site, SendSettings(concurrency=2, max_rps=0)) as pbx:
            await asyncio.gather(pbx.count_boxes(), pbx.count_boxes())
            await pbx.count_boxes()  # on the connection that has been idle longer

            created = await pbx.create_box(RECORD)

    assert created.value == "made"
    assert server.made == 1
