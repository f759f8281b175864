"""What number formats show, and what is taken of it; where LibreOffice is installed, compared with what it shows."""

import csv
import re
from pathlib import Path
from typing import Final

import pytest
import xlsxwriter

from bulkvm.model.problem import Severity
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.office import NEEDS_OFFICE, save_as
from tests.readers.files import HEADINGS, write_workbook

# The CSV filter of LibreOffice, set to write each cell as it is shown.
_AS_SHOWN: Final = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"

# Decimals of a whole number are no digits of its own.
_ZERO_DECIMALS: Final = re.compile(r"[.]0+$")

_CODES: Final = [
    "General", "@", "0", "#", "####", "0000", "0#####", "0######", "0###", "0???", "????", "?000", "??00", "#0#", "0?0",
    '0#" "##" "##" "##" "##', "00,000", "0,000", "#,##0", "#,###", "00,00", "0000.", "0000.00", "0.00", "0.0#", "#.#",
    "0000.#", ".00", "00^000", "000\u00a0000", "€0000", "=0000", "<000>", "&000", "'000", "{000}", "~000", "0000!",
    "0,", "0,,", "#,", "0.0,", ";;;", ";", "0;;", "0000;;", "0000;", ";0000", '"on"', '"No";"No";"Yes"', '"1001"',
    '"Dr. "@', '@"9"', "@@", "0;-0;;@", '0;0;0;"text"', "0;0;0;", '[<1000]"0"000;0000', "[>100]0000", "[=0]000;0000",
    "[<=9999999]000-0000;(000) 000-0000", '[>100]0000;[<50]00;"x"', '[>=1000]"1"0000;[<10]0', '[=0]"none";0000',
    "[Red]", "[Red]0000", "[Red]0000;[Blue]-0000", '0" boxes"', '"0"General', 'General" x"', "\\0000", '0"."000',
    '0.0"0"', "##-##", "00_-00", "_-* #,##0_-", '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', "*00", "0.00E+00",
    "##0.0E+0", "# ?/?", "0/0", "1000", "0 0", "[$€-407] 0000", "[$0-409]000", "0000;@", "000;(000)", '0000;"neg"',
    '"Ext; "0000', "e", "ggge", "yyyy", "b", "d", "h:mm", "[h]:mm", "[ss]", "mmm", "0%", "0000%", "[DBNum1]0",
]  # fmt: skip
_NUMBERS: Final = [
    0,
    5,
    62,
    101,
    999,
    1001,
    6201,
    35179,
    351791,
    4028170,
    12345678,
    1234567890,
    -101,
    -6201,
    1001.5,
    0.5,
]
_TEXTS: Final = ["1001", "Lee", "0101"]


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        pytest.param(1001, "0#####", "01001", id="number signs after a zero"),
        pytest.param(351791, "0######", "0351791", id="a zero in front of number signs is seen"),
        pytest.param(101, "0###", "0101", id="a place for each digit and one zero"),
        pytest.param(101, "0???", "0101", id="question marks after a zero"),
        pytest.param(140281700, '0#" "##" "##" "##" "##', "01 40 28 17 00", id="a French telephone number"),
        pytest.param(1001, "00,000", "01001", id="zeros with a mark for thousands"),
        pytest.param(101, "0000.", "0101", id="zeros with a point"),
        pytest.param(101, "0000.00", "0101", id="zeros with decimals"),
        pytest.param(1001, "00^000", "01^001", id="a sign without quotes"),
        pytest.param(1001, "000\u00a0000", "001\u00a0001", id="a no-break space"),
        pytest.param(101, "€0000", "€0101", id="a currency"),
        pytest.param(101, "=0000", "=0101", id="an equals sign"),
        pytest.param(101, '[<1000]"0"000;0000', "0101", id="a condition that holds"),
        pytest.param(6201, '[<1000]"0"000;0000', "6201", id="a condition that does not hold"),
        pytest.param(5, "[>100]0000;[<50]00;General", "05", id="the second condition"),
        pytest.param(1001, "##-##", "10-01", id="a sign between digits"),
        pytest.param(1001, "00_-00", "10 01", id="a gap as wide as a sign"),
        pytest.param(1001, '0"."000', "1.001", id="a point as text"),
        pytest.param("1001", '@"9"', "10019", id="a digit after a text"),
        pytest.param("Lee", '"Dr. "@', "Dr. Lee", id="a word before a text"),
        pytest.param("Lee", "@@", "LeeLee", id="a text twice"),
        pytest.param("Lee", "0;-0;0;@", "Lee", id="a section for texts that shows them"),
        pytest.param("Lee", "0000;;", "Lee", id="no section for texts"),
    ],
)
def test_a_cell_is_read_as_its_number_format_shows_it(tmp_path: Path, value: str | int, code: str, text: str) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, ["6201", value], formats={"B2": code})

    assert read_sheet(path).cells.loc[2, "B"] == text


@pytest.mark.parametrize(
    ("value", "code", "problem"),
    [
        pytest.param(1001000, "0,", "excel-format", id="thousands"),
        pytest.param(6201000000, "0,,", "excel-format", id="millions"),
        pytest.param(1001, ";;;", "cell-hidden", id="nothing is shown"),
        pytest.param("1001", ";;;", "cell-hidden", id="no text is shown"),
        pytest.param(1001, ";0000", "cell-hidden", id="nothing is shown of positive numbers"),
        pytest.param(0, "#", "cell-hidden", id="no zero is shown"),
        pytest.param(1001, '"on"', "excel-format", id="only a word"),
        pytest.param(1001, '"No";"No";"Yes"', "excel-format", id="yes or no"),
        pytest.param(1001, "0.00E+00", "excel-format", id="scientific notation"),
        pytest.param(1001, "0/0", "excel-format", id="a broken number"),
        pytest.param(1001, "*00", "excel-format", id="zeros that fill the cell"),
        pytest.param(1001, '0.0"0"', "excel-format", id="a digit after decimals"),
        pytest.param(1001, "[<50]0000", "excel-format", id="no condition holds"),
        pytest.param(-1001, "[<50]0000;0", "excel-format", id="a negative number and a condition"),
        pytest.param(1001, "[DBNum1]0", "excel-format", id="numerals of another script"),
        pytest.param(1001, "0;0;0;0;0", "excel-format", id="more sections than Excel has"),
        pytest.param(1001, "e", "excel-date", id="the year of an era"),
        pytest.param(1001, "ggge", "excel-date", id="an era with its year"),
        pytest.param(1001, "bbbb", "excel-date", id="a Buddhist year"),
        pytest.param(1001.5, "0000", "excel-fraction", id="a fraction that is not shown"),
        pytest.param(1001, "[$-F800]0000", "excel-format", id="digits in a date of the system"),
        pytest.param(1001, "[$-F800]", "excel-date", id="a date of the system"),
        pytest.param(1001, "[$-2000401]0000", "excel-format", id="digits of another script"),
        pytest.param(1001, "[$-D000409]@", "excel-format", id="digits of another script in a text format"),
        pytest.param(1001, "0000;[h]0", "excel-format", id="a duration with digits in another section"),
        pytest.param(1001, "0000;[h]General", "excel-format", id="a duration with a number in another section"),
        pytest.param(1001, "00000;0/", "excel-format", id="half a fraction in another section"),
        pytest.param(1001, "00000;0;0;[>0]@", "excel-format", id="a condition for texts"),
        pytest.param(1001, "00000;@;0", "excel-format", id="a text before a number"),
        pytest.param(1001, "0000* 0* ", "excel-format", id="two characters that fill the cell"),
        pytest.param(1001, "00000;*", "excel-format", id="nothing that fills the cell"),
        pytest.param("1001", "0;0;0;0", "excel-format", id="digits in the section for texts"),
        pytest.param("1001", "0;0;0;0;0", "excel-format", id="a text in more sections than Excel has"),
        pytest.param("1001", "0;0;0;@yy", "excel-format", id="a date in the section for texts"),
    ],
)
def test_digits_that_are_not_shown_as_they_are_stored_are_an_error(
    tmp_path: Path, value: str | float, code: str, problem: str
) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, [value, "Desk", "402817"], formats={"A2": code})

    checked = validate(read_sheet(path))

    assert [(found.cell, found.code) for found in checked.problems] == [("A2", problem)]
    assert not checked.records


@pytest.mark.parametrize(
    ("value", "code", "name"),
    [
        pytest.param(5, '"Reception"', "Reception", id="a word for a number"),
        pytest.param(0, '"No";"No";"Yes"', "Yes", id="a word for zero"),
        pytest.param(1001.5, "0000", "1001.5", id="a fraction"),
        pytest.param(1001.5, "0", "1001.5", id="a fraction in a format for whole numbers"),
        pytest.param(0.0000000000054, "General", "0.0000000000054", id="a fraction that is shown as 5.4E-12"),
        pytest.param("Lee", "0;0;0;0", "Lee", id="digits in the section for texts"),
        pytest.param(7, '"Room "0', "7", id="a word before a number"),
        pytest.param(7, '0" beds"', "7", id="a word after a number"),
        pytest.param(-7, "0;(0)", "-7", id="a number in brackets"),
    ],
)
def test_a_number_that_is_shown_as_words_is_read_with_a_warning_where_words_stand(
    tmp_path: Path, value: float, code: str, name: str
) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, ["6201", value, "402817"], formats={"B2": code})

    checked = validate(read_sheet(path))

    assert [record.name for record in checked.records] == [name]
    assert [(found.cell, found.severity) for found in checked.problems] == [("B2", Severity.WARNING)]


@pytest.mark.parametrize("code", ['"ext. "0', '0" (new)"', "€0", "0_)", "_-* #,##0_-"])
def test_digits_that_are_shown_with_words_around_them_are_read(tmp_path: Path, code: str) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, [6201, "Lee", 402817], formats={"A2": code, "C2": code})

    checked = validate(read_sheet(path))

    assert [(record.extension_number, record.pin) for record in checked.records] == [("6201", "402817")]
    assert not checked.problems


def test_a_pin_that_lost_its_zero_is_one_with_words_around_it_too(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, ["6201", "Lee", 24680], formats={"C2": '"PIN "0'})

    assert [problem.code for problem in validate(read_sheet(path)).problems] == ["pin-lost-zero"]


@NEEDS_OFFICE
def test_no_digits_are_taken_that_libreoffice_does_not_show(tmp_path: Path) -> None:
    cells = [(code, value) for code in _CODES for value in (*_NUMBERS, *_TEXTS)]
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["extension_number", "name", "pin"])
    styles = {code: book.add_format({"num_format": code}) for code in _CODES}
    for row, (code, value) in enumerate(cells, start=1):
        sheet.write(row, 0, value, styles[code])
        sheet.write_string(row, 1, "Desk")
    book.close()

    with save_as(tmp_path / "a.xlsx", _AS_SHOWN, tmp_path).open(encoding="utf-8", newline="") as file:
        shown = [row[0] for row in csv.reader(file)][1:]
    read = read_sheet(tmp_path / "a.xlsx")
    checked = validate(read)
    refused = {problem.row for problem in checked.problems if problem.is_error and problem.cell == f"A{problem.row}"}
    taken = {row: text for row, text in checked.extensions.items() if row not in refused}
    wrong = [
        (*cells[row - 2], shown[row - 2], text)
        for row, text in taken.items()
        if _digits(_ZERO_DECIMALS.sub("", shown[row - 2])) != _digits(text)
    ]

    assert len(shown) == len(cells)
    assert wrong == []
