"""A formula that refers to an empty cell gives 0, which no one typed."""

from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from bulkvm.readers import read_sheet
from bulkvm.readers.formula_references import may_give_blank
from bulkvm.validation import Checked, validate
from tests.readers.files import header_xml, write_raw_workbook

HEADINGS = ("Extension", "Name", "PIN", "Notify", "Recipients", "Announce time", "Prompt language")


def checked(path: Path, *rows: str) -> Checked:
    """Check a sheet with the cells of each row as XML."""
    data = "".join(f'<row r="{number}">{cells}</row>' for number, cells in enumerate(rows, start=2))
    sheet = write_raw_workbook(path / "a.xlsx", f"<sheetData>{header_xml(*HEADINGS)}{data}</sheetData>")
    return validate(read_sheet(sheet))


def text(cell: str, value: str) -> str:
    return f'<c r="{cell}" t="inlineStr"><is><t>{value}</t></is></c>'


def formula(cell: str, of_cell: str, value: str = "0", attributes: str = "") -> str:
    return f'<c r="{cell}"><f {attributes}>{escape(of_cell)}</f><v>{value}</v></c>'


def box(row: int) -> str:
    return text(f"A{row}", f"620{row}") + text(f"B{row}", f"Lab {row}") + text(f"C{row}", "402817")


@pytest.mark.parametrize("letter", "BDEFG")
@pytest.mark.parametrize(
    "link",
    [
        "HR!B3", "'HR list'!$B$3", "[1]HR!B3", "Z9", "+HR!B3", "--HR!B3", "Boxes[[#This Row],[Notify]]", "NotifyOf",
        "VLOOKUP(A2,HR!A:D,4,FALSE)", "_xlfn.XLOOKUP(A2,HR!A:A,HR!D:D)", "INDEX(HR!D:D,MATCH(A2,HR!A:A,0))",
        'IFERROR(VLOOKUP(A2,HR!A:D,4,0),"")', 'IF(HR!A3="","",HR!B3)', "_xlfn.SINGLE(HR!B:B)",
    ],
)  # fmt: skip
def test_the_zero_of_an_empty_cell_is_an_error_in_its_cell(tmp_path: Path, letter: str, link: str) -> None:
    row = text("A2", "6201") + text("C2", "402817") + ("" if letter == "B" else text("B2", "Lab"))

    found = checked(tmp_path, row + formula(f"{letter}2", link))

    assert [(p.cell, p.code) for p in found.problems if p.is_error] == [(f"{letter}2", "formula-no-result")]
    assert "empty" in found.problems[-1].message
    assert found.records == ()


@pytest.mark.parametrize("letter", "AC")
def test_in_columns_of_digits_it_is_the_same_error(tmp_path: Path, letter: str) -> None:
    cells = {"A": text("A2", "6201"), "B": text("B2", "Lab"), "C": text("C2", "402817")}
    cells[letter] = formula(f"{letter}2", "HR!B3")

    found = checked(tmp_path, "".join(cells.values()))

    assert (f"{letter}2", "formula-no-result") in [(p.cell, p.code) for p in found.problems]
    assert found.records == ()


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ('IF(HR!B3="yes",1,0)', "0"), ("COUNTIF(HR!B:B,A2)", "0"), ("1*0", "0"), ('--(HR!B3="x")', "0"),
        ('IF(HR!B3="",0,HR!B3)', "0"), ("HR!B3", "1"), ("FALSE()", "0"),
    ],
)  # fmt: skip
def test_a_zero_that_a_formula_calculates_is_read(tmp_path: Path, given: str, value: str) -> None:
    found = checked(tmp_path, box(2) + formula("D2", given, value))

    assert [record.enable_email_notify for record in found.records] == [value == "1"]


def test_formulas_that_are_shared_or_fill_a_range_are_followed(tmp_path: Path) -> None:
    found = checked(
        tmp_path,
        box(2) + formula("D2", "HR!B2", "1", 't="shared" ref="D2:D4" si="0"'),
        box(3) + formula("D3", "", "0", 't="shared" si="0"') + text("E3", "a@example.com"),
        box(4) + formula("D4", "_xlfn._xlws.FILTER(HR!B:C,HR!A:A>1)", "1", 't="array" ref="D4:F5"'),
        box(5) + '<c r="D5"><v>0</v></c><c r="F5"><v>0</v></c>',
        box(6) + '<c r="D6"><v>0</v></c>',
    )

    assert {p.cell for p in found.problems if p.code == "formula-no-result"} == {"D3", "D5", "F5"}
    assert [record.row for record in found.records] == [2, 4, 6]


def test_a_row_of_links_to_empty_cells_only_is_blank(tmp_path: Path) -> None:
    found = checked(tmp_path, box(2), "".join(formula(f"{letter}3", f"HR!{letter}3") for letter in "ABCDEFG"))

    assert [p.code for p in found.problems if p.code != "pin-shared"] == ["prefilled-rows"]
    assert [record.row for record in found.records] == [2]


@pytest.mark.parametrize("given", ["IF(" * 300 + "A1" + ")" * 300, "IF(A1,)B1(", "'" * 99, "A1" * 9999, "(", ""])
def test_odd_formulas_are_not_followed(given: str) -> None:
    assert not may_give_blank(given)
