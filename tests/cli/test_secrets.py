"""PINs, passwords and tokens stay where they belong."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules, SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm
from tests.cli.sheet_files import write_csv
from tests.pbx.servers import Overheard

PINS = ("402817", "582046", "9371502846", "58391", "731110462", "7502839164")
LOGIN = SimulatorSettings()
TOKEN, PASSWORD = "secret-token-8d1f", "secret-password-77"
ROWS = [
    ("6201", "Front Desk", PINS[0], "a@example.com", "yes"),
    ("6202", "Sales", PINS[1], "", ""),
    ("6203", "Sales", PINS[1], "", ""),
    (PINS[5], "Its own number", PINS[5], "", ""),
    ("6205", "Short", PINS[3], "", ""),
    ("6206", "Repeats", PINS[4], "", ""),
    ("6207", "Fine", PINS[2], "", ""),
]
COMMANDS = [
    ["validate", "a.csv", "--annotate", "copy.xlsx", "--clean", "clean.csv"],
    ["validate", "a.csv", "--json"],
    ["plan", "a.csv", "--skip-invalid"],
    ["plan", "a.csv", "--skip-invalid", "--json"],
    ["import", "a.csv", "--yes", "--skip-invalid", "--verify", "all"],
    ["import", "b.csv", "--yes", "--json", "--generate-pins"],
    ["import", "b.csv", "--yes", "--result", "r.csv", "--force"],
    ["import", "a.csv", "--yes"],
    ["export", "all.csv"],
    ["export", "all.xlsx"],
    ["export", "open.csv", "--without-pins"],
    ["backup", "nights"],
    ["backup", "verify", "nights"],
    ["diff", "all.csv"],
    ["diff", "open.csv", "all.xlsx", "--json"],
    ["doctor"],
    ["runs"],
    ["runs", "last", "--result", "again.xlsx", "--json"],
    ["undo", "last", "--yes", "--json"],
]


@dataclass(frozen=True)
class Recorded:
    """All output of the commands, and the secrets that they logged in with."""

    printed: str
    secrets: list[str]


@pytest.fixture(params=["token", "password"])
def recorded(
    request: pytest.FixtureRequest, bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Recorded]:
    """Every command at its loudest, while things go wrong now and then."""
    app = create_app(settings=SimulatorSettings(token=TOKEN, password=PASSWORD))
    overheard = Overheard(app)
    login = {"BULKVM_USER": LOGIN.user, "BULKVM_DOMAIN": LOGIN.domain, "BULKVM_PASSWORD": PASSWORD}
    write_csv(folder / "a.csv", *ROWS)
    write_csv(folder / "b.csv", ("6201", "Renamed", PINS[2], "", ""), ("6208", "New", "", "", ""))
    for file in folder.iterdir():
        file.chmod(0o600)
    with running(overheard) as server:
        access = login if request.param == "password" else {"BULKVM_TOKEN": TOKEN}
        for name, value in {"BULKVM_URL": server.url, "BULKVM_MAX_RPS": "0", **access}.items():
            monkeypatch.setenv(name, value)
        texts = []
        for number, command in enumerate(COMMANDS):  # the first one meets no refusal
            app.state.faults = FaultRules(["random:any:rate=0.05,seed=3", f"422:create:{number or 99}"])
            ended = bulkvm(*command, "-v")
            texts.append(ended.out + ended.err)
        app.state.faults = FaultRules(["401:any:1-99"])
        command = [sys.executable, "-m", "bulkvm", "import", "b.csv", "--yes", "--debug", "-v"]
        debugged = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        assert "Traceback" in debugged.stderr
        assert texts[4].count("POST /api/shared_voicemails: 201") > 1
        printed = "\n".join([*texts, debugged.stdout, debugged.stderr, *map(str, app.state.traffic.log)])
        yield Recorded(printed, [TOKEN, PASSWORD, *overheard.tokens])


def test_no_secret_is_printed_and_the_files_that_hold_pins_are_private_to_their_owner(
    recorded: Recorded, folder: Path
) -> None:
    files = {file: file.read_bytes() for file in folder.parent.rglob("*") if file.is_file()}

    assert [pin for pin in PINS[:5] if pin in recorded.printed] == []  # the last one is an extension too
    assert [secret for secret in recorded.secrets if secret in recorded.printed] == []
    assert not any(secret.encode() in content for secret in recorded.secrets for content in files.values())
    with_pins = [file for file, content in files.items() if any(pin.encode() in content for pin in PINS[:3])]
    assert any(file.suffix == ".jsonl" for file in with_pins)
    assert folder / "open.csv" not in with_pins  # exported without them
    if os.name == "posix":
        assert [file for file in with_pins if file.stat().st_mode & 0o077] == []


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("command", [["export", "all.csv"], ["import", "a.csv", "--yes"], ["plan", "a.csv"]])
def test_no_token_and_no_password_is_printed_even_where_the_login_is_refused(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    write_csv(folder / "a.csv", ROWS[0])
    monkeypatch.setenv("BULKVM_TOKEN", TOKEN)
    refused = [bulkvm(*command, "-v"), bulkvm(*command, "-v", "--json") if command[0] != "export" else bulkvm(*command)]
    monkeypatch.delenv("BULKVM_TOKEN")
    monkeypatch.setenv("BULKVM_USER", LOGIN.user)
    monkeypatch.setenv("BULKVM_DOMAIN", LOGIN.domain)
    monkeypatch.setenv("BULKVM_PASSWORD", PASSWORD)
    refused.append(bulkvm(*command, "-v"))

    assert [ended.code for ended in refused] == [4, 4, 4]
    assert not any(secret in ended.out + ended.err for secret in (TOKEN, PASSWORD) for ended in refused)


LINES = 'Ext;Name;PIN\n"6201,Bob,402817";;\n"6202 pin 582046";;\nx;name;"a"\n'


@pytest.mark.parametrize(
    "command",
    [["validate", "a.csv"], ["validate", "a.csv", "--json"], ["import", "a.csv", "--yes", "--json"], ["diff", "a.csv"]],
)
def test_a_pin_in_the_cell_of_an_extension_is_not_shown(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, command: list[str]
) -> None:
    assert pbx.state
    (folder / "a.csv").write_text(LINES, "utf-8")

    ended = bulkvm(*command)

    assert not any(pin in ended.out + ended.err for pin in ("402817", "582046"))
