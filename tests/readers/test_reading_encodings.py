from pathlib import Path

import pytest

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.sheet import Sheet
from bulkvm.readers import read_sheet
from tests.readers.files import texts

TEXT = "extension_number,name,pin\n6201,Büro München €,402817\n"


def read(tmp_path: Path, content: bytes, encoding: str | None = None) -> Sheet:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    return read_sheet(path, encoding=encoding)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT.encode("utf-8"), id="utf-8"),
        pytest.param(TEXT.encode("utf-8-sig"), id="utf-8 with mark"),
        pytest.param(b"\xff\xfe" + TEXT.encode("utf-16-le"), id="utf-16 little"),
        pytest.param(b"\xfe\xff" + TEXT.encode("utf-16-be"), id="utf-16 big"),
    ],
)
def test_utf_8_and_marked_utf_16_are_read_without_a_warning(tmp_path: Path, content: bytes) -> None:
    sheet = read(tmp_path, content)

    assert texts(sheet) == [["6201", "Büro München €", "402817"]]
    assert sheet.headings["A"] == "extension_number"
    assert sheet.problems == ()


def test_anything_else_is_windows_1252_with_a_warning_that_shows_a_changed_word(tmp_path: Path) -> None:
    sheet = read(tmp_path, TEXT.encode("cp1252"))

    assert sheet.cells.loc[2, "B"] == "Büro München €"
    (problem,) = sheet.problems
    assert (problem.code, problem.row, problem.is_error) == ("encoding", None, False)
    assert '"Büro"' in problem.message
    assert "line 2" in problem.message
    assert "--encoding" in problem.message


def test_a_changed_word_never_shows_digits_around_it(tmp_path: Path) -> None:
    sheet = read(tmp_path, "name,pin\nDesk,4028é17\n".encode("cp1252"))

    assert '"é"' in sheet.problems[0].message
    assert "4028" not in sheet.problems[0].message


def test_bytes_far_into_the_file_decide_too(tmp_path: Path) -> None:
    sheet = read(tmp_path, (TEXT + "6202,Desk,402817\n" * 20_000 + "6203,Café,402817\n").encode("cp1252"))

    assert sheet.cells["B"].iloc[-1] == "Café"
    assert "line 3 " not in sheet.problems[0].message


@pytest.mark.parametrize("encoding", ["cp850", "ISO-8859-15", "utf-16-le", "utf-8", "utf_8_sig"])
def test_a_named_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    text = TEXT.replace("€", "")

    sheet = read(tmp_path, text.encode(encoding), encoding)

    assert sheet.cells.loc[2, "B"] == "Büro München "
    assert sheet.problems == ()


def test_a_mark_before_a_named_encoding_is_no_part_of_the_heading(tmp_path: Path) -> None:
    assert read(tmp_path, TEXT.encode("utf-8-sig"), "utf-8").headings["A"] == "extension_number"


@pytest.mark.parametrize("encoding", ["klingon", "hex", "a\0b", "zlib", "idna2"])
def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UsageError, match="encoding"):
        read(tmp_path, TEXT.encode(), encoding)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param(b"name,pin\n\x81\xff,402817\n", None, id="no windows-1252 either"),
        pytest.param(TEXT.encode("cp1252"), "utf-8", id="not the named one"),
        pytest.param(b"\xff\xfen\0a\0m", None, id="half a character of utf-16"),
        pytest.param(b"name,pin\n", "undefined", id="an encoding that never works"),
    ],
)
def test_text_that_is_not_in_its_encoding_is_refused(tmp_path: Path, content: bytes, encoding: str | None) -> None:
    with pytest.raises(SheetError, match="--encoding") as raised:
        read(tmp_path, content, encoding)

    assert raised.value.problem.code == "encoding"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(SheetError, match=f"--encoding {encoding}"):
        read(tmp_path, TEXT.encode(encoding))
