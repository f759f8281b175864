"""A PBX that works otherwise than documented ends a run at its first box, through the command line."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bulkvm.simulator import FaultRules, SimulatorSettings, create_app
from tests.cli.program import Bulkvm, serve_pbx
from tests.cli.sheet_files import rows, write_csv

ERASING = SimulatorSettings(behave=("updates:erase", "extra:retain_days=30"))
RENAME = ("import", "names.csv", "--yes", "--max-changes", "9")


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
