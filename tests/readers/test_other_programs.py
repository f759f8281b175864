"""Sheets as other programs write them; `programs/make.py` shows which, and how they were made."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.errors import SheetError
from bulkvm.model.sheet import CellKind
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.office import NEEDS_OFFICE, save_as
from tests.readers.files import codes, texts
from tests.readers.programs.make import make_practice

PROGRAMS = Path(__file__).parent / "programs"

PRACTICE = [
    ["0101", "Müller & Söhne", "024680", "yes", "de-DE", "anna@example.com; Ben <ben@example.com>", ""],
    ["6202", "Labor 2", "402817", "no", "", "", "new"],
    ["6203", "Ward", "a date", "ja", "", "", ""],
    ["6204", "Sales", "a percentage", "nein", "", "", ""],
    ["6205", "Hidden", "135790", "yes", "", "", ""],
    ["6206", "Joined", "246802", "yes", "", "", ""],
    ["6207", "", "357913", "no", "", "", ""],
    ["6208", "Phone", "a number", "yes", "", "", ""],
    ["6209", "Broken", "#DIV/0!", "yes", "", "", ""],
    ["62101234567890100", "Long", "24680", "yes", "", "", ""],
    ["6212", "Naïve – “quoted” €", "a time", "yes", "", "", ""],
]
OF_WORKBOOK = ("01/03/2026", "50%", "1357913579", "09:30")
OF_GERMAN_CSV = ("01.03.2026", "50\u00a0%", "1,36E+09", "09:30")
OF_US_CSV = ("01.03.2026", "50%", "1.36E+09", "09:30")

# What no CSV file can show: that a number was too long for Excel, what is hidden and what is merged.
OF_CSV = [
    (None, "column-no-heading"),
    (None, "recipients-unused"),
    (5, "pin-not-digits"),
    (6, "pin-not-digits"),
    (10, "excel-scientific"),
    (11, "excel-error"),
    (12, "pin-lost-zero"),
    (14, "pin-not-digits"),
]


def practice(shown: Sequence[str], words: tuple[str, str] = ("TRUE", "FALSE")) -> list[list[str]]:
    """The practice's rows, with what is shown of a date, a percentage, a number and a time."""
    reported = dict(zip(("a date", "a percentage", "a number", "a time"), shown, strict=True))
    rows = [[reported.get(text, text) for text in row] for row in PRACTICE]
    typed = {6205, 6206}
    for row in rows:
        if int(row[0]) not in typed and row[3] in {"yes", "no"} and row[0] != "6207":
            row[3] = words[row[3] == "no"]
    return rows


@pytest.mark.parametrize(
    ("name", "rows", "found"),
    [
        pytest.param("german", practice(OF_GERMAN_CSV, ("WAHR", "FALSCH")), [(None, "encoding"), *OF_CSV], id="german"),
        pytest.param("us", practice(OF_US_CSV), OF_CSV, id="us"),
        pytest.param("utf16", practice(OF_US_CSV), OF_CSV, id="utf-16"),
    ],
)
def test_a_csv_file_of_libreoffice_is_read(
    name: str, rows: list[list[str]], found: list[tuple[int | None, str]]
) -> None:
    sheet = read_sheet(PROGRAMS / f"libreoffice-{name}.csv")

    checked = validate(sheet)

    assert texts(sheet) == rows
    assert [(p.row, p.code) for p in checked.problems] == found
    assert [record.enable_pin for record in checked.understood[:4]] == [True, False, True, False]


def check_workbook_of_libreoffice(file: Path) -> None:
    sheet = read_sheet(file)

    assert texts(sheet) == practice(OF_WORKBOOK)
    kinds = {f"{letter}{row}": kind for letter, by_row in sheet.kinds.items() for row, kind in by_row.items()}
    assert {cell: kinds[cell] for cell in ("A3", "B4", "C4", "C5", "C6", "B8", "B9", "C11", "A12", "C14")} == {
        "A3": CellKind.PADDED,
        "B4": CellKind.FORMULA,
        "C4": CellKind.NUMBER,
        "C5": CellKind.DATE,
        "C6": CellKind.PERCENTAGE,
        "B8": CellKind.MERGED,
        "B9": CellKind.MERGED,
        "C11": CellKind.EXCEL_ERROR,
        "A12": CellKind.LONG_NUMBER,
        "C14": CellKind.TIME,
    }
    assert codes(sheet) == [
        (None, "column-no-heading"),
        (None, "hidden-rows"),
        (8, "merged-cells"),
        (9, "merged-cells"),
    ]
    errors = {p.cell: p.code for p in validate(sheet).problems if p.is_error}
    assert errors == {
        "C5": "excel-date",
        "C6": "excel-percentage",
        "B8": "merged-cells",
        "B9": "merged-cells",
        "C10": "excel-format",
        "C11": "excel-error",
        "A12": "excel-long-number",
        "C12": "pin-lost-zero",
        "C14": "excel-time",
    }


def test_a_workbook_of_libreoffice_is_read() -> None:
    check_workbook_of_libreoffice(PROGRAMS / "libreoffice.xlsx")


@NEEDS_OFFICE
def test_a_workbook_of_the_libreoffice_that_is_installed_is_read(tmp_path: Path) -> None:
    made = make_practice(tmp_path / "practice.xlsx")

    check_workbook_of_libreoffice(save_as(made, "xlsx", tmp_path / "saved", language="de-DE"))


@pytest.mark.parametrize(("kind", "words"), [("xls", "an old Excel file"), ("ods", "an OpenDocument file")])
def test_old_and_other_workbooks_are_refused_with_how_to_save_them(kind: str, words: str) -> None:
    with pytest.raises(SheetError, match=rf"{words}.*save it as \.xlsx"):
        read_sheet(PROGRAMS / f"libreoffice.{kind}")


def test_a_csv_file_that_went_through_a_spreadsheet_twice_shows_all_its_damage() -> None:
    sheet = read_sheet(PROGRAMS / "twice.csv")

    assert texts(sheet)[0] == ["101", "Front Desk", "24680", "desk@example.com"]
    assert [(p.cell, p.code) for p in validate(sheet).problems] == [
        (None, "recipients-unused"),
        ("A2", "extension-lost-zero"),
        ("C2", "pin-lost-zero"),
        ("B3", "name-encoding"),
        ("B5", "name-placeholder"),
        ("A6", "excel-scientific"),
    ]


@pytest.mark.parametrize(
    ("name", "headings", "rows", "found"),
    [
        pytest.param(
            "xlsxwriter.xlsx",
            {"B": "extension_number", "C": "name", "D": "pin"},
            [["0101", "Front Desk", "024680"], ["6202", "Lab", "402817"], ["6203", "Night Ward", "135790"]],
            [],
            id="xlsxwriter",
        ),
        pytest.param(
            "pandas.xlsx",
            {"B": "extension_number", "C": "name", "D": "pin", "E": "enable_email_notify", "F": "recipients"},
            [
                ["0", "6201", "Front Desk", "402817", "TRUE", "desk@example.com"],
                ["1", "6202", "Büro", "", "FALSE", ""],
                ["2", "6203", "", "135790", "TRUE", "ward@example.com"],
            ],
            [(None, "column-no-heading")],
            id="pandas",
        ),
        pytest.param(
            "pandas.csv",
            {"A": "extension_number", "B": "name", "C": "pin", "D": "enable_email_notify", "E": "recipients"},
            [
                ["6201", "Front Desk", "402817.0", "True", "desk@example.com"],
                ["6202", "Büro", "", "False", ""],
                ["6203", "", "135790.0", "True", "ward@example.com"],
            ],
            [(2, "pin-not-digits"), (4, "pin-not-digits")],
            id="pandas csv",
        ),
    ],
)
def test_files_that_scripts_write_are_read(
    name: str, headings: Mapping[str, str], rows: list[list[str]], found: list[tuple[int | None, str]]
) -> None:
    sheet = read_sheet(PROGRAMS / name)

    assert {letter: column.header for letter, column in sheet_columns(sheet).items()} == headings
    assert texts(sheet) == rows
    assert [(p.row, p.code) for p in validate(sheet).problems] == found
