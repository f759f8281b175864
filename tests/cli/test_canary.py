"""A PBX that works otherwise than documented ends a run at its first box, through the command line."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from starlette.applications import Starlette

from bulkvm.model.outcome import CHECK_FIRST
from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from bulkvm.simulator.filters import EVERY_ITEM
from tests.cli.program import Bulkvm, serve_pbx
from tests.cli.sheet_files import rows, write_csv

ERASING = SimulatorSettings(behave=("updates:erase", "extra:retain_days=30"))
RENAME = ("import", "names.csv", "--yes", "--max-changes", "9")

APPROVED = ("import", "plan.xlsx", "--approved", "--yes")


@pytest.fixture
def erasing(folder: Path, bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Starlette]:
    """A PBX that erases the undocumented fields that an update leaves out, with boxes and a sheet that renames them."""
    app = create_app(settings=ERASING)
    with serve_pbx(app, monkeypatch):
        write_csv(folder / "boxes.csv", *rows(3))
        write_csv(folder / "names.csv", *rows(3, "New"))
        assert bulkvm("import", "boxes.csv", "--yes").code == 0
        yield app


def test_a_first_box_that_loses_a_field_stops_the_run_with_exit_code_7(
    bulkvm: Bulkvm, erasing: Starlette, folder: Path
) -> None:
    ended = bulkvm(*RENAME, "--result", "r.csv")

    assert ended.code == 7
    assert "Box 20000 (row 2) does not read back as expected" in ended.err
    assert "retain_days: lost (it was 30)" in ended.err
    assert "--no-canary" in ended.err
    assert "3 rows: 1 updated, 2 not sent" in ended.err
    assert "retain_days: lost (it was 30)" in (folder / "r.csv").read_text("utf-8")
    assert erasing.state.traffic.counts["update"] == 1


def test_the_whole_box_is_in_the_journal_which_is_private_to_its_owner(bulkvm: Bulkvm, erasing: Starlette) -> None:
    assert erasing
    ended = bulkvm(*RENAME)

    (journal,) = [Path(word) for word in ended.err.split() if word.endswith(".jsonl")]
    assert "retain_days" in journal.read_text("utf-8")
    assert journal.stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert "402817" in journal.read_text("utf-8")
    assert "402817" not in ended.err


@pytest.mark.parametrize("kind", ["import", "plan", "undo"])
def test_a_run_that_damaged_its_first_box_does_not_advise_to_run_the_command_again(
    bulkvm: Bulkvm, erasing: Starlette, folder: Path, kind: str
) -> None:
    assert erasing
    bulkvm("plan", "names.csv", "--output", "plan.xlsx", "--max-changes", "9")
    if kind == "undo":
        bulkvm(*RENAME, "--no-canary")
        for box in erasing.state.stored.page(EVERY_ITEM, "id", 0, 9):
            erasing.state.stored.update(box["id"], {**box, "retain_days": 30})
    command = {"import": RENAME, "undo": ("undo", "last", "--yes"), "plan": (*APPROVED, "--max-changes", "9")}[kind]
    ended = bulkvm(*command, "--result", "r.xlsx")
    bulkvm("runs", "last", "--result", "again.xlsx")
    journal = max((folder.parent / "state" / "runs").glob("*.jsonl"))
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    bulkvm("runs", "last", "--result", "killed.xlsx")

    assert ended.code == 7
    assert "Find the cause before you run the command again" in ended.err
    for result in ("r.xlsx", "again.xlsx", "killed.xlsx"):
        first, second = load_workbook(folder / result).worksheets
        assert "A4:C4" in map(str, first.merged_cells.ranges)  # and so not behind the chart
        lines = [str(row[0]) for row in first.values]
        assert lines[lines.index("What to do next") + 1].startswith(
            "1. 1 box does not read back as expected, as listed below. Restore by hand what was lost"
        )
        listed = list(first.values)[lines.index("Not as expected (click)") + 1]
        assert listed[0] == "row 2 (20000)"
        assert "retain_days: lost (it was 30)" in str(listed[1])
        messages = [str(value) for row in second.values for value in row if str(value).startswith("The ")]
        assert len([message for message in messages if CHECK_FIRST in message]) == 2
        assert not any("same command again" in message for message in messages)


def test_the_only_box_that_does_not_read_back_is_something_to_do(
    bulkvm: Bulkvm, erasing: Starlette, folder: Path
) -> None:
    assert erasing
    workbook = Workbook()
    workbook.worksheets[0].append(["extension_number", "name"])
    workbook.worksheets[0].append(["20000", "New"])
    workbook.save(folder / "names.xlsx")

    bulkvm("import", "names.xlsx", "--yes", "--max-changes", "9", "--result", "r.xlsx")

    page = load_workbook(folder / "r.xlsx")["bulkvm"]
    lines = [str(row[0]) for row in page.values]
    assert "A4:C4" in map(str, page.merged_cells.ranges)
    assert bulkvm("plan", "r.xlsx").out.startswith("1 row: 1 unchanged.")
    assert "does not read back as expected" in lines[lines.index("What to do next") + 1]
    assert not any("Nothing to do" in line for line in lines)


def test_without_the_canary_an_import_and_its_undo_continue(bulkvm: Bulkvm, erasing: Starlette) -> None:
    imported = bulkvm(*RENAME, "--no-canary")
    undone = bulkvm("undo", "last", "--yes", "--no-canary")

    assert (imported.code, undone.code) == (0, 0)
    assert erasing.state.traffic.counts["update"] == 6


def test_a_first_box_that_reads_back_differently_is_exit_code_7_not_9(
    bulkvm: Bulkvm, pbx: Starlette, folder: Path
) -> None:
    write_csv(folder / "boxes.csv", *rows(2))
    write_csv(folder / "names.csv", *rows(2, "New"))
    assert bulkvm("import", "boxes.csv", "--yes").code == 0
    pbx.state.faults = FaultRules(["other-box:update:1-9"])

    ended = bulkvm(*RENAME, "--json")

    assert ended.code == 7
    assert [row["status"] for row in ended.json["rows"]] == ["unknown", "not sent"]
