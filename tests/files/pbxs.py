"""Several PBXs on this machine, each on a host of its own, and a machine without a keyring that knows them as sites."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from starlette.applications import Starlette
from uvicorn import Config, Server

from bulkvm.simulator import SimulatorSettings, create_app

USER = SimulatorSettings()


@contextmanager
def serve_on(host: str, app: Starlette) -> Iterator[str]:
    """Serve a PBX on a loopback address, and return its URL."""
    started = threading.Event()

    class Noted(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Noted(Config(app, host=host, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    started.wait()
    yield f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@contextmanager
def serve_sites(folder: Path, count: int, tenants: int = 1) -> Iterator[list[str]]:
    """Serve so many PBXs, and make a settings folder with a site for each, whose login reaches all of its tenants.

    Yields:
        The URLs of the PBXs, whose sites are `site-0`, `site-1` and so on.
    """
    folder.mkdir()
    user, secret = (USER.user, USER.password) if tenants == 1 else (USER.system_user, USER.system_password)
    (folder / "password").touch(mode=0o600)
    (folder / "password").write_text(secret)
    with ExitStack() as stack:
        apps = [create_app(settings=SimulatorSettings(tenants=tenants, boxes=2)) for _ in range(count)]
        urls = [stack.enter_context(serve_on(f"127.0.0.{10 + n}", app)) for n, app in enumerate(apps)]
        domain = f"domain = '{USER.domain}'\n" if tenants == 1 else ""
        login = f"user = '{user}'\n{domain}password_file = '{folder / 'password'}'\n"
        (folder / "sites.toml").write_text("".join(f"[site-{n}]\nurl = '{url}'\n{login}" for n, url in enumerate(urls)))
        yield urls
