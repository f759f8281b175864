"""Sheets whose headings are mapped, through every command that reads one."""

import csv
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from tests.cli.program import Bulkvm

MAPPED = [
    "--map", "Platz=extension_number", "--map", "Vorname=name", "--map", "Nachname=name", "--map", "Key=pin",
    "--map", "Mail 1=recipients", "--map", "Mail 2=recipients", "--map", "Language=",
]  # fmt: skip
HEADINGS = ["Nachname", "Platz", "Vorname", "Key", "Mail 1", "Mail 2", "Language"]
ROWS = [
    ["Bell", "6201", "Anna", "402817", "a@example.com", "b@example.com", "no tag"],
    ["Lab", "6202", "", "918264", "", "lab@example.com", ""],
]
BAD = ["Cruz" * 10, "6203", "Inés" * 10, "574839", "c.example.com", "c@example.com", "x"]


def written(folder: Path, name: str, *rows: list[str]) -> Path:
    path = folder / name
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([HEADINGS, *rows])
    else:
        book = Workbook()
        for row in [HEADINGS, *rows]:
            book.worksheets[0].append(row)
        book.save(path)
    return path


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
@pytest.mark.parametrize("result", ["r.csv", "r.xlsx"])
def test_the_result_of_a_mapped_sheet_can_be_imported(bulkvm: Bulkvm, folder: Path, name: str, result: str) -> None:
    sheet = written(folder, name, *ROWS, BAD)

    first = bulkvm("import", sheet.name, "--yes", "--skip-invalid", *MAPPED, "--result", result, "--json")
    again = bulkvm("import", result, "--yes", "--skip-invalid", *MAPPED, "--json")
    rest = bulkvm("validate", result, "--only-failed", *MAPPED, "--json")

    assert (first.json["counts"]["created"], first.json["counts"]["invalid"]) == (2, 1)
    assert (again.json["counts"]["unchanged"], again.json["counts"]["invalid"]) == (2, 1)
    assert rest.json["rows"] == 1
    exported = bulkvm("export", "-", "--format", "json").json
    assert [(box["name"], box["recipients"]) for box in exported] == [
        ("Anna Bell", "a@example.com,b@example.com"),
        ("Lab", "lab@example.com"),
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_an_annotated_copy_marks_every_joined_cell(bulkvm: Bulkvm, folder: Path, name: str) -> None:
    sheet = written(folder, name, *ROWS, BAD)

    bulkvm("validate", sheet.name, *MAPPED, "--annotate", "copy.xlsx")

    worksheet = load_workbook(folder / "copy.xlsx").worksheets[1]
    notes = {
        cell.coordinate: cell.comment.text for row in worksheet.iter_rows() for cell in row if cell.comment is not None
    }
    assert {cell: "64" in note for cell, note in notes.items()} == {"A4": True, "C4": True, "E4": False}


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("clean", ["clean.csv", "clean.xlsx"])
def test_the_clean_copy_has_standard_headings_and_needs_no_map(bulkvm: Bulkvm, folder: Path, clean: str) -> None:
    sheet = written(folder, "a.xlsx", *ROWS)

    assert bulkvm("validate", sheet.name, *MAPPED, "--clean", clean).code == 0

    assert bulkvm("import", clean, "--yes", "--json").json["counts"]["created"] == 2
    assert bulkvm("import", sheet.name, "--yes", *MAPPED, "--json").json["counts"]["unchanged"] == 2


def test_the_clean_copy_has_the_joined_text_of_an_invalid_row(bulkvm: Bulkvm, folder: Path) -> None:
    sheet = written(folder, "a.csv", BAD)

    bulkvm("validate", sheet.name, *MAPPED, "--clean", "clean.csv")

    with (folder / "clean.csv").open(encoding="utf-8-sig", newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert row["name"] == f"{'Inés' * 10} {'Cruz' * 10}"
    assert row["recipients"] == "c.example.com, c@example.com"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["Code=secret"], '"Heading=" to ignore the column'),
        (["=pin"], "does not name a column"),
        (["Code"], "does not name a column"),
        (["Code=pin", "code=name"], '"code" is mapped twice'),
        (["Code=pin", "CODE="], '"CODE" is mapped twice'),
    ],
)
@pytest.mark.usefixtures("folder")
def test_an_option_that_cannot_be_meant_is_refused(bulkvm: Bulkvm, options: list[str], words: str) -> None:
    ended = bulkvm("validate", "a.csv", *(part for option in options for part in ("--map", option)))

    assert ended.code == 2
    assert words in " ".join(ended.err.split())
