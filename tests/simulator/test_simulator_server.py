import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bulkvm.simulator import SimulatorError, create_app, running, serve
from tests.simulator.simulated import BOXES, TOKEN, ask

SERVE = """
from bulkvm.simulator import create_app, serve
tell = lambda here: print(here.url, here.certificate, flush=True)
serve(create_app(faults=["late(seconds=600):list:1"]), tls={tls}, on_ready=tell)
print("stopped", flush=True)
"""


def test_it_answers_while_the_context_lasts() -> None:
    with running(create_app()) as here:
        assert ask(here.url, "GET", BOXES).status == 200
        assert urlsplit(here.url).hostname == "127.0.0.1"
        assert here.certificate is None

    with pytest.raises(ConnectionRefusedError):
        ask(here.url, "GET", BOXES)


def test_a_request_that_never_ends_does_not_keep_it_from_stopping() -> None:
    with running(create_app(faults=["late(seconds=600):list:1"])) as here, pytest.raises(TimeoutError):
        ask(here.url, "GET", BOXES, timeout=0.1)


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(SimulatorError, match=f"Port {port} cannot be used"):
            serve(create_app(), port=port, on_ready=print)


def test_its_certificate_is_trusted_by_whoever_is_given_it_and_by_nobody_else() -> None:
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
        key = here.certificate.with_name("key.pem")

        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_stops_in_order_and_leaves_nothing_behind(stop: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE.format(tls=True)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        _, certificate = server.stdout.readline().split()
        server.send_signal(signal.Signals[stop])
        out, err = server.communicate(timeout=30)

    assert (server.returncode, out, err) == (0, "stopped\n", "")
    assert not Path(certificate).exists()
