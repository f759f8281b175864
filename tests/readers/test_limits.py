"""Files made to take time or memory: each limit is met before either grows."""

import json
import struct
import zipfile
from pathlib import Path

import pytest

from bulkvm.model.errors import SheetError
from bulkvm.model.sheet import CellKind
from bulkvm.readers import read_limits as limits
from bulkvm.readers import read_sheet
from bulkvm.readers.format_codes import Formats, parse_format
from bulkvm.validation import validate
from tests.readers.files import HEADINGS, codes, header_xml, texts, write_raw_workbook

FIRST = f"<sheetData>{header_xml()}"
BOX = '<row r="2"><c t="inlineStr"><is><t>6201</t></is></c></row>'
HEADER = ",".join(HEADINGS) + "\n"


def refusal(path: Path) -> SheetError:
    with pytest.raises(SheetError) as raised:
        read_sheet(path)
    assert "\n" not in str(raised.value)
    return raised.value


def workbook_with(tmp_path: Path, cell: str, *, styles: str = "", strings: str = "") -> Path:
    row = f'<row r="2"><c t="inlineStr"><is><t>6201</t></is></c>{cell}</row>'
    return write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}{row}</sheetData>", styles=styles, strings=strings)


TOO_LONG = "n" * (limits.CELL_CHARACTERS + 1)
RUNS = "<r><t>nn</t></r>" * 100_000


@pytest.mark.parametrize(
    ("cell", "strings"),
    [
        pytest.param(f'<c t="inlineStr"><is><t>{TOO_LONG}</t></is></c>', "", id="one text"),
        pytest.param(f'<c t="inlineStr"><is>{RUNS}</is></c>', "", id="pieces"),
        pytest.param(f'<c t="inlineStr"><is><t>{"_xD83D__xDE00_" * 40_000}</t></is></c>', "", id="escapes"),
        pytest.param(f'<c t="str"><f>A1</f><v>{TOO_LONG}</v></c>', "", id="a formula"),
        pytest.param('<c t="s"><v>0</v></c>', f"<si><t>{TOO_LONG}</t></si>", id="a shared text"),
        pytest.param('<c t="s"><v>0</v></c>', f"<si>{RUNS}</si>", id="shared pieces"),
    ],
)
def test_text_beyond_what_a_cell_holds_is_not_read_and_is_an_error(tmp_path: Path, cell: str, strings: str) -> None:
    sheet = read_sheet(workbook_with(tmp_path, cell, strings=strings))

    assert len(texts(sheet)[0][1]) == limits.CELL_CHARACTERS
    assert sheet.kinds["B"] == {2: CellKind.TOO_LONG}
    assert [(p.cell, p.code) for p in validate(sheet).problems] == [("B2", "cell-too-long")]


def test_text_beyond_what_a_cell_holds_is_an_error_in_text_files_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}6201,{TOO_LONG},402817\n")
    (tmp_path / "a.json").write_text(json.dumps([{"extension_number": "6201", "name": TOO_LONG, "pin": "402817"}]))

    for name in ("a.csv", "a.json"):
        sheet = read_sheet(tmp_path / name)

        assert len(texts(sheet)[0][1]) == limits.CELL_CHARACTERS
        assert [(p.cell, p.code) for p in validate(sheet).problems] == [("B2", "cell-too-long")]


@pytest.mark.parametrize("code", ["0" * 256, "[" * 20_000, '"' * 301, "00;" * 200_000])
def test_a_number_in_a_format_that_is_too_long_is_an_error_in_any_column(tmp_path: Path, code: str) -> None:
    quoted = code.replace('"', "&quot;")
    styles = f'<numFmts><numFmt numFmtId="200" formatCode="{quoted}"/></numFmts>'
    styles += '<cellXfs><xf/><xf numFmtId="200"/></cellXfs>'

    sheet = read_sheet(workbook_with(tmp_path, '<c s="1"><v>12</v></c><c s="1"><v>402817</v></c>', styles=styles))

    assert texts(sheet) == [["6201", "12", "402817"]]
    assert [(p.cell, p.code) for p in validate(sheet).problems] == [("B2", "cell-format"), ("C2", "cell-format")]


def test_the_longest_format_of_excel_is_read(tmp_path: Path) -> None:
    styles = f'<numFmts><numFmt numFmtId="200" formatCode="{"0" * 255}"/></numFmts>'
    styles += '<cellXfs><xf/><xf numFmtId="200"/></cellXfs>'

    assert texts(read_sheet(workbook_with(tmp_path, '<c s="1"><v>12</v></c>', styles=styles))) == [
        ["6201", "12".zfill(255), ""]
    ]


def test_a_format_that_no_cell_has_is_not_parsed() -> None:
    formats = Formats(range(200, 1200), {number: f'"unused {number}"0' for number in range(200, 1200)})
    before = parse_format.cache_info().misses

    formats.for_style("7")

    assert parse_format.cache_info().misses == before + 1


def test_a_sep_line_longer_than_any_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;" + "\t" * limits.SEP_LINE_CHARACTERS + "\nname;pin\nDesk;402817\n")

    assert read_sheet(tmp_path / "a.csv").header_row == 2


def test_headings_are_cut(tmp_path: Path) -> None:
    long = "a note " * 5_000
    (tmp_path / "a.csv").write_text(f"name,pin,{long}\nDesk,402817,x\n")

    sheet = read_sheet(tmp_path / "a.csv")

    assert sheet.headings == {"A": "name", "B": "pin", "C": long[: limits.HEADING_CHARACTERS]}


def test_a_csv_record_longer_than_any_is_refused(tmp_path: Path) -> None:
    lines = ",".join(['"' + "x\n" * 10_000 + '"'] * 100)
    (tmp_path / "a.csv").write_text(f"{HEADER}6201,Desk,402817\n{lines}\n")

    refused = refusal(tmp_path / "a.csv")

    assert refused.problem.code == "too-large"
    assert "on line 3" in str(refused)


def test_a_json_box_longer_than_any_is_refused_and_a_long_list_is_not(tmp_path: Path) -> None:
    boxes = [{"extension_number": f"{number}", "note": "x" * 1_000} for number in range(1_000, 3_000)]
    (tmp_path / "long.json").write_text(json.dumps(boxes))
    (tmp_path / "wide.json").write_text('[{"pin": "402817"}, {"x": [' + "1," * 600_000 + "1]}]")

    assert len(read_sheet(tmp_path / "long.json").cells) == 2_000
    assert "in box 2, there are more than 1,048,576 characters" in str(refusal(tmp_path / "wide.json"))


def test_an_archive_of_more_parts_than_a_workbook_has_is_refused_unread(tmp_path: Path) -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *[0] * 18) + b""
    count = limits.DIRECTORY_BYTES // len(entry) + 1
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, count * len(entry), 4, 0)
    (tmp_path / "a.xlsx").write_bytes(b"PK\3\4" + entry * count + end)

    refused = refusal(tmp_path / "a.xlsx")

    assert refused.problem.code == "hostile"
    assert "more parts" in str(refused)


def test_a_small_file_that_unpacks_to_very_much_is_refused_unread(tmp_path: Path) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}{BOX}{' ' * (limits.UNPACKED_BASE + 2**22)}</sheetData>")

    assert refusal(path).problem.code == "too-large"


def test_parts_packed_as_no_spreadsheet_program_does_are_refused(tmp_path: Path) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}{BOX}</sheetData>")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/added.xml", "x", zipfile.ZIP_LZMA)

    assert refusal(path).problem.code == "damaged"


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param("<x/>" * 25_000, id="elements"),
        pytest.param("<row/>" * 12_500 + "<x/>" * 12_500, id="rows"),
        pytest.param("<x a='1' b='2' c='3' d='4' e='5' f='6'/>" * 10_000, id="attributes"),
    ],
)
def test_xml_of_far_more_elements_than_its_size_allows_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sheet: str
) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}{BOX}</sheetData>{sheet}")
    monkeypatch.setattr(limits, "STEPS_BASE", 80_000)

    assert refusal(path).problem.code == "hostile"


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param("<x " + " ".join(f"a{n}=''" for n in range(1_000)) + "/>", id="attributes of one element"),
        pytest.param("".join(f"<x{n}/>" for n in range(20_000)), id="names"),
    ],
)
def test_xml_of_more_names_than_any_workbook_has_is_refused(tmp_path: Path, sheet: str) -> None:
    path = write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}{BOX}</sheetData>{sheet}")

    assert refusal(path).problem.code == "hostile"


def test_far_more_rows_than_other_files_of_a_size_have_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ROWS_BASE", 2**10)
    (tmp_path / "a.csv").write_text("extension_number\n" + "7\n" * (limits.ROWS_BASE * 3 // 2))
    same = "<row><c><v>7</v></c></row>" * (limits.ROWS_BASE + 2_000)
    write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}{same}</sheetData>")

    for name in ("a.csv", "a.xlsx"):
        assert refusal(tmp_path / name).problem.code == "too-large"


def test_a_file_that_names_as_many_boxes_as_there_are_numbers_of_its_length_is_read(tmp_path: Path) -> None:
    numbers = "\n".join(map(str, range(100_000, 400_000)))
    (tmp_path / "a.csv").write_text(f"extension_number\n{numbers}\n")

    assert len(read_sheet(tmp_path / "a.csv").cells) == 300_000


def sheets(count: int) -> str:
    named = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="a"/>' for n in range(1, count + 1))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{named}</sheets></workbook>'


def test_a_part_that_many_sheets_share_is_read_once(tmp_path: Path) -> None:
    cells = "<row>" + "<c/>" * 10_000 + "</row>"
    path = write_raw_workbook(
        tmp_path / "a.xlsx", f"{FIRST}{BOX}{cells}</sheetData>", extra={"xl/workbook.xml": sheets(1_000)}
    )

    assert refusal(path).problem.code == "several-sheets"
    assert len(str(refusal(path))) < 400


def test_more_sheets_than_any_workbook_has_are_refused(tmp_path: Path) -> None:
    path = write_raw_workbook(
        tmp_path / "a.xlsx", f"{FIRST}{BOX}</sheetData>", extra={"xl/workbook.xml": sheets(limits.SHEETS + 1)}
    )

    assert refusal(path).problem.code == "too-large"


def test_repeated_merged_ranges_are_counted_once(tmp_path: Path) -> None:
    merged = "<mergeCells>" + '<mergeCell ref="A2:A3"/>' * 20_000 + "</mergeCells>"
    path = write_raw_workbook(tmp_path / "a.xlsx", f"{FIRST}{BOX}</sheetData>{merged}")

    assert codes(read_sheet(path)) == [(2, "merged-cells")]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("prompt", "en" + "-a1" * 4_000),
        ("recipients", "a@b.com " * 4_000),
        ("recipients", ("a" * 5_000 + "@b.com ") * 6),
        ("extension_number", "6201 " * 6_000),
    ],
)
def test_a_long_cell_is_refused_in_a_few_short_words(tmp_path: Path, header: str, text: str) -> None:
    columns = dict.fromkeys(("extension_number", header), "6201") | {header: text}
    (tmp_path / "a.csv").write_text(
        ",".join(columns) + "\n" + ",".join(f'"{value}"' for value in columns.values()) + "\n"
    )

    problems = [problem for problem in validate(read_sheet(tmp_path / "a.csv")).problems if problem.row == 2]

    assert any(problem.is_error for problem in problems)
    assert sum(len(problem.message) for problem in problems) < 1_000
