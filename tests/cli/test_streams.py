"""Data goes to standard output, and messages and progress to standard error."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.cli.console import Console
from bulkvm.cli.streams import OutputStreams
from bulkvm.simulator import FaultRules, SimulatorSettings, running
from tests.backup.backups import pbx_with
from tests.cli.program import SAMPLES, Bulkvm
from tests.cli.terminals import on_a_terminal


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """A PBX with 50 boxes, 20 on a page."""
    return pbx_with(tmp_path, 50)


def test_progress_is_printed_as_plain_lines_without_a_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkvm.cli.streams._LINE_EVERY", 0.01)
    seen = ""

    with OutputStreams() as streams, Console(streams).progress("Boxes read") as progress:
        while "Boxes read: 0 s\n" not in seen:
            seen += capfd.readouterr().err
        progress(20, 50)
        while "Boxes read: 20 of 50\n" not in seen:
            seen += capfd.readouterr().err

    assert set(seen.splitlines()) == {"Boxes read: 0 s", "Boxes read: 20 of 50"}


@pytest.mark.usefixtures("pbx")
def test_a_short_phase_shows_only_its_end_and_a_quiet_command_nothing(bulkvm: Bulkvm) -> None:
    reported, quiet = bulkvm("export", "boxes.csv"), bulkvm("export", "more.csv", "--quiet")

    assert reported.err == "50 boxes: boxes.csv\n"
    assert (quiet.out, quiet.err) == ("", "")


def test_on_a_terminal_a_bar_shows_it_and_goes_away(tmp_path: Path) -> None:
    app = pbx_with(tmp_path, 50, settings=SimulatorSettings(page_cap=20, latency=0.4))
    with running(app) as server:
        known = {"BULKVM_URL": server.url, "BULKVM_TOKEN": SimulatorSettings().token, "NO_COLOR": "1"}
        with on_a_terminal(tmp_path, "export", tmp_path / "b.csv", **known) as (terminal, program):
            terminal.read_to_the_end()

    assert program.returncode == 0
    assert "Boxes read:" in terminal.seen
    assert terminal.seen.rstrip().rpartition("\r")[2] == f"50 boxes: {tmp_path / 'b.csv'}"


@pytest.mark.usefixtures("pbx")
def test_verbose_shows_each_request_and_the_data_stays_alone(bulkvm: Bulkvm) -> None:
    plain = bulkvm("export", "-")
    command = [sys.executable, "-m", "bulkvm", "export", "-", "--verbose"]
    verbose = subprocess.run(command, capture_output=True, check=True)

    requests = verbose.stderr.decode().splitlines()
    assert requests[:2] == ["GET /api/tenants: 403", "GET /api/shared_voicemails: 200"]  # is it an administrator's?
    assert all(line.startswith("GET /api/shared_voicemails") for line in requests[1:])
    assert (plain.err, verbose.stdout.decode()) == ("", plain.out)


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("file_format", ["csv", "json"])
def test_every_command_that_reads_a_sheet_reads_standard_input_for_a_dash(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    boxes = bulkvm("export", "-", "--format", file_format).out.encode()

    def given(*arguments: str) -> int:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(boxes)))
        return bulkvm(*arguments).code

    assert given("validate", "-") == 0
    assert given("plan", "-", "--exit-code") == 0
    assert given("import", "-", "--yes") == 0
    assert given("diff", "-") == 0
    assert given("diff", "-", str(SAMPLES / "clinic.csv")) == 10


def test_a_sheet_of_standard_input_is_called_that_in_a_diff(bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = (SAMPLES / "clinic.csv").read_bytes().replace(b"Reception", b"Front Door", 1)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sheet)))

    ended = bulkvm("diff", "-", SAMPLES / "clinic.csv", "--json")

    assert (ended.json["a"], ended.json["b"]) == ("standard input", "clinic.csv")
    assert "0 boxes only in standard input" in ended.err


@pytest.mark.usefixtures("pbx")
def test_verbose_shows_why_a_request_got_no_answer(bulkvm: Bulkvm, app: Starlette) -> None:
    app.state.faults = FaultRules(["reset:list:1-4"])

    lines = bulkvm("export", "boxes.csv", "--verbose").err.splitlines()

    assert lines[1].startswith("GET /api/shared_voicemails: The connection to the PBX at 127.0.0.1")
