import io
import subprocess
import sys
from pathlib import Path

import pytest

from bulkvm.columns.name import equal_names
from bulkvm.model.errors import SheetError
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import write_export
from bulkvm.validation import validate, warn_of_blanks
from tests.boxes import full_box
from tests.readers.files import HEADINGS, codes, texts

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
def test_a_sep_line_sets_the_delimiter_and_is_no_row(tmp_path: Path, first: str) -> None:
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


def test_missing_values_are_blank_with_one_warning_for_the_file(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + "6201\n6202,Desk,024680\n\n6203,Sales\n")

    assert texts(sheet) == [["6201", "", ""], ["6202", "Desk", "024680"], ["6203", "Sales", ""]]
    assert codes(sheet) == [(None, "missing-values")]
    assert "lines 2, 5 have fewer values" in sheet.problems[0].message
    assert not sheet.problems[0].is_error


@pytest.mark.parametrize("end", ["", "\r\n"])
def test_columns_that_no_heading_is_above_need_no_values(tmp_path: Path, end: str) -> None:
    assert codes(read(tmp_path, "name,pin,,\nDesk,402817" + end)) == []


def test_a_file_that_ends_in_the_middle_of_its_last_row_was_cut_off(tmp_path: Path) -> None:
    sheet = read(tmp_path, "extension_number,pin,name\n6201,024680,Desk\n6202,918835")

    assert codes(sheet) == [(3, "cut-off")]
    assert sheet.problems[0].is_error
    assert [record.row for record in validate(sheet).records] == [2]


def test_a_last_row_without_a_line_end_is_read(tmp_path: Path) -> None:
    assert codes(read(tmp_path, HEADER + "6201,Desk,024680")) == []


def test_surplus_values_are_an_error_with_the_line(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + '6201,"Front\nDesk",402817\n6202,Doe, Jane,024680\n6203,Sales,135790,,\n')

    assert codes(sheet) == [(3, "surplus-values")]
    assert sheet.problems[0].is_error
    assert "line 4 has 4 values for 3 columns" in sheet.problems[0].message
    assert '"Doe, Jane"' in sheet.problems[0].message_with_option
    assert "quotes" not in sheet.problems[0].message  # in a workbook, they would become part of the name
    assert sheet.cells.index.tolist() == [2, 3, 4]


def test_values_that_a_comma_moved_have_no_problems_of_their_own(tmp_path: Path) -> None:
    heading = "extension_number,name,pin,notify,recipients\n"
    sheet = read(tmp_path, heading + "6201,Doe, Jane,402817,yes,a@example.com\n6201,Lab,402818,no,\n")

    checked = validate(sheet)

    assert [(problem.row, problem.code) for problem in (*checked.problems, *warn_of_blanks(checked))] == [
        (2, "surplus-values"),
        (2, "extension-twice"),
        (3, "extension-twice"),
    ]


def test_surplus_values_are_kept_below_no_heading_and_reported_once(tmp_path: Path) -> None:
    sheet = read(tmp_path, HEADER + "6201,Desk,402817\n6202,Sales,024680,,'=x,1E5\n")

    assert sheet.cells.columns.tolist() == ["A", "B", "C", "E", "F"]
    assert texts(sheet) == [["6201", "Desk", "402817", "", ""], ["6202", "Sales", "024680", "=x", "1E5"]]
    assert list(sheet.headings) == ["A", "B", "C"]
    assert [(problem.row, problem.code) for problem in validate(sheet).problems] == [(3, "surplus-values")]


@pytest.mark.parametrize("text", ["name,pin{}\nDesk,402817\n", "name,pin\nDesk,402817{}\n"])
def test_values_beyond_the_last_column_of_excel_are_an_error_of_the_file(tmp_path: Path, text: str) -> None:
    read(tmp_path, text.format("," * 16_382 + ",,"))
    with pytest.raises(SheetError, match=r"16,385 values on line .*16,384 columns"):
        read(tmp_path, text.format("," * 16_383 + "x"))


def test_nul_bytes_are_an_error_with_the_line(tmp_path: Path) -> None:
    sheet = read(tmp_path, "sep=,\n" + HEADER + "6201,Desk\0,402817\n6202,Sales,024680\n")

    assert codes(sheet) == [(2, "nul-bytes")]
    assert "line 3" in sheet.problems[0].message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(HEADER + '6201,"Desk', 2, id="in the last line"),
        pytest.param(HEADER + '6201,"Front\nDesk","402817\n6202,Sales,024680\n', 3, id="to the end of the file"),
        pytest.param(HEADER + '6201,"Desk,402817\n' + "6202,Sales,024680\n" * 10_000, 2, id="beyond any cell's length"),
        pytest.param("\n" + HEADER + '\n"6201","\n","402817' + "\n6202" * 60_000, 5, id="the same after other lines"),
        pytest.param(HEADER + '6201,"Desk,402817\n6202,"Sales",024680\n', 2, id="to the next row in quotes"),
        pytest.param('sep=;\nextension_number;"name;pin\n6201;Desk;402817\n', 2, id="in the header"),
        pytest.param('"Boxes\n' + HEADER + "6201,Desk,402817\n", 1, id="in the title"),
        pytest.param('"Boxes\n' + HEADER + "6201,Desk,402817\n" * 10_000, 1, id="in the title of a long file"),
        pytest.param('"a"b,"c', 1, id="in the only line"),
    ],
)
def test_an_unclosed_quote_is_an_error_of_the_file_that_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(SheetError, match=rf"opens on line {line} and is not closed.*Close the quote") as raised:
        read(tmp_path, text)

    assert raised.value.problem.code == "unclosed-quote"
    assert raised.value.problem.row is None


def test_a_quote_that_only_another_delimiter_would_open_is_text(tmp_path: Path) -> None:
    assert texts(read(tmp_path, 'name;pin\nRoom 5,"x;402817\n')) == [['Room 5,"x', "402817"]]


def test_an_endless_cell_without_quotes_is_reported_as_such(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="more than 131,072 characters on line 3") as raised:
        read(tmp_path, HEADER + f"6201,Desk,402817\n6202,{'x' * 131_073},024680\n6203,Lab,135790\n")

    assert raised.value.problem.code == "cell-too-long"
    assert "quote" not in str(raised.value)


@pytest.mark.parametrize("text", ["\n\n", ",,\n", " ; ;\r\n" * 50, '"","",""\n', "\u200b\n", "\ufeff", "|\n\t\n"])
def test_a_file_of_nothing_but_blank_rows_is_empty(tmp_path: Path, text: str) -> None:
    with pytest.raises(SheetError, match=r"a\.csv is empty\.") as raised:
        read(tmp_path, text)

    assert raised.value.problem.code == "empty"


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


def test_only_the_escape_of_an_export_is_removed(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\x1e"])
@pytest.mark.parametrize("rows", [["6201,Front Desk"], ["6201,Front Desk", "6202,Sales", ""]])
def test_other_characters_at_the_ends_of_all_lines_are_an_error(tmp_path: Path, end: str, rows: list[str]) -> None:
    with pytest.raises(SheetError, match=r"ends its lines with the character .* no line end of a CSV file"):
        read(tmp_path, end.join(["Ext,Name", *rows]))


@pytest.mark.parametrize("end", ["\u2028", "\x0b", "\x85"])
def test_other_characters_inside_cells_are_read(tmp_path: Path, end: str) -> None:
    sheet = read(tmp_path, f"Ext,Display{end}Name\n6201,Front{end}Desk\n")

    assert texts(sheet) == [["6201", f"Front{end}Desk"]]


@pytest.mark.parametrize("name", ["#N/A", "#REF!", "#NV", "#####", "Err:502", "'#N/A", "#WERT!", " #N/A", "=NA()"])
def test_a_box_named_like_an_error_value_is_restored_from_a_csv_file(tmp_path: Path, name: str) -> None:
    write_export(tmp_path / "boxes.csv", [full_box(name=name)])

    checked = validate(read_sheet(tmp_path / "boxes.csv"))

    (record,) = checked.records
    assert equal_names(str(record.name), name)
    assert not any(problem.is_error for problem in checked.problems)


def test_a_row_that_lacks_a_value_before_a_password_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("extension_number,name,pin,SIP password,note\n6201,402817,73915608,\n6202,Lab,582046,99,\n")

    (problem,) = read_sheet(path).problems

    assert (problem.row, problem.code, problem.is_error) == (2, "missing-values", False)
    assert "one of them may be the password of something else" in problem.message
