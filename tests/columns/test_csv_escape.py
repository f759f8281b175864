import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns.csv_escape import escape_formula, unescape_formula
from bulkvm.readers import read_sheet
from bulkvm.reports.table_file import Table, format_table

ERRORS = st.builds("".join, st.tuples(st.text("' \t"), st.sampled_from(["#N/A", "#WERT!", "Err:502", "####"])))
TEXT = st.text() | st.text("'\"=+-@\t\r\n;,| x\uff1d\u00a0\u200b\ufeff") | ERRORS
# What a spreadsheet takes for a formula: of a value in quotes, without these.
FORMULA = re.compile('[ "\u00a0\u200b\u2003\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]')


@given(TEXT)
def test_escaped_text_reads_back_unchanged(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text


@given(TEXT)
def test_escaped_text_has_no_formula_for_any_delimiter(text: str) -> None:
    escaped = escape_formula(text)

    assert not escaped.startswith(("\t", "\r"))
    for cell in re.split("[,;\t|\r\n]", escaped):
        assert not FORMULA.match(cell)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=3), st.sampled_from(",;\t|"))
def test_no_cell_of_a_csv_file_is_a_formula_under_another_separator(
    rows: list[tuple[str, str]], delimiter: str
) -> None:
    table = Table(["name", "pin"], [], rows)

    text = format_table(table, "csv", bom=False).decode()

    for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        assert not any(map(FORMULA.match, record))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("=1+1", "'=1+1"),
        ("x;=1+1", "x;'=1+1"),
        ("x|@SUM(A1)", "x|'@SUM(A1)"),
        ("x\n=1", "x\n'=1"),
        ("x\t-1", "x\t'-1"),
        ('x;"=1"', 'x;\'"=1"'),
        (" =1", "' =1"),
        ("\u200b=1", "'\u200b=1"),
        ("\u00a0 =1", "'\u00a0 =1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("x;\u2003=1", "x;'\u2003=1"),
        ("x;'=1", "x;''=1"),
        ("'=1", "''=1"),
        ("\uff1d1", "'\uff1d1"),
        ("#N/A", "'#N/A"),
        ("'#WERT!", "''#WERT!"),
    ],
)
def test_an_apostrophe_is_put_before_each_formula(text: str, escaped: str) -> None:
    assert escape_formula(text) == escaped
    assert unescape_formula(escaped) == text


@pytest.mark.parametrize(
    "text", ["", "6201", "Front Desk", "'", "'0101", "a=b", "''x", "a, b", "a@b.c,d@e.f", "O'Neil; 'x'", "a - b"]
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text
    assert unescape_formula(text) == text


@given(st.lists(st.text("'\"=+-@\t;,|x ").filter(str.strip), min_size=1, max_size=5))
def test_names_of_any_kind_come_back_from_a_csv_file_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    path = Path(tmp_path_factory.mktemp("csv") / "a.csv")
    rows = [(str(6200 + number), name) for number, name in enumerate(names)]
    path.write_bytes(format_table(Table(["extension_number", "name"], [], rows), "csv"))

    assert read_sheet(path).cells["B"].tolist() == names
