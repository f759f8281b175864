import zipfile
from pathlib import Path

import pytest

from bulkvm.model.errors import SheetError
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.readers.files import HEADINGS, header_xml, write_raw_workbook, write_workbook

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>'
FIRST = f"<sheetData>{header_xml()}"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("xl/worksheets/sheet1.xml", f"{ENTITIES}<worksheet>&b;</worksheet>"),
        ("xl/sharedStrings.xml", f"{ENTITIES}<sst>&b;</sst>"),
        ("xl/styles.xml", f"{ENTITIES}<styleSheet/>"),
        ("xl/workbook.xml", f"{ENTITIES}<workbook/>"),
        ("_rels/.rels", f"{ENTITIES}<Relationships/>"),
        ("xl/styles.xml", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><styleSheet/>'),
    ],
)
def test_xml_entities_are_refused_before_they_grow(tmp_path: Path, part: str, text: str) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}</sheetData>", extra={part: text})

    with pytest.raises(SheetError, match="document type") as raised:
        read_sheet(path)

    assert raised.value.problem.code == "hostile"


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param(f'{FIRST}<row r="2"><c><v>{"1" * 2**21}</v></c></row></sheetData>', id="an endless cell"),
        pytest.param(f'{FIRST}<row r="2" s="{"1" * 2**21}"/></sheetData>', id="an endless attribute"),
        pytest.param(FIRST + "<x>" * 50_000, id="nested without end"),
    ],
)
def test_xml_beyond_all_limits_is_refused(tmp_path: Path, sheet: str) -> None:
    with pytest.raises(SheetError, match="Excel's limits"):
        read_sheet(write_raw_workbook(tmp_path / "a.xlsx", sheet))


def test_a_part_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", FIRST, extra={"xl/styles.xml": " " * (33 * 2**20)})

    with pytest.raises(SheetError, match="too large") as raised:
        read_sheet(path)

    assert raised.value.problem.code == "too-large"


@pytest.mark.parametrize(("declared", "words"), [(2**30, "too large"), (100, "damaged")])
def test_a_zip_bomb_is_refused_whatever_size_it_declares(tmp_path: Path, declared: int, words: str) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", FIRST + "<row/>" * 2**20)
    with zipfile.ZipFile(path, "a") as archive:
        archive.getinfo("xl/worksheets/sheet1.xml").file_size = declared
        archive.writestr("added", "")

    with pytest.raises(SheetError, match=words):
        read_sheet(path)


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param(f'{FIRST}<row r="2"><c><v>1</v>', id="cut off"),
        pytest.param(f'{FIRST}<row r="2"/>{FIRST.replace("A1", "D1")}</sheetData>', id="headings in parts"),
        pytest.param(f'{FIRST}<row r="1048577"/></sheetData>', id="a row too many"),
        pytest.param(f'{FIRST}<row r="2"><c r="XFE2"/></row></sheetData>', id="a column too many"),
        pytest.param(
            f'{FIRST}<row r="2"><c><v>7</v></c></row></sheetData><mergeCells><mergeCell ref="A2:A9"/>'
            '<mergeCell ref="A2:B3"/></mergeCells>',
            id="merged twice",
        ),
        pytest.param(f'{FIRST}</sheetData><mergeCells><mergeCell ref="A"/></mergeCells>', id="merged where"),
    ],
)
def test_a_damaged_worksheet_is_refused_in_one_line(tmp_path: Path, sheet: str) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", sheet, styles="<cellXfs><xf/></cellXfs>")

    with pytest.raises(SheetError, match="damaged") as raised:
        read_sheet(path)

    assert raised.value.problem.code == "damaged"
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "cell",
    ["<c><v>4028l7</v></c>", '<c t="s"><v>4028l7</v></c>', '<c t="4028l7"><v>7</v></c>', "<c><v>4028l7e999</v></c>"],
)
def test_no_message_shows_what_a_damaged_cell_holds(tmp_path: Path, cell: str) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", f'{FIRST}<row r="2">{cell}</row></sheetData>')

    problems = validate(read_sheet(path)).problems

    assert [(problem.cell, problem.code) for problem in problems] == [("A2", "cell-damaged")]
    assert "4028" not in repr(problems)


@pytest.mark.parametrize("part", ["_rels/.rels", "xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_that_lacks_a_part_is_refused(tmp_path: Path, part: str) -> None:
    whole = write_workbook(tmp_path / "whole.xlsx", HEADINGS, ["6201"])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as target:
        for name in source.namelist():
            if name != part:
                target.writestr(name, source.read(name))

    with pytest.raises(SheetError, match="damaged"):
        read_sheet(tmp_path / "a.xlsx")


def test_all_columns_of_excel_are_read(tmp_path: Path) -> None:
    wide = "".join(f'<c t="inlineStr"><is><t>{n}</t></is></c>' for n in range(16_384 - 3))
    header = header_xml().removesuffix("</row>")
    row = '<row r="2"><c><v>6201</v></c><c r="XFD2"><v>7</v></c></row>'

    sheet = read_sheet(write_raw_workbook(tmp_path / "a.xlsx", f"<sheetData>{header}{wide}</row>{row}</sheetData>"))

    assert sheet.cells.shape == (1, 16_384)
    assert list(sheet.cells.columns[24:28]) == ["Y", "Z", "AA", "AB"]
    assert sheet.cells.loc[2, "XFD"] == "7"


def test_more_cells_than_memory_may_take_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"name,pin{',x' * 9_998}\n" + "Desk\n" * 4_000)

    with pytest.raises(SheetError, match="too large to read at once") as raised:
        read_sheet(tmp_path / "a.csv")

    assert raised.value.problem.code == "too-large"


def test_the_longest_cell_of_excel_is_read(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, ["6201", "n" * 32_767])

    assert read_sheet(path).cells.loc[2, "B"] == "n" * 32_767
