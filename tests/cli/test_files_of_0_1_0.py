"""Files that release 0.1.0 wrote are read as it would read them.

It made them on its embedded PBX: it imported three boxes, then four rows of which one was updated, one unchanged, one
invalid and one created; it exported and backed up the boxes, and set up two sites.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.program import Bulkvm
from tests.cli.sheet_files import statuses

OF_0_1_0 = Path(__file__).parents[1] / "fixtures" / "0.1.0"
STATUSES = ["updated", "unchanged", "invalid", "created"]
SECOND_RUN = "20261128T041613.908Z-simulator"
ON_SIMULATOR = ("--site", "simulator")


@pytest.fixture(autouse=True)
def files(folder: Path) -> None:
    """The files in the folders where 0.1.0 had them, for their owner alone."""
    shutil.copytree(OF_0_1_0, folder, dirs_exist_ok=True)
    for name in ("config", "state"):
        shutil.move(folder / name, folder.parent / name)
    state = folder.parent / "state"
    with closing(sqlite3.connect(state / "simulator.sqlite3")) as database:
        database.executescript((state / "simulator.sql").read_text("utf-8"))
    for path in folder.parent.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def test_importing_a_result_changes_nothing(bulkvm: Bulkvm, folder: Path) -> None:
    ended = bulkvm("import", "boxes.result.xlsx", *ON_SIMULATOR, "--skip-invalid", "--yes", "--json")

    assert statuses(folder / "boxes.result.xlsx") == STATUSES
    assert ended.code == 1
    assert [row["status"] for row in ended.json["rows"]] == ["unchanged", "unchanged", "invalid", "unchanged"]
    assert [(p["cell"], p["code"]) for p in ended.json["problems"]] == [("B3", "name-marks"), ("C4", "pin-repeats")]
    assert "last import" not in ended.err


@pytest.mark.parametrize("name", ["export.csv", "export.json", "export.xlsx"])
def test_importing_an_export_changes_nothing(bulkvm: Bulkvm, name: str) -> None:
    ended = bulkvm("import", name, *ON_SIMULATOR, "--yes", "--json")

    assert ended.code == 0
    assert {row["status"] for row in ended.json["rows"]} == {"unchanged"}
    assert len(ended.json["rows"]) == 4
    assert bulkvm("diff", name, *ON_SIMULATOR).code == 0


def test_a_template_is_read(bulkvm: Bulkvm) -> None:
    read = bulkvm("validate", "template.xlsx", "--clean", "clean.csv", "--json").json

    assert (read["rows"], read["valid"], read["problems"]) == (2, 2, [])
    assert [line.split(",")[7] for line in Path("clean.csv").read_text("utf-8-sig").splitlines()] == [
        "play_datetime",
        "24_HOUR_CLOCK",
        "DISABLE",
    ]


def test_a_backup_is_verified_and_compared(bulkvm: Bulkvm, folder: Path) -> None:
    (backup,) = (folder / "backups").glob("*.csv")

    verified = bulkvm("backup", "verify", "backups")

    assert verified.code == 0
    assert "1 good backup" in verified.err
    assert bulkvm("diff", backup, *ON_SIMULATOR).code == 0
    backup.write_text(backup.read_text("utf-8-sig").replace("Ward", "Lab"), "utf-8-sig")
    assert bulkvm("backup", "verify", "backups").code == 8


def test_sites_are_listed(bulkvm: Bulkvm) -> None:
    listed = bulkvm("sites", "--json").json["sites"]

    assert [(site["name"], site["url"], site["domain"], site["user"], site["tenant"]) for site in listed] == [
        ("practice", "http://127.0.0.1:8893", None, None, None),
        ("clinic", "http://127.0.0.1:8893", "simulator.example", "admin", None),
    ]


def test_runs_are_listed_and_their_results_are_made_again(bulkvm: Bulkvm, folder: Path) -> None:
    listed = bulkvm("runs", "--json").json["runs"]
    rebuilt = bulkvm("runs", SECOND_RUN, "--result", "again.xlsx")

    assert [Path(run["file"]).name for run in listed] == ["first.csv", "second.xlsx"]
    assert [{status: n for status, n in run["counts"].items() if n} for run in listed] == [
        {"created": 3},
        dict.fromkeys(STATUSES, 1),
    ]
    assert rebuilt.code == 0
    assert sorted(statuses(folder / "again.xlsx")) == sorted(STATUSES)


def test_a_run_is_undone(bulkvm: Bulkvm) -> None:
    assert "the end of the run was not recorded" in bulkvm("runs", SECOND_RUN).out

    ended = bulkvm("undo", SECOND_RUN, *ON_SIMULATOR, "--yes", "--json")

    boxes = bulkvm("export", *ON_SIMULATOR).out
    assert ended.code == 0
    assert "has no end" not in ended.err
    assert [row["extension_number"] for row in ended.json["rows"]] == ["0101", "6204"]
    assert "Front Desk" in boxes
    assert "Ward" not in boxes
