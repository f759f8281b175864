"""`bulkvm simulator`, run as people run it."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
