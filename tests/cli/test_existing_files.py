"""An existing file is replaced only with --overwrite, and a sheet never by a file that is made of it."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from tests.cli.program import SAMPLES, Bulkvm
from tests.cli.sheet_files import statuses, write_csv

SHEET = "a.csv"
TWO_ROWS = "extension_number,name,pin\n6201,Front Desk,402817\n6202,Ward,582046\n"
ONE_ROW = "extension_number,name,pin\n6201,Lab,402817\n"
WRITING = [
    ("export", "x.csv"),
    ("export", "x.xlsx"),
    ("export", "x.json"),
    ("validate", SHEET, "--annotate", "x.xlsx"),
    ("validate", SHEET, "--clean", "x.csv"),
    ("import", SHEET, "--yes", "--result", "x.xlsx"),
    ("import", SHEET, "--yes", "--result", "x.csv"),
    ("undo", "last", "--yes", "--result", "x.xlsx"),
    ("runs", "last", "--result", "x.xlsx"),
    ("diff", SHEET, "--output", "x.xlsx"),
    ("diff", SHEET, "b.csv", "--output", "x.csv"),
    ("template", "x.xlsx"),
    ("template", "x.csv"),
]
OF_A_SHEET = [
    ("validate", SHEET, "--annotate", "a.xlsx"),
    ("validate", SHEET, "--clean", SHEET),
    ("import", SHEET, "--yes", "--result", SHEET),
    ("undo", "last", "--yes", "--result", SHEET),
    ("runs", "last", "--result", SHEET),
    ("diff", SHEET, "b.csv", "--output", SHEET),
    ("diff", "b.csv", SHEET, "--output", SHEET),
]


def name(command: Sequence[str]) -> str:
    return " ".join(command)


@pytest.fixture
def run(bulkvm: Bulkvm, folder: Path, pbx: Starlette) -> Starlette:
    """A PBX, a folder with sheets, and a run to speak of."""
    (folder / SHEET).write_text(TWO_ROWS, encoding="utf-8")
    (folder / "b.csv").write_text(ONE_ROW, encoding="utf-8")
    assert bulkvm("import", SHEET, "--yes").code == 0
    return pbx


@pytest.mark.parametrize("command", WRITING, ids=name)
def test_an_existing_file_is_refused_before_anything_is_fetched_or_sent(
    bulkvm: Bulkvm, folder: Path, run: Starlette, command: Sequence[str]
) -> None:
    (target,) = (folder / word for word in command if word.startswith("x."))
    target.write_text("someone's", encoding="utf-8")
    before = dict(run.state.traffic.counts), sorted(folder.iterdir())

    ended = bulkvm(*command)

    assert ended.code == 2
    assert f"{target.name} already exists. Name another file, or add --overwrite to replace it." in ended.err
    assert target.read_text() == "someone's"
    assert (dict(run.state.traffic.counts), sorted(folder.iterdir())) == before


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("command", WRITING, ids=name)
def test_an_existing_file_is_replaced_with_overwrite(bulkvm: Bulkvm, folder: Path, command: Sequence[str]) -> None:
    (target,) = (folder / word for word in command if word.startswith("x."))
    target.write_text("someone's", encoding="utf-8")
    before = sorted(folder.iterdir())

    ended = bulkvm(*command, "--overwrite")

    assert ended.code in {0, 10}
    assert target.read_bytes() != b"someone's"
    assert sorted(folder.iterdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="devices of POSIX")
@pytest.mark.parametrize("command", WRITING, ids=name)
def test_a_device_is_refused_by_its_whole_name_before_anything_is_fetched_or_sent(
    bulkvm: Bulkvm, folder: Path, run: Starlette, command: Sequence[str]
) -> None:
    before = dict(run.state.traffic.counts), sorted(folder.iterdir())

    ended = bulkvm(*("/dev/full" if word.startswith("x.") else word for word in command), "--overwrite")

    assert ended.code == 2
    assert "/dev/full is a device or a pipe. Name a file." in ended.err
    assert (dict(run.state.traffic.counts), sorted(folder.iterdir())) == before


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("command", OF_A_SHEET, ids=name)
def test_a_sheet_is_never_written_over(bulkvm: Bulkvm, folder: Path, command: Sequence[str]) -> None:
    (folder / "a.xlsx").hardlink_to(folder / SHEET)

    ended = bulkvm(*command, "--overwrite")

    assert ended.code == 2
    assert "is the sheet itself, which bulkvm never overwrites" in ended.err
    assert (folder / SHEET).read_text() == TWO_ROWS


def test_a_result_without_a_given_name_gets_an_unused_one(bulkvm: Bulkvm, folder: Path, pbx: Starlette) -> None:
    for _ in range(3):
        assert bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--overwrite").code == 0

    assert pbx.state.traffic.counts["create"] == 42
    results = sorted((folder / SAMPLES).glob("clinic.result*.xlsx"))
    assert [file.name for file in results] == ["clinic.result-2.xlsx", "clinic.result-3.xlsx", "clinic.result.xlsx"]


def test_a_run_that_sends_nothing_leaves_no_empty_result(bulkvm: Bulkvm, folder: Path, pbx: Starlette) -> None:
    (folder / SHEET).write_text(TWO_ROWS, encoding="utf-8")

    ended = bulkvm("import", SHEET)

    assert ended.code == 2
    assert pbx.state.traffic.counts["create"] == 0
    assert [file.name for file in folder.iterdir()] == [SHEET]


def test_a_demo_replaces_existing_files_only_with_overwrite(bulkvm: Bulkvm, folder: Path) -> None:
    precious = folder / "bulkvm-demo" / "clinic.result.xlsx"
    precious.parent.mkdir()
    precious.write_text("precious", encoding="utf-8")

    refused = bulkvm("demo", "-q")
    kept = precious.read_bytes()

    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert kept == b"precious"
    assert bulkvm("demo", "-q", "--overwrite").code == 0


def test_a_demo_ignores_the_variables_of_the_environment(
    bulkvm: Bulkvm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BULKVM_PIN_LENGTH", "10-10")
    monkeypatch.setenv("BULKVM_MAX_CHANGES", "0")
    monkeypatch.setenv("BULKVM_CONCURRENCY", "many")

    assert bulkvm("demo", "-q").code == 0
    assert (folder / "bulkvm-demo" / "boxes.csv").exists()
    assert os.environ["BULKVM_PIN_LENGTH"] == "10-10"


REFUSED = ("1", "Desk", "12", "", "")


@pytest.mark.usefixtures("pbx")
def test_refused_imports_leave_one_result(bulkvm: Bulkvm, folder: Path) -> None:
    for name in ("Desk", "Front Desk", "Reception"):
        sheet = write_csv(folder / "b.csv", ("1", name, "402817", "", ""))
        assert bulkvm("import", sheet, "--yes").code == 3
    assert statuses(folder / "b.result.xlsx") == ["invalid"]
    write_csv(folder / "b.csv", ("6201", "Desk", "402817", "", ""))

    assert bulkvm("import", folder / "b.csv", "--yes").code == 0

    assert [file.name for file in folder.glob("b.result*")] == ["b.result.xlsx"]
    assert statuses(folder / "b.result.xlsx") == ["created"]


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("change", ["edited", "of a run", "the sheet itself"])
def test_no_other_result_is_replaced(bulkvm: Bulkvm, folder: Path, change: str) -> None:
    sheet = write_csv(
        folder / "b.csv", ("6201", "Desk", "402817", "", ""), *([] if change == "of a run" else [REFUSED])
    )
    bulkvm("import", sheet, "--yes")
    result = folder / "b.result.xlsx"
    if change == "edited":
        book = load_workbook(result)
        book.worksheets[1]["B2"] = "Reception"
        book.save(result)
    before = result.read_bytes()
    write_csv(sheet, REFUSED)

    again = bulkvm("import", result if change == "the sheet itself" else sheet, "--yes")

    assert again.code == 3
    assert result.read_bytes() == before
    assert "b.result-2.xlsx" in again.err


@pytest.mark.usefixtures("pbx")
def test_a_list_of_refused_results_that_cannot_be_read_replaces_nothing(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = write_csv(folder / "b.csv", REFUSED)
    bulkvm("import", sheet, "--yes")
    for content in ("[1]", "not JSON", "{}"):
        (known,) = (folder.parent / "state").glob("refused-results.json")
        known.write_text(content, "utf-8")
        assert bulkvm("import", sheet, "--yes").code == 3

    assert len(list(folder.glob("b.result*"))) == 4


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such pipes")
@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("was_refused", [True, False])
def test_a_pipe_with_the_name_of_a_result_blocks_nothing(bulkvm: Bulkvm, folder: Path, *, was_refused: bool) -> None:
    sheet, result = write_csv(folder / "b.csv", REFUSED), folder / "b.result.xlsx"
    if was_refused:
        bulkvm("import", sheet, "--yes")
        result.unlink()
    os.mkfifo(result)

    ended = bulkvm("import", sheet, "--yes")

    assert (ended.code, result.is_fifo()) == (2, True)
