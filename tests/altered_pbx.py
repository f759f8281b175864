"""A PBX in front of which a test records requests, and answers some of them otherwise."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    params: dict[str, str]
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """An answer, which may be changed."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @json.setter
    def json(self, content: Any) -> None:
        self.body = json.dumps(content).encode()


Instead: TypeAlias = Callable[[Asked], Answer | None]
Change: TypeAlias = Callable[[Asked, Answer], None]


def json_answer(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


class AlteredPbx:
    """A PBX before whose calls `instead` may answer, and whose answers `change` may change; `asked` are its calls."""

    def __init__(self, app: ASGIApp, *, instead: Instead = lambda _: None, change: Change = lambda _, __: None) -> None:
        self.app = app
        self.instead = instead
        self.change = change
        self.asked: list[Asked] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        params = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        asked = Asked(scope["method"], scope["path"], params, body, headers)
        self.asked.append(asked)
        answer = self.instead(asked) or await self._answer(scope, body, receive)
        self.change(asked, answer)
        content = answer.body if answer.status not in {204, 304} else b""
        await Response(content, answer.status, answer.headers, "application/json")(scope, receive, send)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive) -> Answer:
        answer = Answer(500, b"")
        given = False

        async def give() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, give, take)
        return answer
