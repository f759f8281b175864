"""A PBX that answers otherwise than the simulator does."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Alter: TypeAlias = Callable[[str, str, Any], Any]  # method, path, the answer's JSON -> what is answered in its place


class AlteredPbx:
    """The simulator behind a gateway that alters the JSON of its answers; the status becomes 200 where it does."""

    def __init__(self, app: ASGIApp, alter: Alter) -> None:
        self.app = app
        self.alter = alter
        self.state = getattr(app, "state", None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, body = 500, b""

        async def collect(message: Message) -> None:
            nonlocal status, body
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                body += message.get("body", b"")

        await self.app(scope, receive, collect)
        told = json.loads(body) if body else None
        altered = self.alter(scope["method"], scope["path"], told)
        if altered != told:
            status, body = 200, json.dumps(altered).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
