"""A PBX that costs next to nothing: an asyncio protocol that answers each request from memory after a set time.

The simulator is strict and so takes a millisecond a request, which would be measured in place of the client. Run as
`python -m tests.benchmarks.fast_pbx --latency 0.05 --boxes 50000`; it prints its port and ends with its standard input.
"""

import argparse
import asyncio
import json
import re
import sys
from bisect import bisect_right, insort
from collections import deque
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

LIST: Final = "/api/shared_voicemails"
STATS: Final = "/stats"  # how many requests and connections there were, and how many requests were refused

LOGIN: Final = "/api/login/oauth/token"
TENANT: Final = "/api/tenant"
TENANTS: Final = "/api/tenants"

_TOKEN: Final = re.compile(rb"authorization: *bearer *([^\r\n]+)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_KEY: Final = re.compile(r"extension_number (gt|eq) '(\d+)'")
_MINUTE: Final = 60.0
_REASONS: Final = {200: b"OK", 201: b"Created", 404: b"Not Found", 429: b"Too Many Requests"}


class Directory:
    """Tenants, which all show the same boxes, and the logins of a system administrator."""

    def __init__(self, tenants: int) -> None:
        self._tenants = [
            {"id": f"id{n}", "name": f"Clinic {n}", "domain": f"clinic-{n:05}.example", "enabled": True}
            for n in range(tenants)
        ]
        self._by_id = {tenant["id"]: tenant for tenant in self._tenants}
        self._chosen: dict[str, object] = {}
        self._logins = 0

    def answer(self, url: SplitResult, token: str) -> bytes | None:
        """The body for a request about tenants or a login; None for any other request."""
        asked = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path == LOGIN:
            self._logins += 1
            return json.dumps({"access_token": f"token{self._logins}", "expires_in": 1800}).encode()
        if url.path == f"{TENANTS}/switch":
            self._chosen[token] = self._by_id[asked["id"]]
            return b""
        if url.path == TENANT:
            return json.dumps(self._chosen.get(token, {})).encode()
        if url.path == TENANTS:
            start = int(asked.get("skip", 0))
            items = self._tenants[start : start + int(asked.get("top", 100))]
            return json.dumps({"count": len(self._tenants), "items": items}).encode()
        return None


class FastPbx:
    """Boxes by number, and what it costs nothing to count."""

    def __init__(self, boxes: int, per_minute: int, knee: int, tenants: int) -> None:
        self._directory = Directory(tenants)
        self._per_minute = per_minute
        self._knee = knee
        self._in_flight = 0
        self._were_in_flight: list[int] = []
        self._recent: deque[float] = deque()
        self._numbers: list[str] = []
        self._boxes: dict[str, bytes] = {}
        self.requests = self.connections = self.refused = 0
        for number in range(boxes):
            extension = f"{100_000 + number}"
            box = {
                "name": f"Box {extension}", "extension_number": extension, "pin": "402817", "prompt": "en-US",
                "enable_pin": True, "enable_email_notify": True, "recipients": f"box{extension}@example.com",
                "play_datetime": "DISABLE",
            }  # fmt: skip
            self._add(box)

    def answer(self, method: str, target: str, body: bytes, now: float, token: str = "") -> tuple[int, bytes]:
        """The status and the body for one request."""
        url = urlsplit(target)
        if url.path == STATS:
            return 200, self._stats()
        self.requests += 1
        if self._is_too_many(now):
            self.refused += 1
            return 429, b'{"errors":[{"code":"UNKNOWN","message":"too many requests"}]}'
        if (about_tenants := self._directory.answer(url, token)) is not None:
            return 200, about_tenants
        return self._answer_about_boxes(method, url, body)

    def _stats(self) -> bytes:
        settled = self._were_in_flight[len(self._were_in_flight) // 2 :]
        stats = {
            "requests": self.requests,
            "connections": self.connections,
            "refused": self.refused,
            "settled": sum(settled) / max(1, len(settled)),
        }
        return json.dumps(stats).encode()

    def _answer_about_boxes(self, method: str, url: SplitResult, body: bytes) -> tuple[int, bytes]:
        if url.path == LIST:
            return (201, self._add(json.loads(body))) if method == "POST" else (200, self._page(url.query))
        last = url.path.rpartition("/")[2]
        if method == "GET" and url.path.startswith(LIST) and (box := self._boxes.get(last.removeprefix("id"))):
            return 200, box
        if url.path.startswith(LIST):
            return (200, self._add({**json.loads(body), "extension_number": last.removeprefix("id")}))
        return 404, b'{"errors":[{"code":"UNKNOWN","message":"there is none"}]}'

    def begin(self) -> float:
        """Begin a request; how many times as long it takes as one alone."""
        self._in_flight += 1
        self._were_in_flight.append(self._in_flight)
        return max(1.0, self._in_flight / self._knee) if self._knee else 1.0

    def end(self) -> None:
        """End a request."""
        self._in_flight -= 1

    def _is_too_many(self, now: float) -> bool:
        while self._recent and self._recent[0] < now - _MINUTE:
            self._recent.popleft()
        if self._per_minute and len(self._recent) >= self._per_minute:
            return True
        self._recent.append(now)
        return False

    def _add(self, box: dict[str, object]) -> bytes:
        number = str(box["extension_number"])
        if number not in self._boxes:
            insort(self._numbers, number)
        self._boxes[number] = json.dumps({"id": f"id{number}", **box}).encode()
        return json.dumps({"id": f"id{number}"}).encode()

    def _page(self, query: str) -> bytes:
        asked = {key: values[0] for key, values in parse_qs(query).items()}
        found = self._numbers
        count, start = len(self._numbers), int(asked.get("skip", 0))
        if key := _KEY.search(asked.get("filter", "")):
            if key[1] == "eq":
                found, count = [number for number in [key[2]] if number in self._boxes], int(key[2] in self._boxes)
            else:
                start = bisect_right(self._numbers, key[2])
                count = len(self._numbers) - start
        items = b",".join(self._boxes[number] for number in found[start : start + int(asked.get("top", 100))])
        return b'{"count":%d,"items":[%b]}' % (count, items)


class _Connection(asyncio.Protocol):
    """One connection; answers leave in the order of their requests, since clients do not pipeline."""

    def __init__(self, pbx: FastPbx, latency: float) -> None:
        self._pbx = pbx
        self._latency = latency
        self._loop = asyncio.get_running_loop()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = int(found[1]) if (found := _LENGTH.search(head)) else 0
            if len(self._received) < end + 4 + length:
                return
            body, self._received = self._received[end + 4 : end + 4 + length], self._received[end + 4 + length :]
            method, target, _ = head.split(b" ", 2)
            found = _TOKEN.search(head)
            self._answer(method.decode(), target.decode(), body, found[1].decode() if found else "")

    def _answer(self, method: str, target: str, body: bytes, token: str) -> None:
        if target != STATS and not getattr(self, "_counted", False):
            self._counted = True
            self._pbx.connections += 1
        status, answer = self._pbx.answer(method, target, body, self._loop.time(), token)
        whole = b"HTTP/1.1 %d %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
            status, _REASONS[status], len(answer), answer,
        )  # fmt: skip
        if target == STATS:
            self._transport.write(whole)
        elif self._latency:
            self._loop.call_later(self._latency * self._pbx.begin(), self._end, whole)
        else:
            self._pbx.begin()
            self._end(whole)

    def _end(self, whole: bytes) -> None:
        self._pbx.end()
        if not self._transport.is_closing():
            self._transport.write(whole)


async def _serve(latency: float, boxes: int, per_minute: int, knee: int, tenants: int) -> None:
    pbx = FastPbx(boxes, per_minute, knee, tenants)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(pbx, latency), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--boxes", type=int, default=0)
    parser.add_argument("--per-minute", type=int, default=0)
    parser.add_argument("--knee", type=int, default=0)
    parser.add_argument("--tenants", type=int, default=0)
    asyncio.run(_serve(**vars(parser.parse_args())))
