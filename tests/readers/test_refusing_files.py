import os
import shutil
import socket
import subprocess
import zipfile
from pathlib import Path

import pytest

from bulkvm.errors import SheetError, UsageError
from bulkvm.readers import read_sheet
from tests.readers.made import HEADINGS, codes, csv_text, header_xml, texts, write_raw_workbook, write_workbook

ROW = ("6201", "Desk", "402817")
CSV = csv_text([HEADINGS, ROW])


@pytest.fixture(scope="session")
def by_libreoffice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workbook, saved by LibreOffice as each of its kinds."""
    if not (office := shutil.which("soffice")):
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("libreoffice")
    made = write_workbook(
        folder / "made.xlsx", HEADINGS, ["0101", "Büro", 402817], [102, "=A3*2", 24680], formats={"C3": "000000"}
    )
    for kind in ("xlsx", "xls", "ods"):
        command = (office, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", kind)
        subprocess.run((*command, "--outdir", folder / kind, made), check=True, capture_output=True)
    return folder


def test_a_workbook_of_libreoffice_is_read(by_libreoffice: Path) -> None:
    sheet = read_sheet(by_libreoffice / "xlsx" / "made.xlsx")

    assert texts(sheet) == [["0101", "Büro", "402817"], ["102", "=A3*2", "024680"]]
    assert sheet.problems == ()


@pytest.mark.parametrize(("kind", "words"), [("xls", "an old Excel file"), ("ods", "an OpenDocument file")])
def test_old_and_other_workbooks_are_refused_with_how_to_save_them(by_libreoffice: Path, kind: str, words: str) -> None:
    with pytest.raises(SheetError, match=rf"{words}.*save it as \.xlsx"):
        read_sheet(by_libreoffice / kind / f"made.{kind}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"%PDF-1.7\n", "a PDF document", id="pdf"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "a picture", id="picture"),
        pytest.param(b"\xef\xbb\xbf\n<HTML><table><tr><td>6201", "a web page", id="html"),
        pytest.param(
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "an old XML form",
            id="excel 2003 xml",
        ),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel file", id="xls"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2**20 - 20) + "EncryptedPackage".encode("utf-16-le"),
            "protected with a password",
            id="password, told across a read",
        ),
        pytest.param(b"PK\x03\x04" + bytes(200), "damaged", id="half a zip"),
        pytest.param(bytes(range(256)) * 8 + bytes(2000), "neither a workbook nor text", id="bytes"),
        pytest.param(b"name,pin" * 2**20, "a line in it is endless", id="one endless line"),
    ],
)
@pytest.mark.parametrize("suffix", ["xls", "xlsx", "csv"])
def test_a_file_is_called_what_it_is_whatever_its_name(tmp_path: Path, content: bytes, words: str, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)

    with pytest.raises(SheetError, match=words):
        read_sheet(path)


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("xl/workbook.bin", "a binary workbook"),
        ("mimetype", "an OpenDocument file"),
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a presentation"),
        ("Index/Document.iwa", "a Numbers document"),
        ("boxes.csv", "an archive"),
    ],
)
def test_other_archives_are_called_what_they_are(tmp_path: Path, member: str, words: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr(member, "")

    with pytest.raises(SheetError, match=words):
        read_sheet(tmp_path / "a.xlsx")


@pytest.mark.parametrize("suffix", ["csv", "xls", "txt"])
def test_a_workbook_under_another_name_is_read_with_a_warning(tmp_path: Path, suffix: str) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, ROW).rename(tmp_path / f"a.{suffix}")

    sheet = read_sheet(path)

    assert texts(sheet) == [list(ROW)]
    assert codes(sheet) == ([(None, "mislabelled")] if suffix != "xls" else [])


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_text_under_the_name_of_a_workbook_is_read_with_a_warning(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_text(CSV)

    sheet = read_sheet(path)

    assert texts(sheet) == [list(ROW)]
    assert codes(sheet) == [(None, "mislabelled")]
    assert "plain text" in sheet.problems[0].message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.csv", "There is no file"),
        ("missing/boxes.csv", "There is no file"),
        ("folder", "is a folder"),
        ("~$boxes.xlsx", "keeps it beside"),
        (".~lock.boxes.ods#", "keeps it beside"),
        ("boxes\0.csv", "not the name of a file"),
    ],
)
def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(UsageError, match=words):
        read_sheet(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")

    with pytest.raises(UsageError, match="give -"):
        read_sheet(tmp_path / "pipe.csv")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no sockets in folders")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("boxes.csv")

        with pytest.raises(UsageError, match="a device or a pipe"):
            read_sheet(Path("boxes.csv"))


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="all may be read here")
def test_a_file_that_may_not_be_read_says_who_can_help(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    path.chmod(0)

    with pytest.raises(UsageError, match="open in Excel"):
        read_sheet(path)


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

    with pytest.raises(SheetError, match="too big") as raised:
        read_sheet(path)

    assert raised.value.problem.code == "too-large"


@pytest.mark.parametrize(("declared", "words"), [(2**30, "too big"), (100, "damaged")])
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
        pytest.param(f'{FIRST}<row r="3"/><row r="2"/></sheetData>', id="rows out of order"),
        pytest.param(f'{FIRST}<row r="2"><c r="B2"/><c r="A2"/></row></sheetData>', id="cells out of order"),
        pytest.param(f'{FIRST}<row r="2"><c r="A3"/></row></sheetData>', id="a cell of another row"),
        pytest.param(f'{FIRST}<row r="1048577"/></sheetData>', id="a row too many"),
        pytest.param(f'{FIRST}<row r="2"><c r="XFE2"/></row></sheetData>', id="a column too many"),
        pytest.param(f'{FIRST}<row r="2"><c><v>one</v></c></row></sheetData>', id="a number that is none"),
        pytest.param(f'{FIRST}<row r="2"><c><v>1e999</v></c></row></sheetData>', id="infinity"),
        pytest.param(f'{FIRST}<row r="2"><c t="s"><v>7</v></c></row></sheetData>', id="a string that is not there"),
        pytest.param(f'{FIRST}<row r="2"><c s="7"><v>7</v></c></row></sheetData>', id="a style that is not there"),
        pytest.param(f'{FIRST}<row r="2"><c t="x"><v>7</v></c></row></sheetData>', id="an unknown type"),
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
    assert raised.value.__cause__ is not None


@pytest.mark.parametrize("part", ["_rels/.rels", "xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_that_lacks_a_part_is_refused(tmp_path: Path, part: str) -> None:
    whole = write_workbook(tmp_path / "whole.xlsx", HEADINGS, ROW)
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

    with pytest.raises(SheetError, match="more than can be read") as raised:
        read_sheet(tmp_path / "a.csv")

    assert raised.value.problem.code == "too-large"


def test_the_longest_cell_of_excel_is_read(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADINGS, ["6201", "n" * 32_767])

    assert read_sheet(path).cells.loc[2, "B"] == "n" * 32_767
