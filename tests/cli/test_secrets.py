"""PINs, passwords and tokens stay where they belong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import Faults, Settings
from tests.cli.conftest import Bulkvm
from tests.cli.test_whole_job import write_csv

PINS = ("402817", "582046", "9371502846", "58391", "731110462", "7502839164")
LOGIN = Settings()
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


@pytest.fixture
def said(bulkvm: Bulkvm, pbx: Starlette, folder: Path) -> str:
    """All that every command says, at its loudest, while things go wrong now and then."""
    write_csv(folder / "a.csv", *ROWS)
    write_csv(folder / "b.csv", ("6201", "Renamed", PINS[2], "", ""), ("6208", "New", "", "", ""))
    for file in folder.iterdir():
        file.chmod(0o600)
    texts = []
    for number, command in enumerate(COMMANDS):
        pbx.state.faults = Faults(["random:any:rate=0.1,seed=3", f"422:create:{number}"])
        ended = bulkvm(*command, "-v")
        texts.append(ended.out + ended.err)
    pbx.state.faults = Faults(["401:any:1-99"])
    command = [sys.executable, "-m", "bulkvm", "import", "b.csv", "--yes", "--debug", "-v"]
    debugged = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert "Traceback" in debugged.stderr
    assert texts[4].count("POST /api/shared_voicemails: 201") > 1
    return "\n".join([*texts, debugged.stdout, debugged.stderr, *map(str, pbx.state.traffic.log)])


def test_no_pin_is_said_and_the_files_that_hold_one_are_for_their_owner_alone(said: str, folder: Path) -> None:
    assert [pin for pin in PINS[:5] if pin in said] == []  # the last one is an extension too
    for file in [*folder.rglob("*"), *(folder.parent / "state").rglob("*")]:
        if file.is_file() and os.name == "posix" and any(pin.encode() in file.read_bytes() for pin in PINS[:3]):
            assert file.stat().st_mode & 0o077 == 0, file


def test_an_export_without_pins_holds_none(said: str, folder: Path) -> None:
    assert said
    assert not any(pin in (folder / "open.csv").read_text("utf-8-sig") for pin in PINS[:3])


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("command", [["export", "all.csv"], ["import", "a.csv", "--yes"], ["plan", "a.csv"]])
def test_no_token_and_no_password_is_said_even_where_the_login_is_refused(
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
def test_a_pin_that_stands_in_the_cell_of_an_extension_is_not_said(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, command: list[str]
) -> None:
    assert pbx.state
    (folder / "a.csv").write_text(LINES, "utf-8")

    ended = bulkvm(*command)

    assert not any(pin in ended.out + ended.err for pin in ("402817", "582046"))
