"""Runs that cannot write: without a journal nothing is sent, and without a result nothing is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.model.errors import DiskFull
from bulkvm.paths import writing_state
from bulkvm.reports.workbook import result
from tests.cli.program import Bulkvm, names_by_extension
from tests.cli.sheet_files import rows, write_csv

resource = pytest.importorskip("resource", reason="Windows sets no limit to a file's size")

IMPORT = ("import", "a.csv", "--yes")
UNDO = ("undo", "last", "--yes")


def with_room(size: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that can make no file bigger than that, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "bulkvm", *arguments],  # a cached module that is cut short would stay
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def sheet(folder: Path) -> Path:
    return write_csv(folder / "a.csv", *rows(2))


@pytest.mark.usefixtures("sheet")
@pytest.mark.parametrize("part", ["runs", "locks"])
def test_a_state_folder_that_takes_no_file_is_reported_before_anything_is_sent(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path, part: str
) -> None:
    (folder.parent / "state").mkdir()
    (folder.parent / "state" / part).write_text("in the way", "utf-8")

    ended = bulkvm(*IMPORT)

    assert ended.code == 2
    assert "cannot be written to" in ended.err
    assert "Nothing was sent." in ended.err
    assert "BULKVM_STATE" in ended.err
    assert pbx.state.traffic.counts["create"] == 0


@pytest.mark.usefixtures("sheet")
def test_a_journal_that_there_is_no_room_for_is_reported_and_leaves_no_damaged_run(
    bulkvm: Bulkvm, pbx: Starlette
) -> None:
    ended = with_room(40, *IMPORT)

    assert ended.returncode == 2
    assert "cannot be written to: File too large. Nothing was sent." in ended.stderr
    assert pbx.state.traffic.counts["create"] == 0
    assert bulkvm("runs").err == "No runs yet.\n"
    assert "There are no runs yet." in bulkvm(*UNDO).err


@pytest.mark.usefixtures("sheet", "pbx")
@pytest.mark.parametrize("command", [IMPORT, UNDO], ids=["import", "undo"])
def test_if_the_result_cannot_be_written_the_error_shows_how_to_get_it(
    bulkvm: Bulkvm, folder: Path, command: tuple[str, ...]
) -> None:
    if command is UNDO:
        bulkvm(*IMPORT)
    before = sorted(folder.iterdir())

    ended = with_room(4000, *command, "--json")

    run = bulkvm("runs", "--json").json["runs"][-1]
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["run"] == run["run"]
    assert json.loads(ended.stdout)["counts"] == run["counts"]
    assert ("2 rows: 2 deleted." if command is UNDO else "2 rows: 2 created.") in ended.stderr
    assert f"Re-create the result with `bulkvm runs {run['run']} --result FILE`." in ended.stderr
    assert sorted(folder.iterdir()) == before
    assert bulkvm("runs", run["run"], "--result", "after-all.xlsx").code == 0


@pytest.mark.usefixtures("sheet", "pbx")
@pytest.mark.parametrize("command", [IMPORT, UNDO], ids=["import", "undo"])
def test_a_skipped_result_is_reported_with_how_to_get_it(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def press_ctrl_c(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    bulkvm(*IMPORT)
    monkeypatch.setattr(result, "make_results", press_ctrl_c)

    ended = bulkvm(*command)

    run = bulkvm("runs", "--json").json["runs"][-1]["run"]
    assert ended.code == 130
    assert f"`bulkvm runs {run} --result FILE`" in ended.err
    assert len(names_by_extension(bulkvm)) == (0 if command is UNDO else 2)


@pytest.mark.usefixtures("sheet", "pbx")
def test_a_reader_that_closes_the_pipe_early_does_not_fail_an_export(folder: Path) -> None:
    assert folder.is_dir()
    read, write = os.pipe()
    os.close(read)

    ended = subprocess.run(
        [sys.executable, "-m", "bulkvm", "export"], stdout=write, stderr=subprocess.PIPE, check=False
    )

    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.usefixtures("sheet", "pbx")
def test_a_reader_that_stops_early_still_gets_the_result(bulkvm: Bulkvm, folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)

    subprocess.run(
        [sys.executable, "-m", "bulkvm", *IMPORT, "--json"], stdout=write, stderr=subprocess.DEVNULL, check=True
    )

    os.close(write)
    assert (folder / "a.result.xlsx").exists()
    assert len(names_by_extension(bulkvm)) == 2


def test_a_full_disk_is_reported_as_that_of_the_state_folder() -> None:
    with (
        pytest.raises(DiskFull, match=r"The state folder .* cannot be written to.*Nothing was sent.*BULKVM_STATE"),
        writing_state(),
    ):
        raise DiskFull("The disk is full: sequence was not written. Make room, or name a file on another disk.")
