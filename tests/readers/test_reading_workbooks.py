import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from bulkvm.model.sheet import CellKind
from bulkvm.readers import read_sheet
from tests.readers.files import HEADINGS, header_xml, texts, write_raw_workbook, write_workbook


def test_a_sheet_is_text_at_its_own_row_numbers(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, ["6201", "Desk", "402817"], [], ["0102", "NA", " 024680 "])

    sheet = read_sheet(path)

    assert (sheet.name, sheet.header_row, sheet.path) == ("Boxes", 1, path)
    assert sheet.headings == dict(zip("ABC", HEADINGS, strict=True))
    assert list(sheet.cells.columns) == ["A", "B", "C"]
    assert sheet.cells.index.tolist() == [2, 4]
    assert texts(sheet) == [["6201", "Desk", "402817"], ["0102", "NA", " 024680 "]]
    assert sheet.kinds == {}
    assert sheet.problems == ()


@pytest.mark.parametrize(
    ("value", "code", "text", "kind"),
    [
        pytest.param(1001, "General", "1001", CellKind.NUMBER, id="whole number"),
        pytest.param(1001.0, "0.00", "1001", CellKind.NUMBER, id="1001.0 is 1001"),
        pytest.param(0, "General", "0", CellKind.NUMBER, id="zero"),
        pytest.param(-5, "General", "-5", CellKind.NUMBER, id="negative"),
        pytest.param(1000.9999999999999, "General", "1001", CellKind.NUMBER, id="beyond what Excel shows"),
        pytest.param(1001, "#,##0", "1001", CellKind.NUMBER, id="thousands are only shown"),
        pytest.param(1001, '0" boxes"', "1001", CellKind.AFFIXED, id="one zero does not pad"),
        pytest.param(1001, "@", "1001", CellKind.NUMBER, id="a number formatted as text later"),
        pytest.param(101, "0000", "0101", CellKind.PADDED, id="0000 shows 0101"),
        pytest.param(12345, "0000", "12345", CellKind.PADDED, id="more digits than zeros"),
        pytest.param(0, "0000", "0000", CellKind.PADDED, id="zero padded"),
        pytest.param(101, "0000;-0000;0000;@", "0101", CellKind.PADDED, id="sections"),
        pytest.param(-101, "0000", "-0101", CellKind.PADDED, id="negative padded"),
        pytest.param(-101, "0000;(0000)", "(0101)", CellKind.PADDED, id="own section for negative numbers"),
        pytest.param(101, "[Red]00000000", "00000101", CellKind.PADDED, id="eight zeros in red"),
        pytest.param(402817, "000-000", "402-817", CellKind.PADDED, id="dash in between"),
        pytest.param(17, "000-000", "000-017", CellKind.PADDED, id="dash among zeros"),
        pytest.param(101, '"Ext; "0000', "Ext; 0101", CellKind.PADDED, id="words in front"),
        pytest.param(101, "\\0000", "0101", CellKind.PADDED, id="escaped zero in front"),
        pytest.param(101, '"0"General', "0101", CellKind.PADDED, id="quoted zero in front"),
        pytest.param(101, "##0000", "0101", CellKind.PADDED, id="optional digits in front"),
        pytest.param(101, "[<=9999999]000-0000;(000) 000-0000", "000-0101", CellKind.PADDED, id="a condition"),
        pytest.param(5, '"1001"', "1001", CellKind.SHOWN_OTHERWISE, id="a format that shows no digit of the number"),
        pytest.param(101, "0000;;", "0101", CellKind.PADDED, id="empty sections"),
        pytest.param(123456789012345, "General", "123456789012345", CellKind.NUMBER, id="15 digits"),
        pytest.param(1234567890123456, "General", "1234567890123460", CellKind.LONG_NUMBER, id="16 digits"),
        pytest.param(1e63, "0", "1" + "0" * 63, CellKind.LONG_NUMBER, id="64 digits"),
        pytest.param(1001.5, "0000", "1001.5", CellKind.ROUNDED, id="fraction, even if it is not shown"),
        pytest.param(0.5, "0%", "50%", CellKind.PERCENTAGE, id="percentage"),
        pytest.param(0.125, "0.0%", "12.5%", CellKind.PERCENTAGE, id="percentage with a fraction"),
        pytest.param(True, "General", "TRUE", CellKind.BOOLEAN, id="true"),
        pytest.param(False, "General", "FALSE", CellKind.BOOLEAN, id="false"),
        pytest.param(date(2026, 3, 1), "dd/mm/yyyy", "01/03/2026", CellKind.DATE, id="date"),
        pytest.param(date(2026, 3, 1), "mmm", "Mar", CellKind.DATE, id="only the month is shown"),
        pytest.param(datetime(2026, 3, 1, 9, 30), "d.m.yy h:mm", "1.3.26 9:30", CellKind.DATE, id="both"),  # noqa: DTZ001  (a cell has no zone)
        pytest.param(time(9, 30), "h:mm AM/PM", "9:30 AM", CellKind.TIME, id="time"),
        pytest.param(timedelta(hours=30), "[h]:mm", "1 day, 6:00:00", CellKind.TIME, id="duration"),
        pytest.param(99999999, "yyyy-mm-dd", "1e+08", CellKind.DATE, id="a day that does not exist"),
        pytest.param("=1/0", "General", "=1/0", None, id="text that looks like a formula"),
        pytest.param("0101", "0000", "0101", None, id="digits typed as text"),
    ],
)
def test_a_cell_is_read_as_a_spreadsheet_program_shows_it(
    tmp_path: Path, value: Any, code: str, text: str, kind: CellKind | None
) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, [value, "Desk"], formats={"A2": code})

    sheet = read_sheet(path)

    assert sheet.cells.loc[2, "A"] == text
    assert sheet.kinds.get("A", {}).get(2) is kind


@pytest.mark.parametrize(
    ("cell", "text", "kind"),
    [
        ("<c><f>1+1</f><v>1001</v></c>", "1001", CellKind.FORMULA),
        ('<c t="str"><f>A1</f><v>Desk</v></c>', "Desk", CellKind.FORMULA),
        ('<c t="b"><f>TRUE()</f><v>1</v></c>', "TRUE", CellKind.FORMULA),
        ('<c s="1"><f>A1</f><v>101</v></c>', "0101", CellKind.FORMULA),
        ('<c t="str"><f>A1</f><v></v></c>', "", None),
        ("<c><f>1/3</f><v>0.333333333333333</v></c>", "0.333333333333333", CellKind.ROUNDED),
        ('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!", CellKind.EXCEL_ERROR),
        ("<c><f>B1&amp;C1</f></c>", "=B1&C1", CellKind.NO_RESULT),
        ("<c><f>B1</f><v/></c>", "=B1", CellKind.NO_RESULT),
        ('<c t="e"><v>#N/A</v></c>', "#N/A", CellKind.EXCEL_ERROR),
        ('<c t="d"><v>2026-03-01</v></c>', "2026-03-01", CellKind.DATE),
        ('<c s="2"><v>46082</v></c>', "2026-03-01", CellKind.DATE),
        ("<c><v>0101</v></c>", "101", CellKind.NUMBER),
        ("<c><v>1.35791E9</v></c>", "1357910000", CellKind.NUMBER),
        ('<c t="inlineStr"><is><t>Front</t><rPh><t>furonto</t></rPh></is></c>', "Front", None),
        ('<c t="inlineStr"><is><r><t>Front </t></r><r><t>Desk</t></r></is></c>', "Front Desk", None),
        ('<c t="s"><v>0</v></c>', "Müller & Söhne", None),
        ('<c t="s"><v>1</v></c>', "two\r\nlines", None),
        ('<c t="s"><v>2</v></c>', "_x000D_", None),
        ('<c t="s"><v>3</v></c>', "東京", None),
        ('<c t="s"><v>4</v></c>', "😀�", None),
        ("<c/>", "", None),
        ('<c s="1"/>', "", None),
    ],
)
def test_stored_cells_are_read_faithfully(tmp_path: Path, cell: str, text: str, kind: CellKind | None) -> None:
    strings = (
        "<si><r><t>Müller &amp;</t></r><r><t> Söhne</t></r></si><si><t>two_x000D_\nlines</t></si>"
        "<si><t>_x005F_x000D_</t></si><si><t>東京</t><rPh ><t>トウキョウ</t></rPh></si>"
        "<si><t>_xD83D__xDE00__xD800_</t></si>"
    )
    styles = (
        '<numFmts><numFmt numFmtId="170" formatCode="0000"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="31"/></cellXfs>'
        '<dxfs><dxf><numFmt numFmtId="170" formatCode="0%"/></dxf></dxfs>'
    )
    row = f'<row r="2"><c t="inlineStr"><is><t>6201</t></is></c>{cell}</row>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx", f"<sheetData>{header_xml()}{row}</sheetData>", strings=strings, styles=styles
    )

    sheet = read_sheet(path)

    assert texts(sheet) == [["6201", text, ""]]
    assert sheet.kinds.get("B", {}).get(2) is kind


def test_days_count_from_1904_where_the_workbook_specifies_it(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    sheet.write(1, 0, date(2026, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()

    assert read_sheet(tmp_path / "a.xlsx").cells.loc[2, "A"] == "2026-03-01"


def test_a_strict_workbook_is_read_like_any_other(tmp_path: Path) -> None:
    usual = write_workbook(tmp_path / "usual.xlsx", HEADINGS, ["6201", "Desk", 402817])
    strict = tmp_path / "strict.xlsx"
    _rewrite(
        usual,
        strict,
        ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        (
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )

    assert texts(read_sheet(strict)) == texts(read_sheet(usual))


def test_formatted_but_empty_rows_and_columns_are_not_data(tmp_path: Path) -> None:
    empty = "".join(f'<row r="{row}" s="1"><c r="XFD{row}" s="1"/></row>' for row in range(3, 50_000))
    last = '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>6202</t></is></c></row>'
    first = '<row r="2"><c r="A2" t="inlineStr"><is><t>6201</t></is></c></row>'
    path = write_raw_workbook(
        tmp_path / "a.xlsx", f'<dimension ref="A1"/><sheetData>{header_xml()}{first}{empty}{last}</sheetData>'
    )

    sheet = read_sheet(path)

    assert sheet.cells.index.tolist() == [2, 1_048_576]
    assert list(sheet.cells.columns) == ["A", "B", "C"]


def test_rows_that_only_look_filled_are_blank(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, [" ", "\u200b", "\u00a0\ufeff"], ["6201"])

    assert read_sheet(path).cells.index.tolist() == [3]


def test_a_column_without_a_heading_is_kept_if_it_has_a_value(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", [*HEADINGS, None, "Notes"], ["6201"], ["6202", None, None, "x"])

    sheet = read_sheet(path)

    assert list(sheet.cells.columns) == ["A", "B", "C", "D", "E"]
    assert list(sheet.headings) == ["A", "B", "C", "E"]
    assert texts(sheet) == [["6201", "", "", "", ""], ["6202", "", "", "x", ""]]


@pytest.mark.parametrize("suffix", ["xlsx", "xlsm"])
def test_a_workbook_of_pandas_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    pd.DataFrame({"extension_number": ["0101", "0102"], "pin": [402817, 24680]}).to_excel(
        path, index=False, engine="openpyxl"
    )

    assert texts(read_sheet(path)) == [["0101", "402817"], ["0102", "24680"]]


def _rewrite(old: Path, new: Path, *changes: tuple[str, str]) -> None:
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            for before, after in changes:
                text = text.replace(before.encode(), after.encode())
            target.writestr(name, text)
