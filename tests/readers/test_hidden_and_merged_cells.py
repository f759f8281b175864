from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table, TableStyleInfo

from bulkvm.model.sheet import CellKind
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.readers.files import HEADINGS, codes, header_xml, texts, write_raw_workbook


def test_hidden_and_filtered_rows_count_with_one_warning(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet()
    for row, values in enumerate([HEADINGS, *([f"620{n}", "Desk", "402817"] for n in range(7))]):
        sheet.write_row(row, 0, values)
    for row in (2, 4, 5, 6, 90):
        sheet.set_row(row, options={"hidden": True})
    book.close()

    read = read_sheet(tmp_path / "a.xlsx")

    assert len(read.cells) == 7
    assert codes(read) == [(None, "hidden-rows")]
    assert "3, 5 to 7" in read.problems[0].message
    assert not read.problems[0].is_error


def test_a_cell_merged_over_several_rows_is_an_error_in_each_of_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Boxes", None, None), HEADINGS, *((f"620{n}", "Desk", "402817") for n in range(5))):
        sheet.append(row)
    sheet.merge_cells("A1:C1")  # a title
    sheet.merge_cells("B3:C3")  # one row: no doubt where its value belongs
    sheet.merge_cells("B4:C5")
    sheet.merge_cells("F4:F7")  # no column
    book.save(tmp_path / "a.xlsx")

    read = read_sheet(tmp_path / "a.xlsx")

    assert [(problem.cell, problem.code) for problem in read.problems] == [
        ("B4", "merged-cells"),
        ("B5", "merged-cells"),
    ]
    assert all(problem.is_error for problem in read.problems)
    assert read.kinds == {letter: {4: CellKind.MERGED, 5: CellKind.MERGED} for letter in "BC"}


def test_merged_cells_in_a_column_that_is_not_read_are_accepted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Nummer", "Department", "name", "bulkvm_status"), ("6201", "North", "Desk"), ("6202", None, "Lab")):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    sheet.merge_cells("D2:D3")
    book.save(tmp_path / "a.xlsx")
    nummer = {"Nummer": "extension_number"}

    assert codes(read_sheet(tmp_path / "a.xlsx", heading_map=nummer)) == []
    assert codes(read_sheet(tmp_path / "a.xlsx", heading_map={**nummer, "Department": "pin"})) == [
        (2, "merged-cells"),
        (3, "merged-cells"),
    ]


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ('<col min="3" max="3" hidden="1"/>', "C"),
        ('<col min="2" max="3" width="0"/>', "B, C"),
        ('<col min="2" max="2" width="0.3"/>', "B"),
        ('<col min="3" max="3" width="0.83203125" customWidth="1"/>', "C"),
        ('<col min="3" max="3" width="wide"/>', None),
        ('<col min="4" max="16384" hidden="1"/>', None),
        ('<col min="1" max="3" width="9"/>', None),
    ],
)
def test_hidden_columns_that_are_read_are_named_in_one_warning(tmp_path: Path, columns: str, named: str | None) -> None:
    cell = '<c t="inlineStr"><is><t>6201</t></is></c>'
    row = f'<row r="2">{3 * cell}</row>'
    path = write_raw_workbook(tmp_path / "a.xlsx", f"<cols>{columns}</cols><sheetData>{header_xml()}{row}</sheetData>")

    read = read_sheet(path)

    assert codes(read) == ([(None, "hidden-columns")] if named else [])
    assert all(f"others: {named}." in problem.message and not problem.is_error for problem in read.problems)


def test_the_id_that_exports_and_templates_hide_is_not_named(tmp_path: Path) -> None:
    cell = '<c t="inlineStr"><is><t>6201</t></is></c>'
    rows = f'{header_xml("Ext", "Name", "PIN", "Id on the PBX")}<row r="2">{4 * cell}</row>'
    hidden = '<cols><col min="4" max="4" hidden="1"/></cols>'
    path = write_raw_workbook(tmp_path / "a.xlsx", f"{hidden}<sheetData>{rows}</sheetData>")

    assert codes(read_sheet(path)) == []


COLORS = (("FFFFFFFF", ""), ("FFFFFFFF", "FF0070C0"), ("", "FF000000"), ("FF000000", "FFFFFF00"))


def dxf(colors: tuple[str, str]) -> str:
    """A conditional format with a colour of text and a fill."""
    font = f'<font><color rgb="{colors[0]}"/></font>' if colors[0] else ""
    fill = f'<fill><patternFill><bgColor rgb="{colors[1]}"/></patternFill></fill>' if colors[1] else ""
    return f"<dxf>{font}{fill}<border><left><color rgb='FFFFFFFF'/></left></border></dxf>"


@pytest.mark.parametrize("shown", ["bar", "icons"])
@pytest.mark.parametrize("hides", [True, False])
def test_a_conditional_format_that_shows_no_value_is_a_warning(tmp_path: Path, shown: str, *, hides: bool) -> None:
    row = '<row r="2"><c r="A2"><v>6201</v></c></row>'
    element = "dataBar" if shown == "bar" else 'iconSet iconSet="3Arrows"'
    value = 'showValue="0"' if hides else ""
    rule = (
        f'<conditionalFormatting sqref="A2:A9"><cfRule type="x" priority="1"><{element} {value}/></cfRule>'
        "</conditionalFormatting>"
    )
    path = write_raw_workbook(tmp_path / "a.xlsx", f"<sheetData>{header_xml()}{row}</sheetData>{rule}")

    assert codes(read_sheet(path)) == ([(None, "conditional-format")] if hides else [])


@pytest.mark.parametrize(
    ("style", "ranges", "columns"),
    [
        pytest.param(0, "A1:C99", None, id="a fill"),
        pytest.param(1, "A2:A99", "column A", id="a number format"),
        pytest.param(2, "B2:C9 E2", "columns B, C", id="a strike"),
        pytest.param(2, "a2", "column A", id="one cell in lower case"),
        pytest.param(1, "A3:C99", None, id="rows that are blank"),
        pytest.param(1, "D2:F99", None, id="columns that are not read"),
        pytest.param(1, "x", None, id="no range"),
        pytest.param(9, "A2:A99", None, id="no such format"),
        pytest.param(3, "A2:A99", "column A", id="white text"),
        pytest.param(4, "A2:A99", None, id="white text on blue"),
        pytest.param(5, "A2:A99", "column A", id="a black fill"),
        pytest.param(6, "A2:A99", None, id="black text on yellow"),
    ],
)
def test_a_conditional_format_that_may_change_what_is_shown_is_a_warning(
    tmp_path: Path, style: int, ranges: str, columns: str | None
) -> None:
    row = '<row r="2"><c t="inlineStr"><is><t>6201</t></is></c></row>'
    rule = f'<conditionalFormatting sqref="{ranges}"><cfRule dxfId="{style}"/></conditionalFormatting>'
    fill, number = "<dxf><fill/></dxf>", '<dxf><numFmt numFmtId="9" formatCode="0000"/></dxf>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f"<sheetData>{header_xml()}{row}</sheetData>{rule}",
        styles=f"<dxfs>{fill}{number}<dxf><font><strike/></font></dxf>{''.join(map(dxf, COLORS))}</dxfs>",
    )

    read = read_sheet(path)

    assert codes(read) == ([(None, "conditional-format")] if columns else [])
    assert all(f" in {columns}." in problem.message and not problem.is_error for problem in read.problems)


FONTS = "<fonts><font/><font>{}</font></fonts>"
FILLS = (
    '<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>{}</fills>'
)
SOLID = '<fill><patternFill patternType="solid"><fgColor {}/></patternFill></fill>'
STYLES = '<cellXfs><xf/><xf fontId="1" fillId="{}"/></cellXfs>'


@pytest.mark.parametrize(
    ("font", "fill", "at", "is_hidden"),
    [
        pytest.param('<color rgb="FFFFFFFF"/>', "", 0, True, id="white"),
        pytest.param('<color theme="0"/>', "", 0, True, id="background of the theme"),
        pytest.param('<color indexed="9"/>', "", 0, True, id="indexed"),
        pytest.param('<color rgb="FFFFFFFF"/>', SOLID.format('rgb="FFFFFFFF"'), 2, True, id="on a white fill"),
        pytest.param('<color rgb="FFFEFEFE"/>', "", 0, True, id="nearly white"),
        pytest.param('<color rgb="FF000000"/>', SOLID.format('rgb="FF000000"'), 2, True, id="black on black"),
        pytest.param("", SOLID.format('theme="1"'), 2, True, id="no colour on black"),
        pytest.param('<color rgb="FF1F3864"/>', SOLID.format('rgb="FF203864"'), 2, True, id="blue on blue"),
        pytest.param('<color theme="4"/>', SOLID.format('theme="4"'), 2, True, id="one colour of the theme"),
        pytest.param('<color theme="4"/>', SOLID.format('theme="4" tint="0.4"'), 2, False, id="a tint of it"),
        pytest.param('<sz val="1"/>', "", 0, True, id="too small"),
        pytest.param('<sz val="8"/>', "", 0, False, id="small"),
        pytest.param('<color rgb="FFFFFFFF"/>', SOLID.format('rgb="FF003366"'), 2, False, id="on a dark fill"),
        pytest.param('<color rgb="FFFFFFFF"/>', "", 1, False, id="on a pattern"),
        pytest.param('<color theme="0" tint="-0.5"/>', "", 0, False, id="grey"),
        pytest.param('<color rgb="FF000000"/>', "", 0, False, id="black"),
        pytest.param("", "", 0, False, id="no colour"),
    ],
)
def test_text_that_cannot_be_seen_is_a_warning(
    tmp_path: Path, font: str, fill: str, at: int, *, is_hidden: bool
) -> None:
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" s="{style}" t="inlineStr"><is><t>620{row}</t></is></c></row>'
        for row, style in ((2, 0), (3, 1), (4, 1))
    )
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f"<sheetData>{header_xml()}{rows}</sheetData>",
        styles=FONTS.format(font) + FILLS.format(fill) + STYLES.format(at),
    )

    problems = read_sheet(path).problems

    assert [problem.code for problem in problems] == (["hidden-rows"] if is_hidden else [])
    words = "rows with text in the colour of its background, or too small to be seen, are read like the others: 3 to 4."
    assert all(words in problem.message for problem in problems)


WHITE_RUN = '<r><t>Desk</t></r><r><rPr><color theme="0"/></rPr><t> 2</t></r>'


@pytest.mark.parametrize(
    ("cell", "is_hidden"),
    [
        pytest.param('<c r="B2" t="s"><v>0</v></c>', True, id="a part of a shared text"),
        pytest.param('<c r="B2" t="s"><v>1</v></c>', False, id="another shared text"),
        pytest.param(f'<c r="B2" t="inlineStr"><is>{WHITE_RUN}</is></c>', True, id="a part of a text"),
        pytest.param(f'<c r="B2" s="1" t="inlineStr"><is>{WHITE_RUN}</is></c>', False, id="on a dark fill"),
        pytest.param('<c r="B2" t="s" s="1"><v>0</v></c>', False, id="a shared text on a dark fill"),
        pytest.param('<c r="B2" s="2"><v>6201</v></c>', True, id="a number format"),
        pytest.param('<c r="B2" s="3"><v>6201</v></c>', True, id="the same as a number of a colour"),
        pytest.param('<c r="B2" s="4"><v>6201</v></c>', False, id="another colour"),
    ],
)
def test_white_text_in_a_part_of_a_cell_or_by_a_number_format_is_a_warning(
    tmp_path: Path, cell: str, *, is_hidden: bool
) -> None:
    row = f'<row r="2"><c r="A2"><v>6202</v></c>{cell}</row>'
    codes_of_numbers = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{code}"/>'
        for number, code in ((200, "[White]0"), (201, "[Color 2]General"), (202, "[Color20]0"))
    )
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f"<sheetData>{header_xml()}{row}</sheetData>",
        strings=f"<si>{WHITE_RUN}</si><si><t>Lab</t></si>",
        styles=f"<numFmts>{codes_of_numbers}</numFmts>"
        + FONTS.format("")
        + FILLS.format(SOLID.format('rgb="FF003366"'))
        + '<cellXfs><xf/><xf fillId="2"/><xf numFmtId="200"/><xf numFmtId="201"/><xf numFmtId="202"/></cellXfs>',
    )

    assert codes(read_sheet(path)) == ([(None, "hidden-rows")] if is_hidden else [])


def test_white_text_in_a_column_that_is_not_read_is_no_problem(tmp_path: Path) -> None:
    row = '<row r="2"><c r="A2"><v>6201</v></c><c r="D2" s="1" t="inlineStr"><is><t>x</t></is></c></row>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f"<sheetData>{header_xml('Ext', 'Name', 'PIN', 'Floor')}{row}</sheetData>",
        styles=FONTS.format('<color theme="0"/>') + FILLS.format("") + STYLES.format(0),
    )

    assert codes(read_sheet(path)) == []


@pytest.mark.parametrize(
    ("alignment", "named"), [("fill", "3 to 4"), ("center", None), ("centerContinuous", None), ("left", None)]
)
def test_text_that_is_repeated_in_its_cell_is_read_once_with_a_warning(
    tmp_path: Path, alignment: str, named: str | None
) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" s="{style}"><v>620{n}</v></c></row>' for n, style in ((2, 0), (3, 1), (4, 1))
    )
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f"<sheetData>{header_xml()}{rows}</sheetData>",
        styles='<cellStyleXfs><xf><alignment horizontal="fill"/></xf></cellStyleXfs>'
        f'<cellXfs><xf/><xf><alignment horizontal="{alignment}"/></xf></cellXfs>',
    )

    read = read_sheet(path)

    assert [row[0] for row in texts(read)] == ["6202", "6203", "6204"]
    assert codes(read) == ([(None, "excel-format")] if named else [])
    assert all(f"rows {named}." in problem.message and not problem.is_error for problem in read.problems)


def test_an_error_in_a_hidden_row_or_column_names_what_is_hidden(tmp_path: Path) -> None:
    cells = '<c r="A3"><v>6201</v></c><c r="C3"><v>1</v></c>'
    rows = f'<row r="2" hidden="1"><c r="A2"><v>62</v></c></row><row r="3">{cells}</row>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f'<cols><col min="3" max="3" hidden="1"/></cols><sheetData>{header_xml()}{rows}</sheetData>',
    )

    errors = {p.cell: p.message for p in validate(read_sheet(path)).problems if p.is_error}

    assert errors["A2"].endswith("Row 2 is hidden: unhide it to see the cell.")
    assert errors["C3"].endswith("Column C is hidden: unhide it to see the cell.")


@pytest.mark.parametrize(("height", "is_hidden"), [("0.75", True), ("3", True), ("12.75", False), ("tall", False)])
def test_a_row_that_is_too_low_to_be_seen_is_a_hidden_row(tmp_path: Path, height: str, *, is_hidden: bool) -> None:
    row = f'<row r="2" ht="{height}" customHeight="1"><c r="A2"><v>6201</v></c></row>'
    path = write_raw_workbook(tmp_path / "a.xlsx", f"<sheetData>{header_xml()}{row}</sheetData>")

    assert codes(read_sheet(path)) == ([(None, "hidden-rows")] if is_hidden else [])


@pytest.mark.parametrize(
    ("columns", "hidden"),
    [
        pytest.param("", "A, B, C", id="all have the default"),
        pytest.param('<cols><col min="1" max="2" width="9"/></cols>', "C", id="the last one"),
        pytest.param('<cols><col min="2" max="3" width="9"/></cols>', "A", id="the first one"),
        pytest.param('<cols><col min="1" max="3" style="1"/></cols>', "A, B, C", id="described without a width"),
        pytest.param('<cols><col min="1" max="16384" width="9"/></cols>', "", id="all have a width"),
    ],
)
def test_columns_of_a_default_width_that_cannot_be_seen_are_hidden(tmp_path: Path, columns: str, hidden: str) -> None:
    row = "".join(f'<c r="{letter}2" t="inlineStr"><is><t>402817</t></is></c>' for letter in "ABC")
    path = write_raw_workbook(
        tmp_path / "a.xlsx",
        f'<sheetFormatPr defaultColWidth="0"/>{columns}<sheetData>{header_xml()}<row r="2">{row}</row></sheetData>',
    )

    problems = read_sheet(path).problems

    assert [problem.code for problem in problems] == (["hidden-columns"] if hidden else [])
    assert all(f"others: {hidden}." in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("style", "last", "is_hidden"),
    [("TableStyleDark3", 4, False), ("TableStyleDark3", 3, True), ("TableStyleMedium2", 4, True)],
)
def test_white_text_in_a_table_with_a_dark_style_can_be_seen(
    tmp_path: Path, style: str, last: int, *, is_hidden: bool
) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for row in (["Ext", "Name"], ["6201", "Lab"], ["6202", "Bar"], ["6203", "Spa"]):
        sheet.append(row)
    for cell in [*sheet["A"][1:], *sheet["B"][1:]]:
        cell.font = Font(color="FFFFFFFF")
    table = Table(displayName="Boxes", ref=f"A1:B{last}")
    table.tableStyleInfo = TableStyleInfo(name=style, showRowStripes=True)
    sheet.add_table(table)
    workbook.save(tmp_path / "a.xlsx")

    problems = read_sheet(tmp_path / "a.xlsx").problems

    assert [problem.code for problem in problems] == (["hidden-rows"] if is_hidden else [])
