"""Servers unlike the simulator: with certificates of all kinds, and ones that record which logins are requested."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.parse import parse_qs

import trustme
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGIN = "/api/login/oauth/token"


@contextmanager
def serving(
    app: ASGIApp,
    certificate: trustme.LeafCert,
    *,
    tells_time: bool = True,
    contexts: list[ssl.SSLContext] | None = None,
) -> Iterator[str]:
    """Serve over TLS with a certificate, which may be changed in the `contexts`; gives the address."""
    with (
        certificate.private_key_and_cert_chain_pem.tempfile() as pem,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        config = uvicorn.Config(
            app,
            ssl_certfile=pem,
            lifespan="off",
            log_level="critical",
            timeout_graceful_shutdown=1,
            date_header=tells_time,
        )
        config.load()
        if contexts is not None and config.ssl:
            contexts.append(config.ssl)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()  # a call before it is up waits in the listener's queue
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Overheard:
    """A PBX, the kinds of login that it was asked for, and the tokens that it gave."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.grants: list[str] = []
        self.tokens: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def listen() -> Message:
            message = await receive()
            if scope["path"] == LOGIN:
                self.grants += parse_qs(message.get("body", b"").decode()).get("grant_type", [])
            return message

        async def note(message: Message) -> None:
            if scope["path"] == LOGIN and b"access_token" in message.get("body", b""):
                reported = json.loads(message["body"])
                self.tokens += [reported["access_token"], reported["refresh_token"]]
            await send(message)

        await self.app(scope, listen, note)
