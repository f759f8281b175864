import datetime as dt
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bulkvm.simulator import Running, SimulatorError, create_app, running, serve
from tests.simulator.requests import BOXES, TOKEN, ask

SERVE = """
from bulkvm.simulator import create_app, serve
tell = lambda here: print(here.url, here.certificate, flush=True)
serve(create_app(faults=["late(seconds=600):list:1"]), tls={tls}, on_ready=tell)
print("stopped", flush=True)
"""


def test_the_server_answers_until_its_context_ends() -> None:
    with running(create_app()) as here:
        assert ask(here.url, "GET", BOXES).status == 200
        assert urlsplit(here.url).hostname == "127.0.0.1"
        assert here.certificate is None

    with pytest.raises(ConnectionRefusedError):
        ask(here.url, "GET", BOXES)


def test_a_request_that_never_ends_does_not_keep_it_from_stopping() -> None:
    with running(create_app(faults=["late(seconds=600):list:1"])) as here, pytest.raises(TimeoutError):
        ask(here.url, "GET", BOXES, timeout=0.1)


def test_a_port_that_is_taken_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(SimulatorError, match=f"Port {port} cannot be used"):
            serve(create_app(), port=port, on_ready=print)


def test_its_certificate_is_trusted_only_by_clients_that_are_given_it() -> None:
    with running(create_app(), tls=True) as here:
        assert here.certificate
        strict = ssl.create_default_context(cafile=here.certificate)
        strict.verify_flags |= ssl.VERIFY_X509_STRICT
        headers = {"Authorization": f"Bearer {TOKEN}"}

        assert here.url.startswith("https://127.0.0.1:")
        assert httpx.get(here.url + BOXES, headers=headers, verify=strict).status_code == 200
        with pytest.raises(httpx.ConnectError, match="self-signed certificate"):
            httpx.get(here.url + BOXES, headers=headers)

    assert not here.certificate.parent.exists()


def test_a_cut_reaches_through_tls() -> None:
    with running(create_app(faults=["reset:list:1"]), tls=True) as here:
        connection = http.client.HTTPSConnection(
            urlsplit(here.url).netloc, timeout=10, context=ssl.create_default_context(cafile=here.certificate)
        )
        connection.request("GET", BOXES)

        with pytest.raises((ConnectionError, ssl.SSLError)):
            connection.getresponse()
        connection.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_only_the_user_may_read_the_key() -> None:
    with running(create_app(), tls=True) as here:
        assert here.certificate
        key = here.certificate.with_name(here.certificate.name.replace("certificate", "key"))

        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_server_stops_and_leaves_no_files(stop: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE.format(tls=True)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        _, certificate = server.stdout.readline().split()
        server.send_signal(signal.Signals[stop])
        out, err = server.communicate(timeout=30)

    assert (server.returncode, out, err) == (0, "stopped\n", "")
    assert not Path(certificate).exists()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.1", "", "127.0.0.1.evil.example"])
@pytest.mark.parametrize("path", [BOXES, "/api/login/oauth/token", "/openapi.json"])
def test_a_request_under_a_foreign_name_is_refused(host: str, path: str) -> None:
    with running(create_app()) as here:
        headers = {"Host": host, "Authorization": f"Bearer {TOKEN}"}

        assert httpx.get(here.url + path, headers=headers).status_code == 400
        assert httpx.get(here.url + BOXES, headers=headers | {"Host": "localhost"}).is_success


def start(state: Path | None) -> tuple[Path, bytes]:
    """Start a simulator with TLS and stop it; where its certificate was, and what was in it."""
    seen: list[tuple[Path, bytes]] = []

    def note(here: Running) -> None:
        assert here.certificate
        seen.append((here.certificate, here.certificate.read_bytes()))
        signal.raise_signal(signal.SIGINT)

    serve(create_app(state), tls=True, state=state, on_ready=note)
    return seen[0]


def test_its_certificate_is_kept_beside_the_state(tmp_path: Path) -> None:
    state, other = tmp_path / "pbx.sqlite3", tmp_path / "other.sqlite3"

    first, again = start(state), start(state)

    assert first == again
    assert first[0].parent == tmp_path
    assert start(other)[1] != first[1]
    assert start(None)[1] != first[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda _, key: key.unlink(),
        lambda _, key: key.chmod(0o644),
        lambda _, key: key.rename(key.with_name("moved")) and key.symlink_to(key.with_name("moved")),
        lambda certificate, _: certificate.write_text("x"),
        lambda certificate, key: certificate.write_bytes(key.read_bytes()),
    ],
    ids=["no key", "key for everybody", "key behind a link", "no certificate", "no certificate but the key"],
)
def test_a_certificate_that_cannot_be_used_is_replaced(tmp_path: Path, spoil: Callable[[Path, Path], object]) -> None:
    state = tmp_path / "pbx.sqlite3"
    certificate, former = start(state)
    key = certificate.with_name("pbx.sqlite3.key.pem")
    spoil(certificate, key)

    again, content = start(state)

    assert again == certificate
    assert content != former
    assert key.lstat().st_mode & 0o777 == 0o600
    assert not key.is_symlink()


def test_a_certificate_that_ends_soon_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkvm.simulator.self_signed._LIFETIME", dt.timedelta(hours=1))
    state = tmp_path / "pbx.sqlite3"

    assert start(state) != start(state)


def test_a_certificate_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "pbx.sqlite3.key.pem").mkdir()

    with pytest.raises(SimulatorError, match=r"certificate.*cannot be written"):
        start(tmp_path / "pbx.sqlite3")
