"""`bulkvm simulator`, run as people run it."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Bulkvm
from tests.simulator.simulated import BOXES, a_box, ask


@pytest.mark.skipif(os.name != "posix", reason="these signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_every_option_does_what_it_says_and_a_signal_ends_it_in_order(folder: Path, number: signal.Signals) -> None:
    options = ["--port", "0", "--state", "pbx.sqlite3", "--latency", "20ms", "--knee", "1", "--page-cap", "1"]
    more = ["--summary-lists", "--fault", "503:create:1"]
    command = [sys.executable, "-m", "bulkvm", "simulator", *options, *more]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        url = re.search(r"http://[0-9.:]+", said)
        assert url is not None, said
        statuses = [ask(url[0], "POST", BOXES, a_box(extension_number=n)).status for n in ("6100", "6100", "6101")]
        page = json.loads(ask(url[0], "GET", BOXES).body)
        process.send_signal(number)
        process.communicate(timeout=30)

    assert statuses == [503, 201, 201]
    assert (page["count"], len(page["items"])) == (2, 1)
    assert set(page["items"][0]) == {"id", "name", "extension_number"}
    assert (folder / "pbx.sqlite3").exists()
    assert process.returncode == 0


@pytest.fixture
def by_hand(folder: Path) -> Iterator[tuple[httpx.Client, str]]:
    """A simulator with an export, TLS and slow answers, and a client for it, made of what it says."""
    (folder / "all.json").write_text(json.dumps([a_box(name="From last night")]), "utf-8")
    options = ["--port", "0", "--seed", "all.json", "--tls", "--latency", "500ms", "--knee", "1"]
    command = [sys.executable, "-m", "bulkvm", "simulator", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stderr is not None
        try:
            said = ""
            for line in process.stderr:
                said += line
                if line.startswith("Or log in"):
                    break
            told = dict(re.findall(r"export (\w+)=(\S+)", said))
            context = ssl.create_default_context(cafile=told["BULKVM_CA_FILE"])
            headers = {"Authorization": f"Bearer {told['BULKVM_TOKEN']}"}
            with httpx.Client(base_url=told["BULKVM_URL"], verify=context, headers=headers) as client:
                yield client, told["BULKVM_URL"]
        finally:
            process.terminate()


def test_it_can_begin_with_an_export_and_speak_tls(by_hand: tuple[httpx.Client, str]) -> None:
    client, url = by_hand

    assert url.startswith("https://127.0.0.1:")
    assert [box["name"] for box in client.get(BOXES).json()["items"]] == ["From last night"]


def test_it_can_take_its_time_and_more_of_it_under_load(by_hand: tuple[httpx.Client, str]) -> None:
    client, _ = by_hand

    def is_answered_within(seconds: float) -> bool:
        try:
            return client.get(BOXES, timeout=seconds).is_success
        except httpx.ReadTimeout:
            return False

    assert not is_answered_within(0.3)
    assert is_answered_within(10)
    with ThreadPoolExecutor(8) as crowd:
        assert not all(crowd.map(is_answered_within, [1.2] * 8))


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--latency", "50"), "Write 50ms or 0.5s"),
        (("--fault", "503"), "is no fault"),
        (("--seed", "nowhere.csv"), "nowhere.csv"),
        (("--page-cap", "101"), "1<=x<=100"),
    ],
)
def test_an_option_that_cannot_be_meant_is_told(bulkvm: Bulkvm, option: tuple[str, str], said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = bulkvm("simulator", "--port", str(taken.getsockname()[1]), *option)

    assert ended.code == 2
    assert said in ended.err
