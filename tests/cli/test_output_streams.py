"""Streams that take nothing, or not everything, change nothing but what is seen."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette

from bulkvm.cli.main import run
from bulkvm.cli.streams import OutputStreams
from tests.cli.program import Bulkvm, names_by_extension, start_import, wait_for_creates
from tests.cli.sheet_files import statuses, write_csv

POSIX = pytest.mark.skipif(os.name != "posix", reason="descriptors of POSIX")
BULKVM = [sys.executable, "-m", "bulkvm"]


def desks(count: int) -> list[tuple[str, ...]]:
    return [(str(20000 + n), f"Desk {n}", "402817", "", "") for n in range(count)]


@contextmanager
def without_reader() -> Iterator[int]:
    read, write = os.pipe()
    os.close(read)
    yield write
    os.close(write)


@contextmanager
def full() -> Iterator[int]:
    stream = os.open("/dev/full", os.O_WRONLY)
    yield stream
    os.close(stream)


def in_shell(redirected: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a command with streams as a shell redirects them."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", *BULKVM, *arguments], capture_output=True, check=False
    )


@POSIX
@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("stream", "verbose"),
    [
        pytest.param(without_reader, (), id="without a reader"),
        pytest.param(full, ("--verbose",), id="full-verbose"),
        pytest.param(without_reader, ("--verbose",), id="without a reader-verbose", marks=pytest.mark.campaign),
        pytest.param(full, (), id="full", marks=pytest.mark.campaign),
    ],
)
def test_an_import_without_a_reader_of_its_output_continues_to_its_end(
    bulkvm: Bulkvm, folder: Path, stream: Any, verbose: tuple[str, ...]
) -> None:
    write_csv(folder / "a.csv", *desks(60), ("999", "", "", "", ""))

    with stream() as output:
        ended = subprocess.run(
            [*BULKVM, "import", "a.csv", "--yes", "--skip-invalid", *verbose], stdout=output, stderr=output, check=False
        )

    assert ended.returncode == 1
    assert len(names_by_extension(bulkvm)) == 60
    assert statuses(folder / "a.result.xlsx") == [*["created"] * 60, "invalid"]
    assert bulkvm("runs", "--json").json["runs"][0]["counts"]["created"] == 60


@POSIX
def test_a_failed_backup_without_a_reader_of_its_output_has_its_exit_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BULKVM_TOKEN", "t")
    (folder / "empty").mkdir()

    assert in_shell("2>&-", "backup", "backups", "--retries", "1", "--max-outage", "0").returncode == 5
    assert in_shell("2>/dev/full", "backup", "verify", "empty").returncode == 8
    with without_reader() as output:
        arguments = ["backup", "b", "--retries", "1", "--max-outage", "0"]
        assert subprocess.run([*BULKVM, *arguments], stderr=output, check=False).returncode == 5


@POSIX
@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("redirected", "code", "reported"),
    [
        (">/dev/full", 2, "Standard output could not be written (No space left on device)"),
        (">&-", 2, "Standard output could not be written (it is closed)"),
        pytest.param(">/dev/full 2>&1", 2, "", marks=pytest.mark.campaign),
        (">&- 2>&-", 2, ""),
        pytest.param("2>/dev/full", 0, "", marks=pytest.mark.campaign),
        ("2>&-", 0, ""),
    ],
)
def test_a_document_that_cannot_be_printed_is_reported_and_the_result_is_kept(
    bulkvm: Bulkvm, folder: Path, redirected: str, code: int, reported: str
) -> None:
    write_csv(folder / "a.csv", *desks(2))

    imported = in_shell(redirected, "import", "a.csv", "--yes", "--json", "--quiet")

    assert imported.returncode == code
    assert len(names_by_extension(bulkvm)) == 2
    assert statuses(folder / "a.result.xlsx") == ["created", "created"]
    assert imported.stderr.decode().splitlines() == ([f"{reported}, so the output is incomplete."] if reported else [])
    assert b"Traceback" not in imported.stderr


@POSIX
@pytest.mark.usefixtures("pbx")
def test_other_errors_take_precedence_over_a_document_that_cannot_be_written(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "a.csv", *desks(2))
    write_csv(folder / "wrong.csv", ("1", "Desk", "402817", "", ""))

    assert in_shell(">/dev/full", "validate", "wrong.csv", "--json").returncode == 3
    assert in_shell(">/dev/full", "diff", "a.csv").returncode == 2
    assert bulkvm("diff", "a.csv").code == 10


@POSIX
def test_no_file_of_bulkvm_gets_the_descriptor_of_a_closed_stream(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "a.csv", *desks(2))

    ended = in_shell("0<&- >&- 2>&-", "import", "a.csv", "--site", "simulator", "--yes", "--json")

    assert ended.returncode == 2
    (run,) = bulkvm("runs", "last", "--json").json["runs"]
    assert (run["counts"]["created"], run["damaged_lines"]) == (2, [])


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    "encoding",
    ["cp1252", *(pytest.param(name, marks=pytest.mark.campaign) for name in ("ascii", "cp437", "latin-1", "utf-16"))],
)
def test_characters_that_the_encoding_lacks_are_replaced_and_the_exit_code_is_unchanged(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    write_csv(folder / "Łódź.csv", ("6201", "Łódź", "402817", "", ""), ("6202", "Zürich 北京", "402817", "", ""))
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    monkeypatch.setenv("PYTHONUTF8", "0")

    def ended(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([*BULKVM, *arguments], capture_output=True, check=False)
        assert b"Traceback" not in done.stderr
        return done.returncode, done.stdout.decode(encoding)

    code, table = ended("diff", "Łódź.csv")
    assert (code, "6201" in table) == (10, True)
    assert ended("import", "Łódź.csv", "--yes")[0] == 0
    code, listed = ended("runs")
    assert (code, "2 created" in listed) == (0, True)
    assert bulkvm("import", "Łódź.csv", "--yes", "--json").json["counts"]["unchanged"] == 2


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("file_format", ["csv", "json"])
def test_data_is_utf_8_whatever_the_encoding_of_the_stream(bulkvm: Bulkvm, folder: Path, file_format: str) -> None:
    write_csv(folder / "a.csv", ("6201", "Łódź", "402817", "", ""))
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    assert bulkvm("import", "a.csv", "--yes").code == 0

    out = subprocess.run(
        [*BULKVM, "export", "-", "--format", file_format], env=environment, check=True, capture_output=True
    ).stdout

    assert "Łódź" in out.decode()


@POSIX
@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("suffix", ["csv", pytest.param("xlsx", marks=pytest.mark.campaign)])
def test_a_file_may_have_any_name(folder: Path, capfdbinary: pytest.CaptureFixture[bytes], suffix: str) -> None:
    write_csv(folder / "plain.csv", *desks(2))
    name = os.fsdecode(b'bo\xffx\x1b"es.' + suffix.encode())
    if suffix == "csv":
        (folder / "plain.csv").rename(folder / name)
    else:
        assert run(["validate", "plain.csv", "--clean", name]) == 0

    def ended(*arguments: str, code: int = 0) -> str:
        capfdbinary.readouterr()
        assert run(arguments) == code
        out, err = capfdbinary.readouterr()
        assert b"\x1b" not in out + err
        err.decode()
        return out.decode()

    assert json.loads(ended("validate", name, "--json", "--annotate", f"{name}.xlsx"))["valid"] == 2
    ended("diff", name, code=10)
    json.loads(ended("diff", name, "plain.csv" if suffix == "xlsx" else name, "--json"))
    json.loads(ended("plan", name, "--json"))
    assert json.loads(ended("import", name, "--yes", "--json"))["counts"]["created"] == 2
    (result,) = folder.glob("bo*.result.xlsx")
    assert statuses(result) == ["created", "created"]
    assert "bo" in ended("runs")
    assert json.loads(ended("runs", "--json"))["runs"][0]["counts"]["created"] == 2
    ended("runs", "last", "--result", f"again-{name}")
    ended("export", f"all-{name}")
    ended("diff", f"all-{name}")
    ended("backup", os.fsdecode(b"back\xffups"))
    ended("backup", "verify", os.fsdecode(b"back\xffups"))
    assert json.loads(ended("undo", "last", "--yes", "--json"))["counts"]["updated"] == 2


@POSIX
def test_a_terminal_that_is_closed_ends_a_run_as_sigterm_does(
    bulkvm: Bulkvm, slow_pbx: Starlette, folder: Path
) -> None:
    with start_import(folder, 300) as process:
        wait_for_creates(slow_pbx, 20, process)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        _, printed = process.communicate()

    found = statuses(folder / "r.xlsx")
    assert process.returncode == 130
    assert "Stopping" in printed
    assert len(names_by_extension(bulkvm)) == found.count("created") >= 20
    assert found.count("created") + found.count("not sent") + found.count("invalid") == 300


@POSIX
def test_nohup_keeps_a_run_alive_when_its_terminal_is_closed(slow_pbx: Starlette, folder: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a program inherits it
    try:
        process = start_import(folder, 60)
    finally:
        signal.signal(signal.SIGHUP, before)
    with process:
        wait_for_creates(slow_pbx, 20, process)
        process.send_signal(signal.SIGHUP)
        process.communicate()

    assert statuses(folder / "r.xlsx").count("not sent") == 0


@POSIX
def test_a_signal_after_the_end_of_a_command_does_not_change_its_exit_code(folder: Path) -> None:
    write_csv(folder / "sheet.csv", ("6201", "Front Desk", "402817"))
    program = (
        "import atexit, os, signal, sys\n"
        "numbers = [int(signal.SIGINT), int(signal.SIGTERM), int(signal.SIGHUP)]\n"
        "def send(kill=os.kill, pid=os.getpid(), numbers=numbers):\n"
        "    for number in numbers: kill(pid, number)\n"
        "atexit.register(send)\n"
        "class Late:\n"
        "    def __del__(self, send=send): send()\n"
        "late = Late()\n"
        "from bulkvm.cli.main import main\n"
        "sys.argv = ['bulkvm', 'validate', 'sheet.csv', '-q']\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")


def writing_notice(rows: str, run: str) -> str:
    return (
        f"Writing the result of {rows}. Press Ctrl-C again to skip it; "
        f"`bulkvm runs {run} --result FILE` writes it later."
    )


@POSIX
def test_a_stopped_run_reports_that_it_writes_the_result_and_how_to_have_it_later(
    bulkvm: Bulkvm, slow_pbx: Starlette, folder: Path
) -> None:
    with start_import(folder, 300) as process:
        wait_for_creates(slow_pbx, 20, process)
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate()

    (run,) = bulkvm("runs", "--json").json["runs"]
    lines = printed.splitlines()
    stopping = next(n for n, line in enumerate(lines) if line.startswith("Stopping"))
    assert lines[stopping + 1] == writing_notice("300 rows", run["run"])


CTRL_C_WHILE_THE_RESULT_IS_WRITTEN = """
import signal
from bulkvm.cli.main import main
from bulkvm.reports.workbook import result

write = result.write_result

def press_and_write(*arguments, **options):
    signal.raise_signal(signal.SIGINT)
    return write(*arguments, **options)

result.write_result = press_and_write
main()
"""


@pytest.mark.usefixtures("pbx")
def test_one_ctrl_c_while_the_result_is_written_does_not_lose_it(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "a.csv", *desks(1))

    ended = subprocess.run(
        [sys.executable, "-c", CTRL_C_WHILE_THE_RESULT_IS_WRITTEN, "import", "a.csv", "--yes"],
        capture_output=True,
        check=False,
    )

    (run,) = bulkvm("runs", "--json").json["runs"]
    assert ended.returncode == 0
    assert writing_notice("1 row", run["run"]) in ended.stderr.decode().splitlines()
    assert statuses(folder / "a.result.xlsx") == ["created"]


@POSIX
@pytest.mark.usefixtures("pbx")
def test_a_blocked_terminal_does_not_block_the_run(bulkvm: Bulkvm, folder: Path) -> None:
    write_csv(folder / "a.csv", *desks(200))
    read, write = os.pipe()  # which no one reads
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b"." * 65536)
    except BlockingIOError:
        os.set_blocking(write, True)

    with subprocess.Popen([*BULKVM, "import", "a.csv", "--yes", "--verbose"], stderr=write) as process:
        os.close(write)
        result = folder / "a.result.xlsx"
        while not (result.exists() and result.stat().st_size):  # its name is reserved from the beginning
            assert process.poll() is None
        os.set_blocking(read, False)
        process.kill()
    os.close(read)

    assert statuses(folder / "a.result.xlsx") == ["created"] * 200
    assert len(names_by_extension(bulkvm)) == 200


def test_no_library_warns_on_standard_error(folder: Path) -> None:
    assert folder.is_dir()
    script = (
        "import logging, sys, warnings; import bulkvm.cli.commands.sites as sites\n"
        "def read(*_): warnings.warn('a library warns'); logging.getLogger('x').error('logs'); return {}\n"
        "sites.read_sites = read\n"
        "from bulkvm.cli.main import main; main()"
    )

    ended = subprocess.run([sys.executable, "-c", script, "sites"], capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"No sites yet. Set one up with `bulkvm login NAME`.\n")


class WindowsConsole(io.RawIOBase):
    """The raw stream of a console of Windows: UTF-8 whatever the code page, and no more than a part at once."""

    def __init__(self) -> None:
        self.written = b""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)[:7]
        self.written += part
        return len(part)


def test_a_console_of_windows_gets_text_and_data_in_the_encoding_of_its_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = WindowsConsole()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8"))

    with OutputStreams() as streams:
        streams.write_text("Łódź")
        streams.write_data('"Łódź\x1b[31m"\r\n'.encode())

    assert raw.written.replace(b"\r\n", b"\n").decode() == 'Łódź\n"Łódź\N{REPLACEMENT CHARACTER}[31m"\n'


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_a_missing_stream_is_not_an_error(monkeypatch: pytest.MonkeyPatch, bulkvm: Bulkvm, name: str) -> None:
    monkeypatch.setattr(sys, name, None)  # pythonw.exe has none of them

    assert bulkvm("runs").code == 0


def test_a_closed_stream_object_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.TextIOWrapper(io.BytesIO())
    gone.buffer.close()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=gone.buffer, encoding="utf-8", flush=gone.buffer.flush))

    with OutputStreams() as streams:
        streams.write_text("text")

        assert streams.lost_output is not None
