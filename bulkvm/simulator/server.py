"""A server for the simulated PBX on a loopback socket."""

import signal
import socket
import tempfile
import threading
from asyncio import Transport
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from bulkvm.simulator.configuration import SimulatorError
from bulkvm.simulator.fault_injection import ABORT_EXTENSION

# Loopback only. The Host header is checked because a web page could reach the port through DNS rebinding.
_HOST: Final = "127.0.0.1"
_HOST_HEADERS: Final = (_HOST, "localhost")
_START_SECONDS: Final = 10
_STOP_SECONDS: Final = 1
_KEEP_ALIVE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Running:
    """A running simulator: its URL, and with TLS the certificate that clients must trust."""

    url: str
    certificate: Path | None


def serve(
    app: ASGIApp,
    *,
    port: int = 0,
    tls: bool = False,
    state: Path | None = None,
    on_ready: Callable[[Running], object],
) -> None:
    """Serve until SIGINT (Ctrl-C), SIGTERM or SIGHUP. Requests in progress then have one second to finish.

    Args:
        app: the result of `create_app`.
        port: 0 for any free port.
        tls: whether to use HTTPS, with a self-signed certificate.
        state: the state file, beside which the certificate is kept. Without it, the certificate is temporary.
        on_ready: called once the server accepts connections.

    Raises:
        SimulatorError: the port or the certificate cannot be used.
    """
    with _prepare(app, port, on_ready, tls=tls, state=state) as (server, listener):
        # uvicorn re-raises a signal after it has stopped; SIGTERM would end the process before cleanup.
        handlers: dict[signal.Signals, Callable[..., object]] = {signal.SIGTERM: signal.default_int_handler}
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
            handlers[signal.SIGHUP] = server.handle_exit
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            with suppress(KeyboardInterrupt):
                server.run([listener])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def running(app: ASGIApp, *, tls: bool = False) -> Iterator[Running]:
    """Serve in another thread within the context."""
    started = threading.Event()
    where: list[Running] = []

    def note(here: Running) -> None:
        where.append(here)
        started.set()

    with _prepare(app, 0, note, tls=tls) as (server, listener):
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            if not started.wait(_START_SECONDS):
                raise SimulatorError(f"The simulator did not start within {_START_SECONDS} seconds.")
            yield where[0]
        finally:
            server.should_exit = True
            thread.join()


class _Server(Server):
    def __init__(self, config: Config, on_ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


class _CuttableProtocol(H11Protocol):
    """HTTP protocol whose requests can abort their connection, which ASGI has no message for."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        # asyncio does not set this for sockets from create_server; responses would take 40 ms longer.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        app = self.app

        async def cuttable(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "extensions": {ABORT_EXTENSION: {"abort": transport.abort}}}, receive, send)

        self.app = cuttable


@contextmanager
def _prepare(
    app: ASGIApp, port: int, on_ready: Callable[[Running], object], *, tls: bool, state: Path | None = None
) -> Iterator[tuple[Server, socket.socket]]:
    with tempfile.TemporaryDirectory(prefix="bulkvm-") as folder, _listen(port) as listener:
        certificate, key = _make_certificate(state or Path(folder) / "simulator") if tls else (None, None)
        url = f"{'https' if tls else 'http'}://{_HOST}:{listener.getsockname()[1]}"
        config = Config(
            TrustedHostMiddleware(app, allowed_hosts=_HOST_HEADERS),
            http=_CuttableProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        yield _Server(config, lambda: on_ready(Running(url, certificate))), listener


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise SimulatorError(
            f"Port {port} cannot be used: {error.strerror}. Choose another port, or 0 for any free port."
        ) from error


def _make_certificate(beside: Path) -> tuple[Path, Path]:
    from bulkvm.simulator.self_signed import ensure_certificate  # noqa: PLC0415  (cryptography is slow to import, and TLS is rarely used)

    certificate, key = (beside.with_name(f"{beside.name}.{part}.pem") for part in ("certificate", "key"))
    try:
        ensure_certificate(certificate, key)
    except OSError as error:
        raise SimulatorError(f"The certificate {certificate} cannot be written: {error.strerror}.") from error
    return certificate, key
