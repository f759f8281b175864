import io
import subprocess
import sys
from pathlib import Path

import pytest

from bulkvm.errors import SheetError
from bulkvm.readers import read_sheet
from bulkvm.sheet import CellKind, Sheet
from tests.readers.made import HEADINGS, codes, texts

HEADER = ",".join(HEADINGS) + "\n"


def read(tmp_path: Path, text: str, encoding: str = "utf-8") -> Sheet:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    return read_sheet(path)


def test_a_csv_file_is_text_at_its_own_row_numbers(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + "0101,NA,024680\n\n,,\n6202, Desk ,\n")

    assert sheet.name is None
    assert sheet.header_row == 1
    assert sheet.cells.index.tolist() == [2, 5]
    assert texts(sheet) == [["0101", "NA", "024680"], ["6202", " Desk ", ""]]
    assert sheet.problems == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised_by_the_header(tmp_path: Path, delimiter: str) -> None:
    lines = [
        "a title, with; all | of\tthem",
        delimiter.join(HEADINGS),
        delimiter.join(["6201", '"a,b;c|d\te"', "402817"]),
    ]

    assert texts(read(tmp_path, "\n".join(lines))) == [["6201", "a,b;c|d\te", "402817"]]


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
def test_a_sep_line_tells_the_delimiter_and_is_no_row(tmp_path: Path, first: str) -> None:
    sheet = read(tmp_path, first + "name,also known;extension_number;pin\nDesk;6201;402817\n")

    assert sheet.header_row == 1
    assert texts(sheet) == [["Desk", "6201", "402817"]]


def test_a_sep_line_may_name_any_character(tmp_path: Path) -> None:
    assert texts(read(tmp_path, "sep=^\nname^pin\nDesk^402817\n")) == [["Desk", "402817"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems_are_read(tmp_path: Path, end: str) -> None:
    sheet = read(tmp_path, end.join(["name,pin", "Desk,402817", "", "Sales,024680"]))

    assert sheet.cells.index.tolist() == [2, 4]
    assert texts(sheet) == [["Desk", "402817"], ["Sales", "024680"]]


def test_a_quoted_cell_over_two_lines_is_one_row(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + '6201,"Front\r\nDesk",402817\n6202,"say ""hi""",024680\n')

    assert sheet.cells.index.tolist() == [2, 3]
    assert sheet.cells["B"].tolist() == ["Front\r\nDesk", 'say "hi"']


def test_missing_values_are_blank(tmp_path: Path) -> None:
    assert texts(read(tmp_path, HEADER + "6201\n")) == [["6201", "", ""]]


def test_surplus_values_are_an_error_with_the_line(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + '6201,"Front\nDesk",402817\n6202,Doe, Jane,024680\n6203,Sales,135790,,\n')

    assert codes(sheet) == [(3, "surplus-values")]
    assert sheet.problems[0].is_error
    assert "line 4 has 4 values for 3 columns" in sheet.problems[0].message
    assert '"Doe, Jane"' in sheet.problems[0].message
    assert sheet.cells.index.tolist() == [2, 3, 4]


def test_nul_bytes_are_an_error_with_the_line(tmp_path: Path) -> None:
    sheet = read(tmp_path, "sep=,\n" + HEADER + "6201,Desk\0,402817\n6202,Sales,024680\n")

    assert codes(sheet) == [(2, "nul-bytes")]
    assert "line 3" in sheet.problems[0].message


def test_an_unclosed_quote_is_an_error_with_the_line_on_which_it_opens(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + '6201,"Front\nDesk","402817\n6202,Sales,024680\n6203,Lab,135790\n')

    assert codes(sheet) == [(2, "unclosed-quote")]
    assert "line 3" in sheet.problems[0].message
    assert texts(sheet) == [["6201", "Front\nDesk", "402817"]]


def test_an_unclosed_quote_in_the_header_is_told_and_shows_nothing_of_the_rows(tmp_path: Path) -> None:
    sheet = read(tmp_path, 'extension_number,"name,pin\n6201,Desk,402817\n')

    assert codes(sheet) == [(1, "unclosed-quote")]
    assert sheet.headings == {"A": "extension_number", "B": "name"}


@pytest.mark.parametrize("text", ["\n\n", ",,\n", "sep=;\n"])
def test_a_file_of_nothing_but_blank_rows_has_no_header(tmp_path: Path, text: str) -> None:
    with pytest.raises(SheetError, match="no headings"):
        read(tmp_path, text)


def test_a_quote_that_swallows_a_long_file_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="line 2 ") as raised:
        read(tmp_path, HEADER + '6201,"Desk,402817\n' + "6202,Sales,024680\n" * 10_000)

    assert raised.value.problem.code == "unclosed-quote"


def test_a_last_row_without_line_end_is_read(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + '6201,"Desk","402817"')

    assert texts(sheet) == [["6201", "Desk", "402817"]]
    assert sheet.problems == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1.35791E+09", CellKind.SCIENTIFIC),
        ('"1,35791E+09"', CellKind.SCIENTIFIC),
        ("1E+15", CellKind.SCIENTIFIC),
        ("-1.5e-7", CellKind.SCIENTIFIC),
        ("1357910000", None),
        ("E5", None),
        ("Suite 1E5", None),
        ("1E5a", None),
    ],
)
def test_digits_in_scientific_notation_are_marked(tmp_path: Path, text: str, kind: CellKind | None) -> None:
    assert read(tmp_path, HEADER + f"{text},Desk,402817\n").kinds.get("A", {}).get(2) is kind


def test_exactly_our_own_escape_comes_off(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + "'6201,'=1+1,''+49\n'0101,'-,'\n")

    assert texts(sheet) == [["'6201", "=1+1", "'+49"], ["'0101", "-", "'"]]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((HEADER + "6201,Desk,402817\n").encode())))

    sheet = read_sheet(Path("-"))

    assert sheet.path == Path("-")
    assert texts(sheet) == [["6201", "Desk", "402817"]]


def test_a_pipe_is_read_as_standard_input() -> None:
    program = "from pathlib import Path; from bulkvm.readers import read_sheet; print(len(read_sheet(Path('-')).cells))"

    done = subprocess.run(
        [sys.executable, "-c", program], input=HEADER + "6201,Desk,402817\n", capture_output=True, text=True, check=True
    )

    assert done.stdout == "1\n"


def test_a_hundred_thousand_rows_are_read(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + "".join(f"{row},Box {row},402817\n" for row in range(100_000, 200_000)))

    assert sheet.cells.index.tolist() == list(range(2, 100_002))
    assert sheet.cells["A"].tolist() == [str(row) for row in range(100_000, 200_000)]
