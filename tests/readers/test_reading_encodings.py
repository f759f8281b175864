import re
from pathlib import Path

import pytest

from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.sheet import Sheet
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
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
        pytest.param(b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"), id="utf-32 little"),
        pytest.param(b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), id="utf-32 big"),
    ],
)
def test_utf_8_and_marked_utf_16_and_32_are_read_without_a_warning(tmp_path: Path, content: bytes) -> None:
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
    assert "--encoding" in problem.option


def test_a_changed_word_never_shows_digits_around_it(tmp_path: Path) -> None:
    sheet = read(tmp_path, "name,pin\nDesk,4028é17\n".encode("cp1252"))

    assert '"é"' in sheet.problems[0].message
    assert "4028" not in sheet.problems[0].message


@pytest.mark.parametrize(
    ("encoding", "names", "shown"),
    [
        ("cp1250", ["Novák", "Hotel", "Dvořák"], 'line 2 contains "Novák", line 4 "Dvoøák". If one of these'),
        ("cp1254", ["Ünal", "Şahin"], 'line 2 contains "Ünal", line 3 "Þahin". If one of these'),
    ],
)
def test_words_with_other_letters_are_shown_too(tmp_path: Path, encoding: str, names: list[str], shown: str) -> None:
    rows = "".join(f"{6200 + number},{name},402817\n" for number, name in enumerate(names))

    sheet = read(tmp_path, ("extension_number,name,pin\n" + rows).encode(encoding))

    assert shown in sheet.problems[0].message


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("mac_roman", "Jürgen"), ("mac_roman", "Café"), ("mac_roman", "BÜRO"), ("cp850", "René"), ("cp850", "MÜLLER"),
     ("iso8859-15", "Œuvre"), ("cp1250", "Łukasz")],
)  # fmt: skip
def test_the_encoding_in_which_the_words_look_right_is_suggested(tmp_path: Path, encoding: str, name: str) -> None:
    content = f"extension_number,name,pin\n6201,{name},402817\n".encode(encoding)

    (problem,) = read(tmp_path, content).problems

    suggested = re.search(r"--encoding (\S+), if \"(.*)\" is right", problem.option)
    assert suggested
    assert suggested[2] == name
    assert read(tmp_path, content, suggested[1]).cells.loc[2, "B"] == name


@pytest.mark.parametrize(
    "name",
    ["Jürgen Müller", "O\u2019Brien", "\u201cDesk\u201d", "Zimmer § 5", "CAFÉ", "Ångström", "Weiß", "Œuvre", "50 €"],
)
def test_words_that_look_right_in_windows_1252_get_no_other_suggestion(tmp_path: Path, name: str) -> None:
    (problem,) = read(tmp_path, f"extension_number,name,pin\n6201,{name},402817\n".encode("cp1252")).problems

    assert problem.option == "Or give the encoding with --encoding."


def test_a_long_text_without_spaces_is_cut_in_a_suggestion(tmp_path: Path) -> None:
    content = f"extension_number,name,notes\n6201,Jürgen{'a' * 200},{'a' * 30_000}\n".encode("mac_roman")

    (problem,) = read(tmp_path, content).problems

    assert problem.option == f'Or read it with --encoding mac_roman, if "Jürgen{"a" * 33}…" is right.'


def test_a_file_that_cannot_be_windows_1252_gets_a_suggestion_too(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match='With --encoding mac_roman, a word in it is "Leclère"'):
        read(tmp_path, "extension_number,name,pin\n6201,Leclère,402817\n".encode("mac_roman"))


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


def test_a_byte_order_mark_before_a_named_encoding_is_not_part_of_the_heading(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_utf_16_without_its_mark_is_refused_by_name(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(SheetError, match=f"--encoding {encoding}"):
        read(tmp_path, TEXT.encode(encoding))


UTF_8, ANSI = "utf-8", "cp1252"


@pytest.mark.parametrize(
    ("names", "foreign", "usual", "stored"),
    [
        pytest.param([("Büro", UTF_8), ("Café", UTF_8), ("Señor Peña", ANSI)], [4], "UTF-8", "F1 F1", id="the last"),
        pytest.param([("Señor", ANSI), ("Büro", UTF_8), ("Café", UTF_8)], [2], "UTF-8", "F1", id="the first"),
        pytest.param([("Büro", UTF_8), ("Desk", UTF_8), ("Señor", ANSI)], [4], "UTF-8", "F1", id="one of each"),
        pytest.param([("Büro", ANSI), ("Café", ANSI), ("Señor", UTF_8)], [4], "Windows-1252", "C3 B1", id="reverse"),
        pytest.param([("Büro", ANSI), ("Señor", UTF_8), ("Café", ANSI), ("Tür", UTF_8), ("É", ANSI)], [3, 5],
                     "Windows-1252", "C3 B1", id="two of five"),
        pytest.param([("Büro\nTür", UTF_8), ("Lab\nSeñor", ANSI), ("Café", UTF_8)], [3], "UTF-8", "F1", id="two lines"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_in_another_encoding_are_errors_and_the_others_are_read(
    tmp_path: Path, names: list[tuple[str, str]], foreign: list[int], usual: str, stored: str, end: str
) -> None:
    rows = [f'62{n:02},"{name}",40281{n}{end}'.encode(encoding) for n, (name, encoding) in enumerate(names)]

    sheet = read(tmp_path, f"extension_number,name,pin{end}".encode() + b"".join(rows))

    assert sheet.cells["B"].tolist() == [name for name, _ in names]
    errors = [problem for problem in sheet.problems if problem.is_error]
    assert [(p.row, p.cell, p.code) for p in errors] == [(row, f"B{row}", "encoding") for row in foreign]
    assert f"The bytes {stored} on line " in errors[0].message
    assert f"are not {usual}," in errors[0].message
    assert [record.row for record in validate(sheet).records] == [
        row for row in range(2, 2 + len(names)) if row not in foreign
    ]


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8"])
def test_a_line_in_another_encoding_does_not_refuse_a_file_in_utf_8(tmp_path: Path, encoding: str | None) -> None:
    content = TEXT.encode() + "6202,Señor,519284\n".encode("cp1252")

    assert len(validate(read(tmp_path, content, encoding)).records) == 1


def test_undecodable_bytes_in_a_column_that_is_not_read_are_not_an_error(tmp_path: Path) -> None:
    content = "Ext,Name,Größe\n6201,Büro,groß\n".encode() + "6202,Lab,größer\n".encode("cp1252")

    assert len(validate(read(tmp_path, content)).records) == 2


def test_a_heading_in_another_encoding_is_recognized(tmp_path: Path) -> None:
    content = "Extension,Préférence,Name\n".encode("cp1252") + "6201,x,Büro\n6202,x,Café\n".encode()

    sheet = read(tmp_path, content)

    assert sheet.headings["B"] == "Préférence"
    assert len(validate(sheet).records) == 2


def test_no_message_about_bytes_shows_a_pin(tmp_path: Path) -> None:
    content = TEXT.encode() + "6202,Lab,4028é17\n".encode("cp1252")

    (problem,) = read(tmp_path, content).problems

    assert problem.cell == "C3"
    assert not any(digits in problem.message for digits in ("4028", "17"))
