"""Sheets whose headings are mapped, through every command that reads one."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from tests.cli.program import Bulkvm
from tests.cli.sheet_files import write_csv

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


BOXES = (("6101", "Ann Lee", "482913", "ann@example.com"), ("6102", "Bob Ray", "580246", "bob@example.com"))
# Headings of exports that bulkvm does not know, with the number, name, PIN and address in this order; "-" is a value
# that is nothing of these.
UNKNOWN_EXPORTS = {
    "Grandstream Cloud": ("User ID|-", "SIP Extension Number|0", "Display Name|1", "Voicemail Pwd|2", "Mail|3"),
    "Mitel": ("Prime DN|0", "User Name|1", "Voice Mail Passcode|2", "Email|3", "COS|-"),
    "Avaya": ("Station|0", "Subscriber Name|1", "Cor|-", "Mailbox Password|2", "Mail Contact|3"),
    "Alcatel": ("Directory number|0", "Directory Name|1", "VM password|2", "Mail|3"),
    "NEC": ("Tel No.|0", "Subscriber|1", "Class|-", "VM PIN|2", "Contact address|3"),
    "VitalPBX": ("class|-", "device|0", "display|1", "vm_secret|2", "mailaddr|3"),
    "German": ("Nst|0", "Teilnehmer|1", "Mailbox PIN|2", "Mailadresse|3"),
    "PBXware": ("Department|-", "Ext|0", "User|1", "Mailbox Secret|2", "Mail to|3"),
}


@pytest.mark.parametrize("export", UNKNOWN_EXPORTS.values(), ids=UNKNOWN_EXPORTS)
def test_the_advice_about_an_unknown_export_names_its_headings_and_leads_to_its_boxes(
    bulkvm: Bulkvm, folder: Path, export: Sequence[str]
) -> None:
    headings, places = zip(*(heading.split("|") for heading in export), strict=True)
    rows = [tuple("Sales" if place == "-" else box[int(place)] for place in places) for box in BOXES]
    sheet = write_csv(folder / "a.csv", *rows, headings=headings)
    options: list[str] = []

    for _ in range(3):
        text = bulkvm("validate", sheet, *options, "--clean", folder / "clean.csv", "--overwrite").text
        advised = [("--map", found) for found in re.findall(r'--map "([^"]+)"', text)]
        options += [word for option in advised for word in option]

    assert "Add the column" not in text.replace("Add the column to turn e-mail on", "")
    with (folder / "clean.csv").open(encoding="utf-8-sig", newline="") as opened:
        read = [
            tuple(row[header] for header in ("extension_number", "name", "pin", "recipients"))
            for row in csv.DictReader(opened)
        ]
    assert read == [*BOXES]


def test_the_advice_about_an_unknown_export_never_names_the_secret_of_a_phone(bulkvm: Bulkvm, folder: Path) -> None:
    rows = [(number, name, secret, address) for number, name, secret, address in BOXES]
    for heading in ("SIP Password", "Secret", "Security Code", "User Password", "Phone PIN", "Phone Number"):
        sheet = write_csv(folder / "a.csv", *rows, headings=("Station", "Subscriber", heading, "Contact address"))

        text = bulkvm("validate", sheet).text

        assert '--map "Station=extension_number" --map "Subscriber=name" --map "Contact address=recipients"' in text
        assert "=pin" not in text
