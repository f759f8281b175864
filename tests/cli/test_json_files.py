"""What `bulkvm export boxes.json` writes is taken wherever a sheet is."""

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.program import SAMPLES, Bulkvm

pytestmark = pytest.mark.usefixtures("pbx")


@pytest.fixture
def exported(bulkvm: Bulkvm, folder: Path) -> Path:
    """The clinic's boxes, moved to the PBX and exported from there as JSON."""
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv")
    assert bulkvm("export", "boxes.json").code == 0
    return folder / "boxes.json"


def test_export_then_import_changes_nothing(bulkvm: Bulkvm, exported: Path) -> None:
    planned = bulkvm("plan", exported, "--json")
    imported = bulkvm("import", exported, "--yes")

    assert planned.json["counts"] == {"create": 0, "update": 0, "unchanged": 42}
    assert planned.json["problems"] == []
    assert imported.code == 0
    assert "42 unchanged" in imported.err
    assert exported.with_name("boxes.result.xlsx").exists()


def test_a_json_export_can_be_imported_elsewhere_and_compared(
    bulkvm: Bulkvm, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulkvm("export", "boxes.csv")
    with running(create_app()) as new:
        monkeypatch.setenv("BULKVM_URL", new.url)
        moved = bulkvm("import", exported, "--yes", "--json")

        assert moved.json["counts"]["created"] == 42
        assert bulkvm("diff", exported).code == 0
        assert bulkvm("diff", exported, "boxes.csv").code == 0


def test_a_simulator_begins_with_it(bulkvm: Bulkvm, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(create_app(seed=exported)) as seeded:
        monkeypatch.setenv("BULKVM_URL", seeded.url)
        monkeypatch.setenv("BULKVM_TOKEN", SimulatorSettings().token)

        assert bulkvm("diff", exported).code == 0


def test_problems_of_a_json_file_are_marked_in_a_workbook(bulkvm: Bulkvm, exported: Path) -> None:
    boxes = json.loads(exported.read_text("utf-8"))
    boxes[0] |= {"pin": "111222", "id": None}  # with its id, the box may have it from a time of other rules
    exported.write_text(json.dumps(boxes), "utf-8")

    checked = bulkvm("validate", exported, "--annotate", "copy.xlsx", "--json")
    refused = bulkvm("import", exported, "--yes")

    assert (checked.code, refused.code) == (3, 3)
    assert [(p["row"], p["cell"]) for p in checked.json["problems"] if p["severity"] == "error"] == [(2, "C2")]
    cell = load_workbook("copy.xlsx")["Boxes"]["C2"]
    assert cell.value == "111222"
    assert cell.comment is not None
    assert "111222" not in checked.err + checked.out + refused.err


@pytest.mark.parametrize("command", ["validate", "plan", "diff"])
def test_a_damaged_json_file_is_exit_code_3_with_one_line(bulkvm: Bulkvm, exported: Path, command: str) -> None:
    exported.write_text(exported.read_text("utf-8")[:-20], "utf-8")

    ended = bulkvm(command, exported, "--quiet")

    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("boxes.json cannot be read as JSON: it is damaged or cut off, at line ")
    assert len(ended.err.splitlines()) == 1
