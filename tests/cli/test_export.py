"""`bulkvm export` passes on to the PBX which boxes are wanted, and in which order."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from tests.backup.backups import pbx_with
from tests.cli.program import SAMPLES, Bulkvm


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    """A PBX with 50 boxes, 20 on a page, named =Box 101 and so on."""
    return pbx_with(tmp_path, 50)


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], range(101, 151)),
        (["--orderby", "name desc"], range(150, 100, -1)),
        (["--orderby", "extension_number desc"], range(150, 100, -1)),
        (["--filter", "extension_number gt '0145'", "--orderby", "name desc"], range(150, 145, -1)),
        (["--search", "Box 14"], range(140, 150)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_boxes_asked_for_come_in_the_order_asked_for(bulkvm: Bulkvm, options: list[str], numbers: range) -> None:
    ended = bulkvm("export", "-", "--format", "json", *options)

    assert ended.code == 0
    assert [int(box["extension_number"]) for box in json.loads(ended.out)] == list(numbers)


@pytest.mark.usefixtures("pbx")
def test_an_order_that_the_pbx_refuses_writes_nothing(bulkvm: Bulkvm, folder: Path) -> None:
    ended = bulkvm("export", "boxes.csv", "--orderby", "colour")

    assert ended.code == 2
    assert "The PBX said:" in ended.err
    assert not (folder / "boxes.csv").exists()


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("name", ["boxes.csv", "boxes.xlsx", "boxes.json", "BOXES.CSV"])
@pytest.mark.parametrize("options", [[], ["--without-pins"], ["--no-bom"]], ids=" ".join)
def test_an_export_that_is_imported_changes_nothing(bulkvm: Bulkvm, name: str, options: list[str]) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv")
    assert bulkvm("export", name, *options).code == 0

    planned = bulkvm("plan", name, "--json", "--exit-code")

    assert planned.code == 0
    assert planned.json["counts"] == {"create": 0, "update": 0, "unchanged": 90}
    has_mark = name.lower() == "boxes.csv" and "--no-bom" not in options
    assert Path(name).read_bytes().startswith(b"\xef\xbb\xbf") is has_mark


def save_with_openpyxl(workbook: Path) -> Path:
    load_workbook(workbook).save(workbook)
    return workbook


def save_with_libreoffice(workbook: Path) -> Path:
    if not (office := shutil.which("soffice")):
        pytest.skip("LibreOffice is not installed")
    profile = f"-env:UserInstallation={(workbook.parent / 'profile').as_uri()}"
    saved = workbook.parent / "saved"
    command = (office, profile, "--headless", "--convert-to", "xlsx", "--outdir", saved, workbook)
    subprocess.run(command, check=True, capture_output=True)
    return saved / workbook.name


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("save", [save_with_openpyxl, save_with_libreoffice])
def test_a_workbook_that_was_opened_and_saved_still_changes_nothing(
    bulkvm: Bulkvm, folder: Path, save: Callable[[Path], Path]
) -> None:
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv")
    bulkvm("export", "boxes.xlsx")

    saved = save(folder / "boxes.xlsx")

    assert bulkvm("plan", saved, "--json").json["counts"] == {"create": 0, "update": 0, "unchanged": 90}
    assert bulkvm("diff", saved).code == 0
