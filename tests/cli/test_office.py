"""What is exported, opened in a spreadsheet, saved and imported again."""

from pathlib import Path

import pytest

from tests.cli.program import SAMPLES, Bulkvm
from tests.office import NEEDS_OFFICE, convert, save_as

HEADER = "extension_number,name,pin,prompt,enable_pin,enable_email_notify,recipients,play_datetime\n"
# Nothing of it looks like another number once a spreadsheet has read it as one.
PLAIN = (
    '6201,"Müller & Söhne, ""Nord""",402817,de-DE,yes,yes,"anna@example.com,ben@example.com",24_HOUR_CLOCK\n'
    "6202,'=1+1,5739180642,,no,no,,DISABLE\n"
    "6203,1,357913,en-US,yes,no,,12_HOUR_CLOCK\n"
)
ZEROS = PLAIN + "0101,-,024680,,yes,no,,\n0102,1E5,0246802,,yes,no,,\n0103,2026-03-01,013579,,yes,no,,\n"

CALCULATED = {
    "A16",
    "B2",
    "B18",
    "A71",
    "C79",
}  # formulas that LibreOffice calculates, and a name that one of them gives

pytestmark = [NEEDS_OFFICE, pytest.mark.usefixtures("pbx")]


def fill(bulkvm: Bulkvm, folder: Path, boxes: str) -> None:
    (folder / "boxes.csv").write_text(HEADER + boxes, encoding="utf-8")
    assert bulkvm("import", "boxes.csv", "--yes", "--max-changes", "100%").code == 0


@pytest.mark.parametrize("language", ["en-US", "de-DE"])
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_an_export_that_libreoffice_saved_changes_nothing(
    bulkvm: Bulkvm, folder: Path, suffix: str, language: str
) -> None:
    fill(bulkvm, folder, ZEROS)
    bulkvm("export", f"all.{suffix}")

    saved = save_as(folder / f"all.{suffix}", suffix, folder / "saved", language=language, as_text=suffix == "csv")

    assert bulkvm("import", saved, "--yes", "--json").json["counts"]["unchanged"] == 6


def test_an_exported_csv_file_that_was_just_opened_and_saved_changes_nothing_or_shows_its_damage(
    bulkvm: Bulkvm, folder: Path
) -> None:
    fill(bulkvm, folder, PLAIN)
    bulkvm("export", "all.csv")
    unharmed = save_as(folder / "all.csv", "csv", folder / "saved", as_text=False)
    assert bulkvm("import", unharmed, "--yes", "--json").json["counts"]["unchanged"] == 3
    fill(bulkvm, folder, ZEROS)
    bulkvm("export", "zeros.csv")

    harmed = bulkvm("import", save_as(folder / "zeros.csv", "csv", folder / "saved"), "--yes", "--json")

    assert harmed.code == 3
    found = {(problem["cell"], problem["code"]) for problem in harmed.json["problems"]}
    assert found >= {("C2", "pin-lost-zero"), ("C4", "pin-lost-zero"), ("A2", "extension-lost-zero")}


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_result_that_libreoffice_saved_can_be_imported_again(bulkvm: Bulkvm, folder: Path, suffix: str) -> None:
    (folder / "boxes.csv").write_text(HEADER + ZEROS, encoding="utf-8")
    bulkvm("import", "boxes.csv", "--yes", "--result", f"r.{suffix}")

    saved = save_as(folder / f"r.{suffix}", suffix, folder / "saved", as_text=suffix == "csv")

    assert bulkvm("import", saved, "--yes", "--json").json["counts"]["unchanged"] == 6


def test_other_workbooks_that_libreoffice_saved_are_read_as_before(bulkvm: Bulkvm, folder: Path) -> None:
    mistakes = SAMPLES / "mistakes.xlsx"
    bulkvm("template", "template.xlsx")
    bulkvm("validate", mistakes, "--annotate", "annotated.xlsx", "--clean", "clean.xlsx")
    bulkvm("import", mistakes, "--yes", "--skip-invalid", "--result", "result.xlsx")
    names = [Path(f"{name}.xlsx") for name in ("template", "annotated", "clean", "result")]

    convert(names, "xlsx", folder / "saved")

    for name in names:
        before, after = (bulkvm("validate", file, "--json").json for file in (name, "saved" / name))
        assert before["rows"] == after["rows"]
        problems = [
            {(p["cell"], p["code"]) for p in of["problems"] if p["cell"] not in CALCULATED} for of in (before, after)
        ]
        assert problems[0] == problems[1] != set()
