"""Exports of other phone systems through the commands that read a sheet."""

import csv
import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from bulkvm.columns import COLUMNS
from tests.cli.program import Bulkvm, stored
from tests.readers.exports import FREEPBX, GRANDSTREAM, ISSABEL, SECRETS, SWITCHVOX, THREE_CX, VOICEMAIL_CONF, Export
from tests.readers.files import write_workbook

FOUR = ("--pin-length", "4-10")
PINS = {",3690,": ",369014,", ",0582,": ",058246,", ",-7004,": ",-700491,"}
OURS = [column.title for column in COLUMNS]


def with_long_pins(export: Export) -> Export:
    """The export with PINs that the PBX accepts."""
    text = export.text
    for old, new in PINS.items():
        text = text.replace(old, new)
    return replace(export, text=text)


def written(folder: Path, export: Export, suffix: str) -> Path:
    if suffix == ".xlsx":
        return write_workbook(folder / "export.xlsx", *csv.reader(io.StringIO(export.text)))
    return export.write(folder)


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of all files below a folder, and of what is packed in them."""
    for path in folder.rglob("*"):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())
        elif path.is_file():
            yield path.name, path.read_bytes()


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize(
    ("export", "suffix"),
    [
        (FREEPBX, ".csv"),
        (FREEPBX, ".xlsx"),
        (ISSABEL, ".csv"),
        (THREE_CX, ".xlsx"),
        (GRANDSTREAM, ".xlsx"),
        (VOICEMAIL_CONF, ".conf"),
    ],
    ids=lambda value: value.system if isinstance(value, Export) else value,
)
def test_no_secret_of_an_export_is_in_any_output(
    bulkvm: Bulkvm, folder: Path, tmp_path: Path, export: Export, suffix: str
) -> None:
    file = written(tmp_path, export, suffix)
    read = (file, "--from", export.system, *FOUR)
    sent = (file, "--from", export.system, "--replace-pins", "--generate-pins", "--skip-invalid", "--yes")

    ended = [
        bulkvm("validate", file),
        bulkvm("validate", *read, "--annotate", "a.xlsx", "--clean", "c.xlsx"),
        bulkvm("validate", *read, "--clean", "c.csv", "--json", "--debug"),
        bulkvm("plan", *read, "--json", "--debug", "-v"),
        bulkvm("import", *sent, "--result", "r.csv", "--debug", "-v"),
        bulkvm("import", *sent, "--result", "r.xlsx", "--json"),
        bulkvm("runs", "last", "--result", "again.xlsx"),
        bulkvm("diff", file, "--from", export.system, "--output", "d.xlsx"),
    ]

    file.unlink()
    assert [name for name, data in contents(tmp_path) if any(secret.encode() in data for secret in SECRETS)] == []
    assert [end for end in ended if any(secret in end.out + end.err for secret in SECRETS)] == []
    assert {path.name for path in folder.iterdir()} == {
        "a.xlsx", "c.xlsx", "c.csv", "r.csv", "r.xlsx", "again.xlsx", "d.xlsx",
    }  # fmt: skip


def test_a_row_whose_values_are_shifted_shows_no_secret(bulkvm: Bulkvm, folder: Path) -> None:
    shifted = FREEPBX.text.replace("7001,,Reception,", "7001,,Front, Reception,,,,,,,,,", 1)
    (folder / "export.csv").write_text(shifted.replace("envelope=no", "envelope=no,a,b,c,d,e,f,g", 1))

    ended = bulkvm("validate", "export.csv", "--from", "freepbx", "--clean", "c.csv", "--annotate", "a.xlsx", *FOUR)
    (folder / "export.csv").unlink()

    assert "surplus-values" in ended.out
    assert "sip-Secret" not in ended.out + ended.err
    assert [name for name, data in contents(folder) if b"sip-Secret" in data] == []


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_result_of_an_export_has_our_columns_alone_and_can_be_imported(
    bulkvm: Bulkvm, folder: Path, pbx: Starlette, suffix: str
) -> None:
    file = written(folder, with_long_pins(FREEPBX), suffix)

    first = bulkvm("import", file, "--from", "freepbx", "--yes", "--result", "r.xlsx", "--json")
    again = bulkvm("import", "r.xlsx", "--yes", "--json")
    export_again = bulkvm("import", file, "--from", "freepbx", "--yes", "--json")

    assert {n: count for n, count in first.json["counts"].items() if count} == {"created": 3, "left out": 4}
    assert {n: count for n, count in again.json["counts"].items() if count} == {"unchanged": 3, "left out": 4}
    assert {n: count for n, count in export_again.json["counts"].items() if count} == {"unchanged": 3, "left out": 4}
    assert stored(pbx, "name", "pin", "recipients") == {
        "7001": ("Reception", "369014", "front@example.com"),
        "7002": ("Zoë Bär", "058246", "zoe@example.com,night@example.com"),
        "7004": ("Store", "700491", None),
    }
    rows = list(load_workbook("r.xlsx").worksheets[1].iter_rows(values_only=True))
    assert list(rows[0][: len(OURS)]) == OURS
    assert [(row[0], row[2], row[len(OURS)]) for row in rows[1:]] == [
        ("7001", "369014", "created"), ("7002", "058246", "created"), ("7003", None, "left out"),
        ("7004", "700491", "created"), ("7005", None, "left out"), ("7006", None, "left out"), (None, None, "left out"),
    ]  # fmt: skip


def test_a_map_that_takes_the_numbers_away_is_named(bulkvm: Bulkvm, folder: Path) -> None:
    file = FREEPBX.write(folder)

    text = bulkvm("validate", file, "--from", "freepbx", "--map", "extension=name").text

    assert "Or omit the --map that changes the column of the numbers. [column-missing]" in text
    assert "enable_email_notify" not in text


@pytest.mark.usefixtures("pbx")
def test_the_advice_about_an_export_that_does_not_show_whether_e_mail_is_sent_turns_it_on(
    bulkvm: Bulkvm, folder: Path
) -> None:
    file = SWITCHVOX.write(folder)

    text = bulkvm("validate", file, "--from", "switchvox", *FOUR, "--clean", "boxes.csv").text
    copy = (folder / "boxes.csv").read_text(encoding="utf-8-sig")
    (folder / "boxes.csv").write_text(copy.replace(",,front@", ",yes,front@"), encoding="utf-8")
    ended = bulkvm("import", "boxes.csv", "--replace-pins", "--yes", "--json").json

    assert "write a copy with `validate --clean`, and fill in its column. [recipients-unused]" in text
    assert "Add the column" not in text
    assert [row["status"] for row in ended["rows"]] == ["created", "created"]
    assert "yes,front@" in bulkvm("export", "-").out


def test_a_paragraph_and_the_document_name_what_was_read(bulkvm: Bulkvm, folder: Path) -> None:
    file = written(folder, FREEPBX, ".csv")

    shown = bulkvm("validate", file, "--from", "freepbx", *FOUR)
    document = bulkvm("validate", file, "--from", "freepbx", *FOUR, "--json").json
    other = bulkvm("validate", "../samples/clinic.csv", "--json").json

    assert shown.err == (
        "Read as a FreePBX export: number <- extension, name <- name, PIN <- voicemail_vmpwd, notify by e-mail <- "
        "voicemail_email, recipients <- voicemail_email, announce date and time <- voicemail_options; never read: "
        "secret, password; 3 of 7 rows left out: voicemail is off there; 1 of 7 rows left out: it is a mailbox without "
        "an extension, whose number only voicemail.conf has.\n"
    )
    assert document["read_as"] == {
        "system": "freepbx",
        "columns": {
            "extension_number": ["extension"],
            "name": ["name"],
            "pin": ["voicemail_vmpwd"],
            "enable_email_notify": ["voicemail_email"],
            "recipients": ["voicemail_email"],
            "play_datetime": ["voicemail_options"],
        },
        "never_read": ["secret", "password"],
        "left_out": {
            "Voicemail is off there.": 3,
            "It is a mailbox without an extension, whose number only voicemail.conf has.": 1,
        },
    }
    assert other["read_as"] is None


def test_problems_name_the_cells_of_the_export_and_its_copy_marks_our_columns(bulkvm: Bulkvm, folder: Path) -> None:
    file = written(folder, FREEPBX, ".xlsx")

    ended = bulkvm("validate", file, "--from", "freepbx", "--annotate", "a.xlsx")

    assert "K2 (PIN): The PIN has 4 digits" in ended.out
    sheet = load_workbook("a.xlsx").worksheets[1]
    assert [cell.value for cell in sheet[1]] == [*OURS, "bulkvm_status", "bulkvm_message"]
    noted = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment and "4 digits" in cell.comment.text
    }
    assert noted == {"C2", "C3", "C5"}


def test_a_copy_marks_the_heading_of_our_column_that_two_of_theirs_are_mapped_to(bulkvm: Bulkvm, folder: Path) -> None:
    file = written(folder, FREEPBX, ".xlsx")
    maps = ("--map", "voicemail_vmpwd=pin", "--map", "id=pin")

    ended = bulkvm("validate", file, "--from", "freepbx", *maps, "--annotate", "a.xlsx")

    assert "column-twice" in ended.out
    sheet = load_workbook("a.xlsx").worksheets[1]
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment} == {"C1"}


@pytest.mark.usefixtures("pbx")
def test_an_export_is_compared_with_the_boxes_that_were_made_of_it(bulkvm: Bulkvm, folder: Path) -> None:
    file = written(folder, with_long_pins(FREEPBX), ".csv")
    bulkvm("import", file, "--from", "freepbx", "--yes", "--result", "r.xlsx")

    same = bulkvm("diff", file, "--from", "freepbx")
    refused = bulkvm("diff", "r.xlsx", file)
    sides = [(file,), (file, "r.xlsx"), ("r.xlsx", file), (file, file)]
    documents = [bulkvm("diff", *files, "--from", "freepbx", "--json").json for files in sides]
    neither = bulkvm("diff", "r.xlsx", "r.xlsx", "--from", "freepbx")
    damaged = bulkvm("diff", shutil.copy(file, "damaged.csv"), file, "--from", "3cx")

    assert [document["read_as"]["system"] for document in documents] == ["freepbx"] * 4
    assert [document["counts"]["unchanged"] for document in documents] == [3] * 4
    assert (same.code, same.out) == (0, "")
    assert "3 boxes in both" in same.err
    assert (refused.code, neither.code, damaged.code) == (3, 3, 3)
    assert "--from freepbx" in refused.err
    assert "r.xlsx is not a FreePBX export" in neither.err
    assert "damaged.csv is not a 3CX export" in damaged.err


def test_the_case_of_a_system_does_not_matter(bulkvm: Bulkvm, folder: Path) -> None:
    file = with_long_pins(FREEPBX).write(folder)

    assert bulkvm("validate", file, "--from", "FreePBX").code == bulkvm("validate", file, "--from", "freepbx").code == 0
