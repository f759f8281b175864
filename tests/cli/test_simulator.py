"""`bulkvm simulator`, run as people run it."""

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bulkvm.cli.simulator_rules import BEHAVIOURS, FAULTS, FILTERS, TIMES
from bulkvm.simulator.behaviours import IGNORABLE, NULLABLE, UPDATES, parse_behaviours
from bulkvm.simulator.fault_rules import PLAIN_FAULTS, TIMED_FAULTS, FaultRules
from bulkvm.simulator.filters import parse_filter
from tests.cli.program import Bulkvm
from tests.cli.simulator_process import started
from tests.simulator.requests import BOXES, LOGIN, PASSWORD_LOGIN, TOKEN, a_box


@pytest.mark.skipif(os.name != "posix", reason="these signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_every_option_has_its_effect_and_a_signal_ends_it_in_order(folder: Path, number: signal.Signals) -> None:
    options = ["--state", "pbx.sqlite3", "--latency", "20ms", "--knee", "1", "--page-cap", "1"]
    more = ["--summary-lists", "--fault", "503:create:1", "--behave", "hide:pin:single", "--behave", "nulls:tenant"]
    with started(*options, *more) as simulator, simulator.client() as client:
        answers = [client.post(BOXES, json=a_box(extension_number=n)) for n in ("6100", "6100", "6101")]
        page = client.get(BOXES).json()
        single = client.get(f"{BOXES}/{page['items'][0]['id']}").json()
        tenant = client.get("/api/tenant").json()
        simulator.process.send_signal(number)
        simulator.process.wait(timeout=30)

    assert [answer.status_code for answer in answers] == [503, 201, 201]
    assert (page["count"], len(page["items"])) == (2, 1)
    assert set(page["items"][0]) == {"id", "name", "extension_number"}
    assert single["pin"] is None
    assert set(tenant.values()) == {None}
    assert (folder / "pbx.sqlite3").exists()
    assert simulator.process.returncode == 0


@pytest.mark.usefixtures("folder")
def test_its_token_and_password_are_new_at_each_start_and_printed_once() -> None:
    secrets = []
    for _ in range(2):
        with started() as simulator, simulator.client() as client:
            variables = simulator.variables
            login = PASSWORD_LOGIN | {"password": variables["BULKVM_PASSWORD"]}

            assert client.get(BOXES).is_success
            assert client.post(LOGIN, data=login).is_success
            assert client.post(LOGIN, data=PASSWORD_LOGIN).status_code == 400
            assert client.get(BOXES, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401
        secrets += [variables["BULKVM_TOKEN"], variables["BULKVM_PASSWORD"]]
        assert [simulator.printed.count(secret) for secret in secrets[-2:]] == [1, 1]

    assert len(set(secrets)) == 4
    assert min(map(len, secrets)) >= 32


@pytest.mark.usefixtures("folder")
def test_its_output_is_one_line_to_paste_for_each_variable() -> None:
    with started() as simulator:
        first, *lines = simulator.printed.splitlines()

    assert first.startswith(f"The simulator is running at {simulator.variables['BULKVM_URL']}.")
    exports = [line for line in lines if not line.startswith("To ")]
    assert all(re.fullmatch(r"  export BULKVM_[A-Z]+=[\w.:/-]*", line) for line in exports)
    assert len(lines) - len(exports) == 1


def test_a_script_may_choose_the_token_and_the_password(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULKVM_SIMULATOR_TOKEN", "chosen-token")
    monkeypatch.setenv("BULKVM_SIMULATOR_PASSWORD", "it's chosen")

    with started("--tls", "--state", "my pbx.sqlite3") as simulator, simulator.client() as client:
        assert client.get(BOXES, headers={"Authorization": "Bearer chosen-token"}).is_success
        assert client.post(LOGIN, data=PASSWORD_LOGIN | {"password": "it's chosen"}).is_success
    assert simulator.variables["BULKVM_PASSWORD"] == "it's chosen"
    assert simulator.variables["BULKVM_CA_FILE"] == str(folder / "my pbx.sqlite3.certificate.pem")


@pytest.fixture
def by_hand(folder: Path) -> Iterator[tuple[httpx.Client, str]]:
    """A simulator with an export, TLS and slow answers, and a client for it, made of what it prints."""
    (folder / "all.json").write_text(json.dumps([a_box(name="From last night")]), "utf-8")
    options = ("--seed", "all.json", "--tls", "--latency", "500ms", "--knee", "1")
    with started(*options) as simulator, simulator.client() as client:
        yield client, simulator.variables["BULKVM_URL"]


def test_a_simulator_can_start_with_an_export_and_serve_tls(by_hand: tuple[httpx.Client, str]) -> None:
    client, url = by_hand

    assert url.startswith("https://127.0.0.1:")
    assert [box["name"] for box in client.get(BOXES).json()["items"]] == ["From last night"]


def test_latency_applies_to_each_response_and_grows_under_load(by_hand: tuple[httpx.Client, str]) -> None:
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
    ("option", "printed"),
    [
        (("--latency", "50"), "Write 50ms or 0.5s"),
        (("--fault", "503"), "is not a fault rule"),
        (("--behave", "hide:pin"), "is not a behaviour rule"),
        (("--seed", "nowhere.csv"), "nowhere.csv"),
        (("--page-cap", "101"), "from 1 to 100"),
    ],
)
def test_an_invalid_option_value_is_reported(bulkvm: Bulkvm, option: tuple[str, str], printed: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = bulkvm("simulator", "--port", str(taken.getsockname()[1]), *option)

    assert ended.code == 2
    assert printed in ended.err


def test_help_describes_every_fault_and_behaviour_by_rules_that_are_valid() -> None:
    whats = [what for terms, _ in FAULTS for what in terms.split(", ")]
    rules = [rule for terms, _ in BEHAVIOURS for rule in terms.split(", ")]
    sample = {"FIELD": "pin", "WHERE": "both", "NAME=VALUE": "retain_days=30", "PARAMETER": "top", "MIN-MAX": "6-10"}
    text = " ".join(text for entry in BEHAVIOURS for text in entry)

    FaultRules([*(f"{what}:any:1" for what in whats), *(f"503:any:{when}" for when, _ in TIMES)])
    parse_behaviours([re.sub("|".join(sample), lambda found: sample[found[0]], rule) for rule in rules])
    for condition, _ in FILTERS[:-1]:
        parse_filter(condition)

    assert {what.partition("(")[0] for what in whats} >= {*PLAIN_FAULTS, *TIMED_FAULTS}
    assert {f"updates:{how}" for how in UPDATES} | {f"nulls:{call}" for call in NULLABLE} <= set(rules)
    assert all(parameter in text for parameter in IGNORABLE)
