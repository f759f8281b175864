"""Files for the tests: as other programs write them, and as none would."""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from bulkvm.model.sheet import Sheet

HEADINGS = ("extension_number", "name", "pin")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument"
_TYPES = {  # without them, openpyxl does not load the workbook
    "xl/workbook.xml": "spreadsheetml.sheet.main",
    "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
    "xl/sharedStrings.xml": "spreadsheetml.sharedStrings",
    "xl/styles.xml": "spreadsheetml.styles",
    "xl/comments1.xml": "spreadsheetml.comments",
    "xl/drawings/drawing1.xml": "drawing",
}


def write_workbook(path: Path, *rows: Sequence[Any], formats: Mapping[str, str] | None = None) -> Path:
    """A workbook of one sheet; `formats` gives cells a number format."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Boxes")
    styles = {cell: book.add_format({"num_format": code}) for cell, code in (formats or {}).items()}
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            sheet.write(number - 1, place, value, styles.get(f"{chr(ord('A') + place)}{number}"))
    book.close()
    return path


def write_raw_workbook(
    path: Path,
    sheet: str,
    *,
    strings: str = "",
    styles: str = "",
    extra: Mapping[str, str] | None = None,
    packing: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """A workbook of the given XML: a worksheet's content, and that of the shared strings and the styles."""
    relation = f'<Relationship Id="{{}}" Type="{_OFFICE}/{{}}" Target="{{}}"/>'
    relations = f'<Relationships xmlns="{_PACKAGE}/relationships">{{}}</Relationships>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(f'<Override PartName="/{part}" ContentType="{_TYPE}.{kind}+xml"/>' for part, kind in _TYPES.items())
        + "</Types>",
        "_rels/.rels": relations.format(relation.format("r", "officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relations.format(
            relation.format("a", "worksheet", "/xl/worksheets/sheet1.xml")
            + relation.format("b", "sharedStrings", "sharedStrings.xml")
            + relation.format("c", "styles", "styles.xml")
        ),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="Boxes" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheet}</worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>',
    }
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, text in {**parts, **(extra or {})}.items():
            archive.writestr(name, text)
    return path


def header_xml(*headings: str) -> str:
    """The first row of a worksheet."""
    cells = "".join(f'<c t="inlineStr"><is><t>{heading}</t></is></c>' for heading in headings or HEADINGS)
    return f'<row r="1">{cells}</row>'


def texts(sheet: Sheet) -> list[list[str]]:
    """The rows of a sheet."""
    rows: list[list[str]] = sheet.cells.to_numpy().tolist()
    return rows


def codes(sheet: Sheet) -> list[tuple[int | None, str]]:
    """The problems that reading found."""
    return [(problem.row, problem.code) for problem in sheet.problems]


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """Rows whose values need no quotes."""
    return "".join(delimiter.join(row) + "\n" for row in rows)
