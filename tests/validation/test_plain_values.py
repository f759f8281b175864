"""Texts that are read with few steps are read as all others are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS, Column, Parsed
from bulkvm.columns.cell_display import _NO_VALUE
from bulkvm.columns.recipients import _PLAIN_LIST, parse_recipients
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.validation.cell_checks import _check_text

PLAIN = {column.header: column for column in COLUMNS if column.plain}
DIGITS, WORDS = "0123456789", st.text("ABZabeznNule0159", min_size=1, max_size=12)
TEXTS = {
    "extension_number": st.text(DIGITS, min_size=3, max_size=64) | st.sampled_from(["5555", "0555", "888000"]),
    "name": st.lists(WORDS, min_size=2, max_size=6).map(lambda words: "A" + " ".join(words)),
    "pin": st.text(DIGITS, min_size=6, max_size=10),
}


@pytest.mark.parametrize("column", PLAIN.values(), ids=PLAIN)
@given(data=st.data())
def test_a_plain_text_is_a_value_without_a_problem(column: Column, data: st.DataObject) -> None:
    assert column.plain
    text = data.draw(TEXTS[column.header].filter(column.plain.fullmatch))

    assert _check_text(column, text, DEFAULT_PIN_POLICY) == Parsed(text)


@pytest.mark.parametrize("column", PLAIN.values(), ids=PLAIN)
def test_no_word_for_a_missing_value_is_plain(column: Column) -> None:
    assert column.plain
    forms = [form for word in _NO_VALUE for form in (word, word.upper(), word.title(), word.capitalize())]

    assert not [form for form in forms if column.plain.fullmatch(form)]


@given(
    addresses=st.lists(st.sampled_from(["a@b.de", "A@b.de", "x.y@clinic.example.com", "z_1+t@q-r.org", "u@nodomain"])),
    separators=st.sampled_from([",", ", ", ";", "; ", " "]),
)
def test_a_plain_list_of_addresses_is_read_as_any_other_list(addresses: list[str], separators: str) -> None:
    text = separators.join(addresses)
    parsed: Any = parse_recipients(text)

    # A display name leads to the general way of reading.
    named: Any = parse_recipients(", ".join(f"X <{address}>" for address in addresses))

    assert not addresses or _PLAIN_LIST.fullmatch(text)
    assert parsed == named
