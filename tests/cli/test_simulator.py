"""`bulkvm simulator`, run as people run it."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
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


@pytest.mark.skipif(os.name != "posix", reason="this signal is POSIX's")
def test_it_can_begin_with_an_export_speak_tls_and_take_its_time(folder: Path) -> None:
    (folder / "all.json").write_text(json.dumps([a_box(name="From last night")]), "utf-8")
    options = ["--port", "0", "--seed", "all.json", "--tls", "--latency", "500ms"]
    with subprocess.Popen(
        [sys.executable, "-m", "bulkvm", "simulator", *options], stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        said = "".join(process.stderr.readline() for _ in range(5))
        told = dict(re.findall(r"export (\w+)=(\S+)", said))
        context = ssl.create_default_context(cafile=told["BULKVM_CA_FILE"])
        headers = {"Authorization": f"Bearer {told['BULKVM_TOKEN']}"}
        with httpx.Client(base_url=told["BULKVM_URL"], verify=context, headers=headers) as client:
            with pytest.raises(httpx.ReadTimeout):
                client.get(BOXES, timeout=0.3)
            page = client.get(BOXES).json()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert told["BULKVM_URL"].startswith("https://127.0.0.1:")
    assert [box["name"] for box in page["items"]] == ["From last night"]


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
    ended = bulkvm("simulator", "--port", "0", *option)

    assert ended.code == 2
    assert said in ended.err
