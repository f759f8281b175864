"""Every command with every kind of standard output and standard error: all but what is seen stays the same.

Each of the two streams is a pipe with a reader, closed, full, a pipe without a reader, or a terminal: one of them
alone, both alike, and two kinds at once; and in cp1252. What a command leaves on the PBX and in files, and its exit
code, must be what they are with a reader.
"""

import io
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import click
import pytest

from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.sheet_files import write_csv

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals, and no /dev/full")

pytestmark = pytest.mark.campaign

BULKVM = (sys.executable, "-m", "bulkvm")
STREAMS = ("pipe", "closed", "full", "without a reader", "terminal")
COMBINATIONS = [
    *((kind, "pipe", "utf-8") for kind in STREAMS[1:]),
    *(("pipe", kind, "utf-8") for kind in STREAMS[1:]),
    *((kind, kind, "utf-8") for kind in STREAMS[1:]),
    ("closed", "terminal", "utf-8"),
    ("full", "without a reader", "utf-8"),
    *((kind, kind, "cp1252") for kind in ("pipe", "full", "terminal")),
]
LOST = {"closed", "full"}
ON_SIMULATOR = ("--site", "simulator", "--concurrency", "1")

COMMANDS: dict[str, tuple[str | Path, ...]] = {
    "template": ("template", "blank.xlsx"),
    "validate": ("validate", "changes.csv", "--annotate", "copy.xlsx", "--clean", "clean.csv"),
    "validate --json": ("validate", "base.csv", "--json"),
    "plan": ("plan", "changes.csv", "--skip-invalid", *ON_SIMULATOR),
    "plan --json": ("plan", "base.csv", "--json", "--exit-code", *ON_SIMULATOR),
    "import": ("import", "changes.csv", "--yes", "--skip-invalid", "--force", "--verbose", *ON_SIMULATOR),
    "import --json": ("import", "new.csv", "--yes", "--json", *ON_SIMULATOR),
    "import of a wrong sheet": ("import", "changes.csv", "--yes", "--json", *ON_SIMULATOR),
    "export -": ("export", "-", *ON_SIMULATOR),
    "export FILE": ("export", "all.xlsx", *ON_SIMULATOR),
    "backup": ("backup", "backups", "--keep", "1", *ON_SIMULATOR),
    "backup verify": ("backup", "verify", "backups"),
    "backup verify of damage": ("backup", "verify", "damaged"),
    "diff": ("diff", "base.csv", "Łódź.csv", "--output", "differences.xlsx"),
    "undo": ("undo", "last", "--yes", "--json", *ON_SIMULATOR),
    "runs": ("runs", "last", "--result", "again.xlsx"),
    "sites": ("sites",),
    "login": ("login", "new", "--token-stdin"),
    "logout": ("logout", "clinic"),
    "doctor": ("doctor", "--json"),
    "simulator": ("simulator", "--state", "own.sqlite3", "--seed", "base.csv"),
    "demo": ("demo", "--quiet"),
}


@dataclass(frozen=True)
class Left:
    """What a command leaves."""

    code: int
    files: dict[str, Any]
    out: str


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A PBX on a real socket, for the commands that set up or examine a connection. They change nothing there."""
    with running(create_app()) as server:
        yield server.url


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which two imports and a backup were made."""
    folder = tmp_path_factory.mktemp("made")
    base = [(str(6500 + n), f"Desk {n}", "402817", "", "") for n in range(8)]
    changed = [(number, f"Łódź {number}", "", "", "") for number, *_ in base[:3]]
    write_csv(folder / "base.csv", *base)
    write_csv(folder / "Łódź.csv", *changed, *base[3:7])
    write_csv(folder / "new.csv", *((str(6600 + n), f"Desk {n}", "582046", "", "") for n in range(6)))
    write_csv(
        folder / "changes.csv", ("6500", "Other", "", "", ""), ("6600", "New", "402817", "", ""), ("7", "", "", "", "")
    )
    write_sites(folder / "config")
    for command in (
        ("import", "base.csv", "--yes", *ON_SIMULATOR),
        ("import", "Łódź.csv", "--yes", "--force", *ON_SIMULATOR),
        ("backup", "backups", *ON_SIMULATOR),
    ):
        subprocess.run([*BULKVM, *command], cwd=folder, env=environment(folder), check=True, capture_output=True)
    shutil.copytree(folder / "backups", folder / "damaged")
    (backup,) = (folder / "damaged").glob("*.csv")
    backup.write_bytes(backup.read_bytes()[:-9])
    return folder


def write_sites(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "sites.toml").write_text('[clinic]\nurl = "https://pbx.example.com"\nuser = "ann"\ndomain = "clinic"\n')


def environment(folder: Path, **more: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("BULKVM_", "PYTHONIO"))}
    ours = {"BULKVM_STATE": str(folder / "state"), "BULKVM_CONFIG": str(folder / "config"), "BULKVM_MAX_RPS": "0"}
    return {**known, **ours, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", **more}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_broken_output_stream_does_not_change_what_a_command_does(
    tmp_path: Path, made: Path, address: str, name: str
) -> None:
    command = [str(word) for word in COMMANDS[name]]
    expected = run(made, tmp_path / "expected", command, address, "pipe", "pipe", "utf-8")

    for number, (out, err, encoding) in enumerate(COMBINATIONS):
        left = run(made, tmp_path / f"{number}", command, address, out, err, encoding)

        what = f"{name}, stdout {out}, stderr {err}, {encoding}"
        is_lost = out in LOST and expected.out and expected.code in {0, 10}
        assert left.code == (2 if is_lost else expected.code), what
        assert left.files == expected.files, what
        if out in {"pipe", "terminal"} and encoding == "utf-8":
            assert words(left.out) == words(expected.out), what


def words(text: str) -> list[str]:
    """The words of a text: on a terminal, it is in colour, and its lines are wrapped."""
    return click.unstyle(text).split()


def run(made: Path, folder: Path, command: list[str], address: str, out: str, err: str, encoding: str) -> Left:
    """Run a command in a copy of the folder that was made, with such streams."""
    shutil.copytree(made, folder)
    variables = {"PYTHONIOENCODING": encoding} if encoding != "utf-8" else {}
    if command[0] in {"login", "doctor"}:
        variables |= {"BULKVM_URL": address, "BULKVM_TOKEN": SimulatorSettings().token}
    port = free_port()
    if command[0] == "simulator":
        command = [*command, "--port", str(port)]
    with ExitStack() as stack:
        (stdout, written), (stderr, printed) = (stack.enter_context(stream(kind)) for kind in (out, err))
        closed = "".join(f" {number}>&-" for number, kind in ((1, out), (2, err)) if kind == "closed")
        with subprocess.Popen(
            ["sh", "-c", f'exec "$@"{closed}', "sh", *BULKVM, *command],
            cwd=folder,
            env=environment(folder, **variables),
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process:
            if command[0] == "simulator":
                wait_for(port, process)
                process.send_signal(signal.SIGTERM)
            process.communicate(f"{SimulatorSettings().token}\n".encode(), timeout=60)
    assert "Traceback" not in printed.getvalue().decode(encoding, "replace")
    product = mask(written.getvalue().decode(encoding, "replace").replace("\r\n", "\n"), folder, port)
    left = Left(process.returncode, files_in(folder), product)
    shutil.rmtree(folder)
    return left


@contextmanager
def stream(kind: str) -> Iterator[tuple[int, io.BytesIO]]:
    """A descriptor of that kind to write to, and what comes through it once the context is left."""
    read = through = io.BytesIO()
    if kind in {"closed", "full"}:
        write = os.open("/dev/full" if kind == "full" else os.devnull, os.O_WRONLY)
    elif kind == "terminal":
        reader, write = pty.openpty()
    else:
        reader, write = os.pipe()
    is_read = kind in {"pipe", "terminal"}
    if kind == "without a reader":
        os.close(reader)
    pump = threading.Thread(target=_pump, args=(reader, through)) if is_read else None
    if pump:
        pump.start()
    yield write, read
    os.close(write)
    if pump:
        pump.join()
        os.close(reader)


def _pump(reader: int, through: io.BytesIO) -> None:
    with suppress(OSError):  # on Linux, this means that a terminal has no writer any more
        while part := os.read(reader, 65536):
            through.write(part)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
    return number


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    while True:
        assert process.poll() is None
        client = HTTPConnection("127.0.0.1", port)
        with suppress(OSError), closing(client):
            client.request("GET", "/")
            client.getresponse()  # before that, a signal would meet a server that only starts
            return


def files_in(folder: Path) -> dict[str, Any]:
    """Every file of a folder, without what two runs never have in common: times, ids, secrets of their own."""
    return {
        mask(str(file.relative_to(folder)), folder): content(file, folder)
        for file in folder.rglob("*")
        if file.is_file()
    }


def content(file: Path, folder: Path) -> Any:
    if file.suffix == ".xlsx":
        with zipfile.ZipFile(file) as parts:
            return {
                part: mask(parts.read(part).decode("utf-8", "replace"), folder) for part in sorted(parts.namelist())
            }
    if file.suffix == ".sqlite3":
        with sqlite3.connect(file) as database:
            columns = "extension_number, name, pin, prompt, enable_pin, enable_email_notify, recipients, play_datetime"
            return database.execute(f"SELECT {columns} FROM box ORDER BY extension_number").fetchall()
    return sorted(mask(file.read_bytes().decode("utf-8", "replace"), folder).splitlines())


def mask(text: str, folder: Path, port: int | None = None) -> str:
    """Replace what no two runs have in common."""
    text = text.replace(str(folder), "FOLDER").replace(f":{port}", ":PORT")
    text = re.sub(r"\d{8}T\d{6}Z|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00| UTC)?", "TIME", text)
    return re.sub(r"[A-Za-z0-9_=-]{20,}|a request takes \d+ ms", "RANDOM", text)
