import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.csv_escape import escape_formula, unescape_formula

TEXT = st.text() | st.text("'=+-@\t\rx")


@given(TEXT)
def test_what_is_escaped_reads_back_the_same(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text


@given(TEXT)
def test_nothing_that_a_spreadsheet_would_run_is_left(text: str) -> None:
    assert not escape_formula(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ["", "6201", "Front Desk", "'", "'0101", "a=b", "''x"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text
    assert unescape_formula(text) == text
