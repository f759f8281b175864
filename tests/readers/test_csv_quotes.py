"""Quotes, errors of spreadsheets and end marks in CSV files: no value is shifted or changed without a word."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns.csv_escape import escape_formula
from bulkvm.columns.name import no_wrong_encoding
from bulkvm.model.errors import SheetError
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.model.sheet import CellKind, Sheet
from bulkvm.readers import read_sheet
from bulkvm.readers.csv_quotes import Quotes, _patterns, classify_quotes
from bulkvm.validation import validate
from tests.readers.files import HEADINGS, codes, texts

HEADER = ",".join(HEADINGS) + "\n"


def read(tmp_path: Path, text: str) -> Sheet:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    return read_sheet(path)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (HEADER + '6201, "Front Desk", 402817\n', [["6201", "Front Desk", "402817"]]),
        (HEADER + '6201,   "Lee, Bob", 402817\n', [["6201", "Lee, Bob", "402817"]]),
        (HEADER + '6201, "Front\nDesk", 402817\n6202, Lab, 519284\n',
         [["6201", "Front\nDesk", "402817"], ["6202", "Lab", "519284"]]),
        (HEADER + '6201, "say ""hi""", 402817\n', [["6201", 'say "hi"', "402817"]]),
        ('"extension_number", "name", "pin"\n"6201", "Lab" , "402817"\n', [["6201", "Lab ", "402817"]]),
        (HEADER.replace(",", ";") + '6201; "Lab; 2"; 402817\n', [["6201", "Lab; 2", "402817"]]),
    ],
)  # fmt: skip
def test_spaces_before_a_quote_are_left_out_with_one_warning(tmp_path: Path, text: str, rows: list[list[str]]) -> None:
    sheet = read(tmp_path, text)

    assert texts(sheet) == rows
    assert codes(sheet) == [(None, "space-before-quote")]
    assert not sheet.problems[0].is_error


@pytest.mark.parametrize(
    "name",
    ['"Lee "Bob" X"', '"5" pipe"', r'"say \"hi\""', '"a ""b" c"', '"C"D', '""x', ' "Lee" Bob', '"a"b"', '"a" "b"'],
)
def test_text_beside_the_quotes_around_a_value_is_an_error_with_the_line(tmp_path: Path, name: str) -> None:
    sheet = read(tmp_path, HEADER + f"6201,Lab,402817\n6202,{name},519284\n6203,Desk,738491\n")

    (problem,) = [problem for problem in sheet.problems if problem.is_error]
    assert (problem.row, problem.code) == (3, "quotes")
    assert "line 3" in problem.message
    assert [record.row for record in validate(sheet).records] == [2, 4]


@pytest.mark.parametrize(
    ("name", "text"),
    [('5" pipe', '5" pipe'), ('Lee "Bob" X', 'Lee "Bob" X'), ('"Lab"', "Lab"), ('""', ""), ('"a ""b"" c"', 'a "b" c'),
     ('"Lab"  ', "Lab  "), ('"Front\nDesk" ', "Front\nDesk "), ('"Front\r\nDesk"  ', "Front\r\nDesk  ")],
)  # fmt: skip
def test_quotes_that_are_certain_are_read_without_a_warning(tmp_path: Path, name: str, text: str) -> None:
    sheet = read(tmp_path, HEADER + f"6201,{name},402817\n6202,Lab,519284\n")

    assert texts(sheet) == [["6201", text, "402817"], ["6202", "Lab", "519284"]]
    assert codes(sheet) == []


@pytest.mark.parametrize(
    "text",
    ["#N/A", "#REF!", "#NAME?", "#DIV/0!", "#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#NOM?", "#VALEUR!", "#¡REF!",
     "#¿NOMBRE?", "#¡VALOR!", "#RIF!", "#VALORE!", "#N/B", "#VERW!", "#WAARDE!", "#N/DISP", "#NÚM!", " #n/a ",
     "#SPILL!", "Err:502", "#ERROR!", "#VALEUR !", "#OVERLOOP!",
     "########"],
)  # fmt: skip
def test_an_error_value_of_a_spreadsheet_is_not_a_name(tmp_path: Path, text: str) -> None:
    checked = validate(read(tmp_path, HEADER + f"6201,{text},402817\n"))

    assert [(problem.cell, problem.code) for problem in checked.problems] == [("B2", "excel-error")]


@pytest.mark.parametrize("text", ["#1 Taxi Desk", "#", "Err", "Error: Desk", "N/A Desk", "#NAME", "East", "#REF! Desk"])
def test_a_name_that_resembles_an_error_value_is_accepted(tmp_path: Path, text: str) -> None:
    assert [record.name for record in validate(read(tmp_path, HEADER + f"6201,{text},402817\n")).records] == [text]


@pytest.mark.parametrize(
    ("row", "record"),
    [
        ('6201,="Bob",402817', ("6201", "Bob")),
        ('6201, = "Bob" ,402817', ("6201", "Bob")),
        ('6201,"=""Lee, Bob""",402817', ("6201", "Lee, Bob")),
        ('6201,"=""say """"hi""""""",402817', ("6201", 'say "hi"')),
        ('6201,="O\'Brien",402817', ("6201", "O'Brien")),
    ],
)
def test_a_text_in_a_formula_is_taken_out_with_a_warning(tmp_path: Path, row: str, record: tuple[str, str]) -> None:
    checked = validate(read(tmp_path, HEADER + row + "\n"))

    assert [(r.extension_number, r.name) for r in checked.records] == [record]
    assert [(p.cell, p.code, p.is_error) for p in checked.problems] == [("B2", "text-unwrapped", False)]


@pytest.mark.parametrize(
    ("header", "text", "value"),
    [("prompt", '="en-US"', "en-US"), ("enable_pin", '="no"', False), ("recipients", '="a@x.org"', ("a@x.org",)),
     ("play_datetime", '="24h"', "24_HOUR_CLOCK"), ("pin", '="402817"', None), ("extension_number", '="6201"', "6201")],
)  # fmt: skip
def test_every_column_but_the_pin_is_taken_out_of_a_formula(
    tmp_path: Path, header: str, text: str, value: object
) -> None:
    sheet = read(
        tmp_path, f"Ext,{header}\n6201,{text}\n" if header != "extension_number" else f"Ext,Name\n{text},Lab\n"
    )
    checked = validate(sheet)

    assert [getattr(record, header) for record in checked.records] == ([] if value is None else [value])
    expected = (
        "pin-not-digits" if value is None else "extension-unwrapped" if header.startswith("ext") else "text-unwrapped"
    )
    assert expected in [problem.code for problem in checked.problems]


@pytest.mark.parametrize("name", ['="Bob"', '="a"&"b"', "=1+1", '\'="Bob"'])
def test_a_box_whose_name_looks_like_a_formula_comes_back_from_its_export(tmp_path: Path, name: str) -> None:
    sheet = read(tmp_path, HEADER + f'6201,"{escape_formula(name).replace(chr(34), chr(34) * 2)}",402817\n')

    assert [record.name for record in validate(sheet).records] == [name]


def test_a_formula_that_the_delimiter_cuts_in_two_is_an_error(tmp_path: Path) -> None:
    sheet = read(tmp_path, 'Ext,PIN,Name,Email\n6201,402817,="Lee, Bob",a@x.org\n6202,519284,="Lee, Bob"\n')

    assert [(p.row, p.code) for p in sheet.problems if p.is_error and p.code == "quotes"] == [
        (2, "quotes"),
        (3, "quotes"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER + '6201,"Front\nDesk"x,402817\n6202,Lab,519284\n', "text after a closing quote .* line 2"),
        (
            HEADER + '6201,Lab,402817\n6202,"Front\nDesk" x,519284\n6203,Lab,738491\n',
            "text after a closing quote .* line 3",
        ),
        (HEADER + '6201,"Front\nDesk,402817\n', "opens on line 2 and is not closed"),
        (HEADER + '6201,"Front Desk,402817\n6202,"Lab",519284\n', "opens on line 2 and is not closed"),
    ],
)
def test_a_file_whose_rows_are_not_certain_is_refused_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        read(tmp_path, text)


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\r\n\x1a\x1a\x1a", "\n\n\x1a"])
def test_the_end_mark_of_dos_is_dropped(tmp_path: Path, end: str) -> None:
    sheet = read(tmp_path, HEADER + "6201,Lab,402817" + end)

    assert texts(sheet) == [["6201", "Lab", "402817"]]
    assert validate(sheet).problems == ()


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "cp437", "mac_roman", "cp1250"])
@pytest.mark.parametrize("name", ["Büro", "Café Zürich", "Señor Peña", "Straße"])
def test_a_name_decoded_with_the_wrong_encoding_is_a_warning(name: str, encoding: str) -> None:
    broken = name.encode().decode(encoding)

    fault = no_wrong_encoding(broken, DEFAULT_PIN_POLICY)
    assert fault is not None
    assert name in fault.message
    assert no_wrong_encoding(name, DEFAULT_PIN_POLICY) is None


@given(st.text('",; a\n'), st.sampled_from(",; "))
def test_a_record_that_looks_tidy_at_first_sight_is_tidy(record: str, delimiter: str) -> None:
    plain, tidy, *_ = _patterns(delimiter)
    lines = record.replace("\n", "") + "\n"  # no value goes on to a next line but in quotes

    assert not plain.fullmatch(lines) or tidy.fullmatch(lines)
    assert classify_quotes(lines, delimiter, skips_spaces=False) is not Quotes.WELL_FORMED or tidy.fullmatch(lines)


@given(st.lists(st.text("'#Er:50e1+, \""), min_size=1, max_size=4))
def test_a_cell_is_read_the_same_regardless_of_its_neighbours(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"

    def cells(others: str) -> tuple[list[str], list[CellKind | None]]:
        with path.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows(
                [["extension_number", "name", "pin"], *(["6201", name, others] for name in names)]
            )
        sheet = read_sheet(path)
        kinds = sheet.kinds.get("B", {})
        return sheet.cells["B"].tolist(), [kinds.get(row) for row in sheet.cells.index]

    assert cells("402817") == cells("#N/A")


@pytest.mark.parametrize(
    "text",
    [
        HEADER + '6201,"Ann,402817\n6202,Bob",519284\n6203,Lab,846251\n',
        HEADER.replace("\n", ",Notes\n") + '6201,Ann,402817,"see\n6202,Bob,519284,x"\n6203,Lab,846251,\n',
        HEADER.replace("\n", ",Notes\n") + '6201,Ann,402817,"\r\n6202,Bob,519284,"\r\n6203,Lab,846251,\r\n',
        "Name;Ext;PIN;Notes\n" + 'Ann;6201;402817;"a\nb\nBob;6202;519284;"\nLab;6203;846251;\n',
    ],
)
def test_a_row_between_the_quotes_of_a_value_is_not_lost_without_a_word(tmp_path: Path, text: str) -> None:
    checked = validate(read(tmp_path, text))

    (problem,) = [problem for problem in checked.problems if problem.is_error]
    assert (problem.row, problem.code) == (2, "quotes")
    assert "looks like a row of its own" in problem.message
    assert "402817" not in problem.message
    assert [record.extension_number for record in checked.records] == ["6203"]


@pytest.mark.parametrize("note", ["two\nlines", "a, b\nc, d", "6201\n6202", "call 6202, then\n6203, or 6204", "\n,\n"])
def test_a_note_of_several_lines_is_not_a_row(tmp_path: Path, note: str) -> None:
    checked = validate(read(tmp_path, HEADER.replace("\n", ",Notes\n") + f'6201,Ann,402817,"{note}"\n'))

    assert not [problem for problem in checked.problems if problem.is_error]
