"""The first mistakes of a newcomer: one clear message, what to do, the right exit code, no traceback."""

import os
import socket
from pathlib import Path

import pytest

from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.program import SAMPLES, Bulkvm, CommandResult

SHEET = SAMPLES / "clinic.csv"
TOKEN = SimulatorSettings().token


def assert_clear(ended: CommandResult, code: int, *words: str) -> None:
    assert ended.code == code
    assert [word for word in words if word not in ended.text] == []
    assert "Traceback" not in ended.err
    assert "Error:" not in ended.err.replace("Error: ", "", 1)


@pytest.mark.parametrize(
    ("environment", "code", "words"),
    [
        ({}, 2, ["BULKVM_URL", "--site simulator"]),
        ({"BULKVM_URL": "https://pbx.invalid:8887"}, 2, ["BULKVM_TOKEN", "BULKVM_PASSWORD"]),
        ({"BULKVM_URL": "pbx.example.com", "BULKVM_TOKEN": "t"}, 2, ["https://pbx.example.com:8887"]),
        ({"BULKVM_URL": "https://[::1", "BULKVM_TOKEN": "t"}, 2, ["not a valid URL"]),
        ({"BULKVM_URL": "http://pbx.example.com", "BULKVM_TOKEN": "t"}, 2, ["plain http"]),
        ({"BULKVM_URL": "https://me:hunter2@pbx.example.com", "BULKVM_TOKEN": "t"}, 2, ["password", "BULKVM_USER"]),
        ({"BULKVM_URL": "https://pbx.invalid:8887", "BULKVM_TOKEN": "t"}, 5, ["host name pbx.invalid was not found"]),
        ({"BULKVM_URL": "https://pbx.invalid:8887", "BULKVM_TOKEN": "hunter2\nx"}, 2, ["Enter the token alone"]),
        ({"BULKVM_SITE": "clinic"}, 2, ['no site called "clinic"']),
    ],
    ids=[
        "no site",
        "no login",
        "no scheme",
        "broken url",
        "in the clear",
        "password in url",
        "unknown host",
        "token of two lines",
        "site",
    ],
)
def test_an_invalid_pbx_address_is_reported(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], code: int, words: list[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ended = bulkvm("import", SHEET, "--yes")

    assert_clear(ended, code, *words)
    assert "hunter2" not in ended.err


def test_a_pbx_that_is_down_is_reported(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("BULKVM_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("BULKVM_TOKEN", TOKEN)

    assert_clear(bulkvm("import", SHEET, "--yes"), 5, f"127.0.0.1:{port} cannot be reached", "Nothing was sent")


def test_a_wrong_token_and_a_wrong_password_are_reported(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(create_app()) as server:
        monkeypatch.setenv("BULKVM_URL", server.url)
        monkeypatch.setenv("BULKVM_TOKEN", "secret-token")
        with_token = bulkvm("export", "boxes.csv")
        monkeypatch.delenv("BULKVM_TOKEN")
        monkeypatch.setenv("BULKVM_USER", "admin")
        monkeypatch.setenv("BULKVM_PASSWORD", "secret-password")
        without_domain = bulkvm("export", "boxes.csv")
        monkeypatch.setenv("BULKVM_DOMAIN", "clinic.example.com")
        with_password = bulkvm("export", "boxes.csv")

    assert_clear(with_token, 4, "rejected the login, or the token has expired")
    assert_clear(without_domain, 2, "has no domain", "BULKVM_TENANT", "BULKVM_DOMAIN")
    assert_clear(with_password, 4, "rejected the user name and password", "BULKVM_DOMAIN")
    assert "secret" not in with_token.err + without_domain.err + with_password.err
    assert not Path("boxes.csv").exists()


def write(name: str, content: bytes) -> Path:
    Path(name).write_bytes(content)
    return Path(name)


@pytest.mark.parametrize("command", ["validate", "import"])
@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("missing.xlsx", None, 2, ["missing.xlsx", "Check its name"]),
        ("~$clinic.xlsx", b"\x00" * 165, 2, ["Excel"]),
        ("empty.csv", b"", 3, ["empty"]),
        ("other.csv", b"Colour,Shape\nred,round\n", 3, ["Colour", "Extension"]),
        ("twice.csv", b"Ext,PIN,Passcode\n6201,402817,402817\n", 3, ["both mean PIN"]),
        ("picture.xlsx", b"\x89PNG\r\n\x1a\n" + b"\x00" * 99, 3, ["picture.xlsx"]),
        ("letter.pdf", b"%PDF-1.7 ...", 3, ["PDF"]),
    ],
    ids=["missing", "lock file", "empty", "wrong columns", "column twice", "picture", "pdf"],
)
def test_a_file_that_is_not_a_sheet_is_reported(
    bulkvm: Bulkvm, command: str, name: str, content: bytes | None, code: int, words: list[str]
) -> None:
    if content is not None:
        write(name, content)
    more = ["--site", "simulator", "--yes"] if command == "import" else []

    assert_clear(bulkvm(command, name, *more), code, *words)


def test_a_folder_in_place_of_a_sheet_is_reported(bulkvm: Bulkvm) -> None:
    Path("sheets").mkdir()

    assert_clear(bulkvm("validate", "sheets"), 2, "folder")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_sheet_that_may_not_be_read(bulkvm: Bulkvm) -> None:
    write("locked.csv", b"Ext\n6201\n").chmod(0)

    assert_clear(bulkvm("validate", "locked.csv"), 2, "locked.csv")


def test_json_reports_a_file_that_is_no_sheet(bulkvm: Bulkvm) -> None:
    ended = bulkvm("validate", write("other.csv", b"Colour,Shape\nred,round\n"), "--json")

    assert ended.code == 3
    assert [(p["row"], p["code"], p["severity"]) for p in ended.json["problems"]] == [(None, "no-header", "error")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["validate"], ["FILE"]),
        (["validate", str(SHEET), "--map", "PIN"], ["--map", "Heading=pin"]),
        (["validate", str(SHEET), "--map", "Code=secret"], ["recipients"]),
        (["import", str(SHEET), "--site", "simulator", "--max-changes", "lots"], ["50 or 40%"]),
        (["export", "boxes.pdf", "--site", "simulator"], [".csv", ".xlsx", ".json"]),
        (["export", "nowhere/boxes.csv", "--site", "simulator"], ["nowhere"]),
        (["simulator", "--latency", "long"], ["50ms"]),
        (["simulator", "--fault", "lots"], ["503:create:3"]),
        (["improt"], ["improt"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_a_misspelled_option_is_reported(bulkvm: Bulkvm, arguments: list[str], words: list[str]) -> None:
    ended = bulkvm(*arguments)

    assert ended.code == 2
    assert [word for word in words if word not in ended.text] == []
    assert "Traceback" not in ended.err


def test_a_template_overwrites_no_sheet_that_was_filled_in(bulkvm: Bulkvm) -> None:
    write("boxes.xlsx", b"precious")

    assert_clear(bulkvm("template", "boxes.xlsx"), 2, "--overwrite")
    assert Path("boxes.xlsx").read_bytes() == b"precious"
    assert bulkvm("template", "boxes.xlsx", "--force").code == 0


@pytest.mark.parametrize("arguments", [["export", "boxes.csv"], ["backup", "nights"], ["validate", "nothing.csv"]])
def test_only_debug_shows_a_traceback(bulkvm: Bulkvm, arguments: list[str]) -> None:
    assert "Traceback" not in bulkvm(*arguments).err
    assert "Traceback" in bulkvm(*arguments, "--debug").err
