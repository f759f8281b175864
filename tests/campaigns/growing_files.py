"""Files in which one element is repeated, and what reading them takes.

`python -m tests.campaigns.growing_files [ELEMENT ...]` prints it.
"""

import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, count, takewhile
from pathlib import Path
from typing import Final

from tests.readers.files import header_xml, write_raw_workbook

MIB: Final = 2**20

# The command in a process of its own, which prints the CPU seconds and the KiB of memory that it took.
_COMMAND: Final = """
import sys, time
from pathlib import Path
from bulkvm.cli.main import run
from bulkvm.model.errors import SheetError
from bulkvm.readers import read_sheet

def read(path):
    try:
        read_sheet(Path(path))
        return 0
    except SheetError as error:
        return error.exit_code

before = time.process_time()
code = read(sys.argv[2]) if sys.argv[1] == "read" else run(sys.argv[1:])
taken = time.process_time() - before
print(taken, Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
sys.exit(code)
"""

Unit = Callable[[int], str] | str  # by its number, or always the same


@dataclass(frozen=True, slots=True)
class NumberConflict:
    """What a command took: the processor's seconds, MiB of memory, and its exit code."""

    seconds: float
    memory: float
    code: int
    reported: str


def measure(*arguments: str) -> NumberConflict:
    """Run a command; `read` and a file reads it alone, without checking its cells."""
    ended = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    seconds, memory = (ended.stdout.splitlines() or ["nan nan"])[-1].split()
    return NumberConflict(float(seconds), float(memory) / 1024, ended.returncode, ended.stderr)


def repeat(unit: Unit, size: int) -> str:
    """As many units as have this size together."""
    if isinstance(unit, str):
        return unit * (size // len(unit) + 1)
    units: Iterator[str] = map(unit, count(2))
    pieces = takewhile(lambda piece: piece[1] <= size, accumulate(units, _add, initial=("", 0)))
    return "".join(piece for piece, _ in pieces)


def _add(before: tuple[str, int], unit: str) -> tuple[str, int]:
    return unit, before[1] + len(unit)


FIRST: Final = '<row r="2"><c r="A2" t="inlineStr"><is><t>6201</t></is></c></row>'
ROW_3: Final = '<row r="3"><c r="A3" t="inlineStr"><is><t>6202</t></is></c>'
STYLES: Final = '<cellXfs><xf/><xf numFmtId="200"/></cellXfs>'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOOK: Final = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
_BOXES: Final = '<sheet name="Boxes" sheetId="1" r:id="a"/>'


def _sheet(before: str, unit: Unit, after: str = "", *, styles: str = "", strings: str = "") -> Callable[..., Path]:
    def make(path: Path, size: int, packing: int) -> Path:
        sheet = f"<sheetData>{header_xml()}{FIRST}{before}{repeat(unit, size)}{after}"
        return write_raw_workbook(path, sheet, styles=styles, strings=strings, packing=packing)

    return make


def _part(name: str, before: str, unit: Unit, after: str, *, related: str = "") -> Callable[..., Path]:
    """A workbook with one part more, or in the place of its own; `related`: of this kind, and the worksheet's."""

    def make(path: Path, size: int, packing: int) -> Path:
        cells = f'<sheetData>{header_xml()}{FIRST}{ROW_3}<c s="1"><v>7</v></c></row></sheetData>'
        part = {name: before + repeat(unit, size) + after}
        if related:
            cells += '<drawing r:id="r"/>' if related == "drawing" else ""
            relation = f'<Relationship Id="r" Type="{_OFFICE}/{related}" Target="/{name}"/>'
            part["xl/worksheets/_rels/sheet1.xml.rels"] = (
                f'<Relationships xmlns="{_RELATIONS}">{relation}</Relationships>'
            )
        return write_raw_workbook(path, cells, styles=STYLES, extra=part, packing=packing)

    return make


def _entries(path: Path, size: int, packing: int) -> Path:
    write_raw_workbook(path, f"<sheetData>{header_xml()}{FIRST}</sheetData>", packing=packing)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(size // 100):  # bytes that an entry takes
            archive.writestr(f"{number}", b"")
    return path


_STRING: Final = f'<sst xmlns="{_MAIN}"><si>'
_FORMATS: Final = f'<styleSheet xmlns="{_MAIN}">{STYLES}'
_END: Final = "</sheetData>"
_STYLED: Final = f"</row>{_END}"
_CELL: Final = '<c t="inlineStr"><is><t>'

WORKBOOKS: Final[Mapping[str, Callable[..., Path]]] = {
    "rows": _sheet("", lambda n: f'<row r="{n + 1}"/>', _END),
    "rows with attributes": _sheet("", lambda n: f'<row r="{n + 1}" ht="12.8" hidden="1" outlineLevel="0"/>', _END),
    "cells": _sheet("", '<row><c s="1"/><c s="1"/><c s="1"/></row>', _END, styles=STYLES),
    "cells with values": _sheet(
        "", lambda n: "<row>" + "<c><v>7</v></c>" * 20 + "</row>" if n < 46_000 else "<x/>" + " " * 4_000, _END
    ),
    "cells without end": _sheet('<row r="4">', "<c/>", _STYLED),
    "numbers": _sheet("", lambda n: f"<row><c><v>{n + 6000}</v></c><c><v>{n}.5</v></c></row>", _END),
    "dates": _sheet(
        "",
        lambda n: f'<row><c><v>{n + 6000}</v></c><c s="1"><v>{n % 70_000}.25</v></c></row>',
        _END,
        styles='<numFmts><numFmt numFmtId="200" formatCode="dd/mm/yyyy hh:mm"/></numFmts>' + STYLES,
    ),
    "numbers in a long format": _sheet(
        "",
        lambda n: f'<row><c s="1"><v>{n + 6000}</v></c></row>',
        _END,
        styles=f'<numFmts><numFmt numFmtId="200" formatCode="{"0-" * 127}"/></numFmts>' + STYLES,
    ),
    "texts": _sheet("", lambda n: f"<row>{_CELL}{n}</t></is></c>{_CELL}Desk {n}</t></is></c></row>", _END),
    "long texts": _sheet("", lambda n: f"<row>{_CELL}{n}</t></is></c>{_CELL}{n:032767}</t></is></c></row>", _END),
    "pieces of a text": _sheet('<row><c t="inlineStr"><is>', "<t>n</t>", f"</is></c>{_STYLED}"),
    "escapes": _sheet("", lambda n: f"<row>{_CELL}{n}</t></is></c>{_CELL}{'_x000D_' * 900}</t></is></c></row>", _END),
    "entities": _sheet("", lambda n: f"<row>{_CELL}{n}</t></is></c>{_CELL}{'&amp;' * 900}</t></is></c></row>", _END),
    "formulas": _sheet("", lambda n: f"<row><c><v>{n + 6000}</v></c><c><f>A{n}&amp;1</f><v>1</v></c></row>", _END),
    "shared texts used": _sheet(
        "", '<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>', _END, strings=f"<si><t>{'n' * 32767}</t></si>"
    ),
    "headings": _sheet('<row r="4">', lambda n: f"{_CELL}a{n}</t></is></c>" if n < 16_384 else "<x/>", _STYLED),
    "merged ranges": _sheet(_END, lambda n: f'<mergeCell ref="A{2 * n}:A{2 * n + 1}"/>' if n < 90_000 else "<x/>"),
    "merged ranges elsewhere": _sheet(_END, lambda n: f'<mergeCell ref="D{n}:XFD{n + 1}"/>' if n < 90_000 else "<x/>"),
    "equal merged ranges": _sheet(_END, '<mergeCell ref="A2:A3"/>'),
    "hyperlinks": _sheet(_END, lambda n: f'<hyperlink ref="A{n}" location="B1"/>'),
    "validations": _sheet(_END, lambda n: f'<dataValidation sqref="A{n}"><formula1>B1</formula1></dataValidation>'),
    "conditional formats": _sheet(_END, lambda n: f'<conditionalFormatting sqref="A{n}"><x/></conditionalFormatting>'),
    "columns": _sheet(_END, lambda n: f'<col min="{n}" max="{n}" hidden="1"/>'),
    "white space": _sheet(_END, " \n<x/>" + " " * 2_000),
    "comments in XML": _sheet(_END, lambda n: f"<!-- {n} -->"),
    "instructions": _sheet(_END, lambda n: f"<?x {n}?>"),
    "sections": _sheet(_END, "<x><![CDATA[<]]></x>"),
    "nested elements": _sheet(_END, "<x>" * 200 + "n" * 2_000 + "</x>" * 200),
    "attributes": _sheet(_END, "<x " + " ".join(f"a{i}=''" for i in range(200)) + "/>"),
    "long attributes": _sheet(_END, f"<x a='{'n' * 500_000}'/>"),
    "shared texts": _part("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">', lambda n: f"<si><t>{n}</t></si>", "</sst>"),
    "formatted pieces": _part(
        "xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}"><si>', "<r><rPr><b/></rPr><t>n</t></r>", "</si></sst>"
    ),
    "phonetic guides": _part("xl/sharedStrings.xml", _STRING, "<rPh><t>n</t></rPh>", "</si></sst>"),
    "number formats": _part(
        "xl/styles.xml",
        f'<styleSheet xmlns="{_MAIN}">{STYLES}',
        lambda n: f'<numFmt numFmtId="{n % 60_000}" formatCode="0{n}"/>',
        "</styleSheet>",
    ),
    "long format codes": _part(
        "xl/styles.xml",
        f'<styleSheet xmlns="{_MAIN}">{STYLES}',
        lambda n: f'<numFmt numFmtId="{n + 198}" formatCode="{"[" * 50_000}"/>',
        "</styleSheet>",
    ),
    "styles": _part(
        "xl/styles.xml",
        f'<styleSheet xmlns="{_MAIN}"><cellXfs>',
        lambda n: '<xf numFmtId="9"/>' if n < 60_000 else "<x/>",
        "</cellXfs></styleSheet>",
    ),
    "fonts": _part("xl/styles.xml", _FORMATS, '<font><sz val="9"/></font>', "</styleSheet>"),
    "names": _part(
        "xl/workbook.xml",
        f"{_BOOK}<sheets>{_BOXES}</sheets>",
        lambda n: f'<definedName name="n{n}">A1</definedName>',
        "</workbook>",
    ),
    "sheets": _part(
        "xl/workbook.xml",
        f"{_BOOK}<sheets>{_BOXES}",
        lambda n: f'<sheet name="{n}" sheetId="{n}" state="hidden" r:id="a"/>' if n < 1_000 else "<x/>",
        "</sheets></workbook>",
    ),
    "names of sheets": _part(
        "xl/workbook.xml",
        f"{_BOOK}<sheets>{_BOXES}",
        lambda n: f'<sheet name="{n}{"n" * 20_000}" sheetId="{n}" r:id="a"/>',
        "</sheets></workbook>",
    ),
    "relations": _part(
        "xl/worksheets/_rels/sheet1.xml.rels", "<x>", lambda n: f'<Relationship Id="r{n}" Type="x" Target="y"/>', "</x>"
    ),
    "relations of the workbook": _part(
        "_rels/.rels",
        '<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="r" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>',
        lambda n: f'<Relationship Id="r{n}" Type="x" Target="{"../" * 40}y"/>' if n < 9_000 else "<x/>",
        "</Relationships>",
    ),
    "comments": _part(
        "xl/comments1.xml",
        f'<comments xmlns="{_MAIN}"><authors><author/></authors><commentList>',
        lambda n: f'<comment ref="A{n}" authorId="0"><text><t>n</t></text></comment>',
        "</commentList></comments>",
        related="comments",
    ),
    "drawings": _part(
        "xl/drawings/drawing1.xml",
        f'<wsDr xmlns="{_DRAWING}">',
        lambda n: f"<twoCellAnchor><from><col>0</col><colOff>0</colOff><row>{n}</row><rowOff>0</rowOff></from>"
        f"<to><col>1</col><colOff>0</colOff><row>{n}</row><rowOff>0</rowOff></to><sp/><clientData/></twoCellAnchor>",
        "</wsDr>",
        related="drawing",
    ),
    "namespaces": _sheet(_END, lambda n: f'<x xmlns:a{n}="b"/>'),
    "namespaces of one element": _sheet(_END, "<x " + " ".join(f"xmlns:a{n}='b'" for n in range(20_000)) + "/>"),
    "names of elements": _sheet(_END, lambda n: f"<a{n % 9_000}/>"),
    "content types": _part(
        "[Content_Types].xml", "<Types>", lambda n: f'<Override PartName="/{n}" ContentType="x"/>', "</Types>"
    ),
    "zip entries": _entries,
}  # fmt: skip


def _text(before: str, unit: Unit, after: str = "", encoding: str = "utf-8") -> Callable[..., Path]:
    def make(path: Path, size: int, _: int) -> Path:
        path.write_bytes((before + repeat(unit, size) + after).encode(encoding))
        return path

    return make


_HEADINGS: Final = "extension_number,name,pin,prompt,recipients\n"
TEXTS: Final[Mapping[str, Callable[..., Path]]] = {
    "rows.csv": _text(_HEADINGS, lambda n: f"{n + 1000},Desk {n},{n + 402817},en-US,a{n}@example.com\n"),
    "blank rows.csv": _text(_HEADINGS, "\n"),
    "rows of separators.csv": _text(_HEADINGS, ",,,,\n"),
    "short rows.csv": _text(_HEADINGS, lambda n: f"{n + 1000}\n"),
    "rows with too many values.csv": _text(_HEADINGS, lambda n: f"{n + 1000},a,b,c,d,e,f,g\n"),
    "columns.csv": _text(_HEADINGS + "6201", lambda n: ",x" if n < 16_000 else "\n1"),
    "headings.csv": _text("name,pin", lambda n: f",a{n}" if n < 16_000 else "\n1"),
    "a long heading.csv": _text("extension_number,name,", "ab-" * 10_000, "\n6201,x,y\n"),
    "a sep line.csv": _text("sep=;", "\t", "\nname;pin\n"),
    "a line without end.csv": _text(_HEADINGS, "x"),
    "separators without end.csv": _text(_HEADINGS, ","),
    "quotes.csv": _text(_HEADINGS, lambda n: f'{n + 1000},"Desk ""{n}""","402817",,\n'),
    "quotes without end.csv": _text(_HEADINGS, '"'),
    "line breaks in quotes.csv": _text(_HEADINGS, lambda n: f'{n + 1000},"{chr(10) * 100}",402817,,\n'),
    "a quote that is not closed.csv": _text(_HEADINGS + '6201,"', "Desk\n"),
    "carriage returns.csv": _text(_HEADINGS, lambda n: f"{n + 1000},Desk\r"),
    "long quoted cells.csv": _text(_HEADINGS, lambda n: f'{n + 1000},"{chr(34) * 100_000}",402817,,\n'),
    "long cells.csv": _text(_HEADINGS, lambda n: f"{n + 1000},{'n' * 100_000},402817,,\n"),
    "one extension.csv": _text(_HEADINGS, lambda n: f"6201,Desk,{n + 402817},,\n"),
    "extensions that are none.csv": _text(_HEADINGS, lambda n: f"{'6201 ' * 200}{n},Desk,402817,,\n"),
    "names that are long.csv": _text(_HEADINGS, lambda n: f"{n + 1000},{'Ã¼' * 200},402817,,\n"),
    "prompts that are none.csv": _text(_HEADINGS, lambda n: f"{n + 1000},a,402817,en-{n:x},\n"),
    "prompts of many parts.csv": _text(_HEADINGS, lambda n: f"{n + 1000},a,402817,en{'-a1' * 4000},\n"),
    "recipients.csv": _text(_HEADINGS, lambda n: f'{n + 1000},a,402817,,"{f"a@b{n}.c " * 4000}"\n'),
    "recipients that are none.csv": _text(_HEADINGS, lambda n: f'{n + 1000},a,402817,,"a@{n} b"\n'),
    "recipients in brackets.csv": _text(_HEADINGS, lambda n: f'{n + 1000},a,402817,,"{"<" * 3000}{"a " * 3000}"\n'),
    "PINs that are none.csv": _text(_HEADINGS, lambda n: f"{n + 1000},a,{'1' * 3000}x,,\n"),
    "scientific numbers.csv": _text(_HEADINGS, f"{'1' * 9000}E{'1' * 9000}x1,a,402817,,\n"),
    "escapes.csv": _text(_HEADINGS, lambda n: f"{n + 1000},{chr(39) * 3000};'=1,402817,,\n"),
    "NULs.csv": _text(_HEADINGS, lambda n: f"{n + 1000},a,402817,,{'Desk ' * 3}\0\n"),
    "Windows text.csv": _text(_HEADINGS, lambda n: f"{n + 1000},Bü{n},402817,,\n", encoding="cp1252"),
    "UTF-16 text.csv": _text(_HEADINGS, lambda n: f"{n + 1000},Bü{n},402817,,\n", encoding="utf-16"),
    "boxes.json": _text('[{"pin": "402817"}', lambda n: f',{{"extension_number": "{n + 1000}"}}', "]"),
    "fields.json": _text("[{", lambda n: f'"f{n}": "",', '"pin": "402817"}]'),
    "boxes of a field each.json": _text("[{}", lambda n: f',{{"f{n}": "x"}}', "]"),
    "a list of numbers.json": _text('[{"x": [1', ",1", "]}]"),
    "a list of lists.json": _text('[{"x": [1', ",[]", "]}]"),
    "nested lists.json": _text('[{"x": ', "[", "]}]"),
    "a long text.json": _text('[{"pin": "', "\\u0031", '"}]'),
    "white space.json": _text("[", " \n", "]"),
}  # fmt: skip

ELEMENTS: Final = {**{f"{name}.xlsx": make for name, make in WORKBOOKS.items()}, **TEXTS}


def make_file(folder: Path, name: str, size: int) -> Path:
    """Write a file with so many bytes of one element, none of them packed."""
    return ELEMENTS[name](folder / f"a{Path(name).suffix}", size, zipfile.ZIP_STORED)


def make_packed_file(folder: Path, name: str, size: int) -> Path:
    """Write a workbook of one MiB that has so many bytes of one element at most, packed as far as can be."""
    path = WORKBOOKS[name](folder / "a.xlsx", size, zipfile.ZIP_DEFLATED)
    if (packed := path.stat().st_size) > MIB:  # as much of it as comes to that
        WORKBOOKS[name](path, size * MIB // packed * 9 // 10, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/media/image1.png", random.Random(1).randbytes(max(0, MIB - path.stat().st_size - 400)))
    return path


def main() -> None:
    """Print what reading each file takes at one and at four MiB."""
    print("| element | exit code | s at 1 MiB | at 4 MiB | slope | MiB of memory at 1 MiB | at 4 MiB |")  # noqa: T201
    print("| --- | --- | --- | --- | --- | --- | --- |")  # noqa: T201
    for name in sys.argv[1:] or ELEMENTS:
        with tempfile.TemporaryDirectory() as folder:
            small, large = (measure("validate", str(make_file(Path(folder), name, n * MIB))) for n in (1, 4))
        times = f"{small.seconds:.2f} | {large.seconds:.2f} | {large.seconds / small.seconds:.1f}"
        print(f"| {name} | {large.code} | {times} | {small.memory:.0f} | {large.memory:.0f} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
