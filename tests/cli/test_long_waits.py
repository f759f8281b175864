"""A PBX that asks to wait for longer than --max-outage gets no request more, from any connection to it."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules, Running, SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm, sites_file
from tests.cli.sheet_files import rows, write_csv
from tests.keyrings import NONE, UseKeyring

USER = SimulatorSettings()
TENANTS = 12
ASKED = re.compile(r"The PBX asks to wait for (600|59\d) seconds, which is longer than --max-outage\. Run the same")
ONE_AT_A_TIME = ("--concurrency", "1", "--max-outage", "2")


def log(app: Starlette) -> list[int]:
    """The statuses of all responses, in order."""
    return [entry.status for entry in app.state.traffic.log]


@pytest.fixture
def provider(folder: Path, monkeypatch: pytest.MonkeyPatch, use_keyring: UseKeyring) -> Starlette:
    """A PBX with many tenants, and a variable and a password file for its system administrator's login."""
    use_keyring(NONE)
    monkeypatch.setenv("BULKVM_MAX_RPS", "0")
    password = folder.parent / "password"
    password.touch(mode=0o600)
    password.write_text(USER.system_password)
    return create_app(settings=SimulatorSettings(tenants=TENANTS, boxes=2))


def add_sites(server: Running, *names: str, domains: bool = False) -> None:
    """Set sites up, each with the same PBX."""
    login = f"url = '{server.url}'\nuser = '{USER.system_user}'\npassword_file = '{Path('../password').resolve()}'\n"
    switch = {name: f"switch_to = 'clinic-{n:03}.example'\n" if domains else "" for n, name in enumerate(names, 2)}
    sites_file().write_text("".join(f"[{name}]\n{login}{switch[name]}" for name in names))


@pytest.mark.parametrize("command", ["export", "backup", "diff", "tenants"])
@pytest.mark.parametrize("status", [429, 503])
def test_all_tenants_are_left_alone_once_the_pbx_asks_to_wait(
    provider: Starlette, bulkvm: Bulkvm, folder: Path, command: str, status: int
) -> None:
    with running(provider) as server:
        add_sites(server, "provider")
        if command == "diff":
            bulkvm("export", "files", "--all-tenants")
        provider.state.faults = FaultRules([f"{status}(retry-after=600):list:5"])
        provider.state.traffic.log.clear()

        arguments = () if command == "tenants" else (folder / "files", "--all-tenants")
        ended = bulkvm(command, *arguments, *ONE_AT_A_TIME)

    assert ended.code == 5
    assert log(provider).index(status) == len(log(provider)) - 1
    stopped = [line for line in ended.err.splitlines() if ASKED.search(line)]
    assert len(stopped) > TENANTS / 2
    assert len({line.partition(":")[0] for line in stopped}) == len(stopped)


def test_the_other_sites_of_a_pbx_are_left_alone_once_it_asks_to_wait(
    provider: Starlette, bulkvm: Bulkvm, folder: Path
) -> None:
    with running(provider) as server:
        add_sites(server, *(f"site-{n:02}" for n in range(2, TENANTS)), domains=True)
        provider.state.faults = FaultRules(["429(retry-after=600):list:5"])

        ended = bulkvm("backup", folder / "nights", "--all-sites", *ONE_AT_A_TIME)

    assert ended.code == 5
    assert log(provider).index(429) == len(log(provider)) - 1
    assert len(ASKED.findall(ended.err)) > TENANTS / 2


@pytest.mark.parametrize(
    "command", ["export -", "backup nights", "diff a.csv", "plan a.csv", "import a.csv --yes", "doctor"]
)
def test_a_command_that_has_sent_no_row_ends_with_exit_code_5(
    pbx: Starlette, bulkvm: Bulkvm, folder: Path, command: str
) -> None:
    write_csv(folder / "a.csv", *rows(3))
    pbx.state.faults = FaultRules(["429(retry-after=600):list:1-99"])

    ended = bulkvm(*command.split(), "--max-outage", "2")

    assert ended.code == 5
    assert len(ASKED.findall(ended.text)) == 1


def test_a_run_that_has_begun_ends_with_exit_code_7_and_accounts_for_all_rows(
    pbx: Starlette, bulkvm: Bulkvm, folder: Path
) -> None:
    write_csv(folder / "a.csv", *rows(20))
    pbx.state.faults = FaultRules(["429(retry-after=600):create:6"])

    ended = bulkvm("import", "a.csv", "--yes", "--skip-invalid", *ONE_AT_A_TIME)

    assert ended.code == 7
    assert ASKED.search(ended.err)
    assert "5 created" in ended.text
    assert "13 not sent" in ended.text
    assert log(pbx)[-1] == 429
