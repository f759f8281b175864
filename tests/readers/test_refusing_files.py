import os
import re
import socket
import zipfile
from pathlib import Path

import pytest

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.readers import read_sheet
from tests.readers.files import HEADINGS, codes, csv_text, texts, write_workbook

ROW = ("6201", "Desk", "402817")
CSV = csv_text([HEADINGS, ROW])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"%PDF-1.7\n", "a PDF document", id="pdf"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "a picture", id="picture"),
        pytest.param(b"\xef\xbb\xbf\n<HTML><table><tr><td>6201", "a web page", id="html"),
        pytest.param(
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "the old XML format",
            id="excel 2003 xml",
        ),
        pytest.param(b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS', "a DIF file, which cannot be read", id="dif"),
        pytest.param(
            b'ID;PWXL;N;E\nP;PGeneral\nC;Y1;X1;K"Ext"', r"a SYLK file \(.slk\), which cannot be read", id="sylk"
        ),
        pytest.param(
            b'<?xml version="1.0"?>\n<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">',
            r"an OpenDocument file \(.fods\), which cannot be read. Open it in Excel or LibreOffice, save it as .xlsx",
            id="fods",
        ),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel file", id="xls"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2**20 - 20) + "EncryptedPackage".encode("utf-16-le"),
            "protected with a password",
            id="password, split between two reads",
        ),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "DRMEncryptedTransform EncryptedPackage".encode("utf-16-le"),
            r"encrypted by a sensitivity label\..*remove the label",
            id="sensitivity label",
        ),
        pytest.param(b"PK\x03\x04" + bytes(200), "damaged", id="half a zip"),
        pytest.param(bytes(range(256)) * 8 + bytes(2000), "neither a workbook nor text|damaged", id="bytes"),
        pytest.param(b"name,pin" * 2**20, "a line has more than 1,048,576 characters", id="one endless line"),
    ],
)
@pytest.mark.parametrize("suffix", ["xls", "xlsx", "csv"])
def test_a_file_type_is_detected_regardless_of_its_name(
    tmp_path: Path, content: bytes, words: str, suffix: str
) -> None:
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
def test_other_archives_are_named_by_their_type(tmp_path: Path, member: str, words: str) -> None:
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
    assert "a text file" in sheet.problems[0].message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.csv", "There is no file"),
        ("missing/boxes.csv", "There is no file"),
        ("folder", "is a folder"),
        ("~$boxes.xlsx", "is the lock file of a workbook that is open in Excel. Choose boxes.xlsx."),
        (".~lock.boxes.ods#", "is the lock file of a workbook that is open in LibreOffice. Choose boxes.ods."),
        ("boxes\0.csv", "is not a valid file name"),
    ],
)
def test_a_file_that_is_not_there_is_reported(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(UsageError, match=words):
        read_sheet(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")

    with pytest.raises(UsageError, match="use -"):
        read_sheet(tmp_path / "pipe.csv")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no sockets in folders")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("boxes.csv")

        with pytest.raises(UsageError, match="a device or a pipe"):
            read_sheet(Path("boxes.csv"))


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="all may be read here")
def test_a_file_that_may_not_be_read_shows_who_can_help(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    path.chmod(0)

    with pytest.raises(UsageError, match="open in Excel"):
        read_sheet(path)


@pytest.mark.parametrize("headings", ["ID;PIN;Ext;Name", "ID;Phone;PIN;Extension", "Id;Prompt;Ext"])
def test_headings_that_begin_like_another_format_are_read(tmp_path: Path, headings: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{headings}\nA;B;6201;Desk\n")

    assert list(read_sheet(path).headings.values()) == headings.split(";")


@pytest.mark.parametrize(
    ("name", "is_named"), [("a.html", False), ("a.xls", True), ("a.csv", True), ("a.pdf", False), ("a.xlsx", True)]
)
def test_the_name_is_pointed_out_only_if_it_is_that_of_a_sheet(tmp_path: Path, name: str, *, is_named: bool) -> None:
    path = tmp_path / name
    path.write_bytes(b"%PDF-1.7" if name.endswith("pdf") else b"<html><table></table></html>")

    with pytest.raises(SheetError) as raised:
        read_sheet(path)

    assert (", despite its name" in str(raised.value)) is is_named


@pytest.mark.parametrize("delimiter", ["^", "~", ":", "\uff0c"])
def test_another_delimiter_is_named_with_the_line_that_declares_it(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    content = CSV.replace(",", delimiter)
    path.write_text(content, "utf-8")

    with pytest.raises(SheetError, match=f"separated by .{re.escape(delimiter)}.*the line sep=") as caught:
        read_sheet(path)
    assert f"sep={delimiter} above" in str(caught.value)

    path.write_text(f"sep={delimiter}\n{content}", "utf-8")
    assert texts(read_sheet(path)) == [list(ROW)]


def test_columns_that_are_aligned_with_spaces_are_reported_so(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Extension   Name        PIN\n6201        Desk        402817\n")

    with pytest.raises(SheetError, match="columns aligned with spaces"):
        read_sheet(path)


def test_a_web_page_without_a_table_is_not_to_be_saved_as_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>")

    with pytest.raises(SheetError, match=r"such as a login page\. Download or export the sheet again") as caught:
        read_sheet(path)
    assert ".xlsx" not in str(caught.value)
