"""Texts that are read with few steps are read as all others are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS, Column, Parsed
from bulkvm.columns.cell_display import _NO_VALUE
from bulkvm.columns.recipients import read_plain_recipients
from bulkvm.model.box import BLANK
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.validation.cell_checks import _check_text

PLAIN = {column.header: column for column in COLUMNS if column.read_plain}
DIGITS, WORDS = "0123456789", st.text("ABZabeznNule0159", min_size=1, max_size=12)
ADDRESSES = st.lists(
    st.sampled_from(
        [
            "a@b.de",
            "A@b.de",
            "x.y@clinic.example.com",
            "z_1+t@q-r.org",
            "u@nodomain",
            "-a@b.de",
            "a.@b.de",
            "b@-x.de",
            "a@clinic.local",
            "a@clinic.TEST",
            "a@b.invalid",
            "a@test.de",
            "a@b.testing",
            "a@b.c1",
            "a@b.de.",
            "a@xn--mnchen-3ya.de",
        ]
    )
    | st.builds(
        "{}@{}.de".format, st.sampled_from(["a", "b" * 64, "b" * 65]), st.sampled_from(["c", "c" * 60, "c" * 64])
    )
    | st.builds("{}@b.de".format, st.integers(0, 99)),
    min_size=1,
    max_size=17,
)
TEXTS = {
    "extension_number": st.text(DIGITS, min_size=3, max_size=64) | st.sampled_from(["5555", "0555", "888000"]),
    "name": st.lists(WORDS, min_size=2, max_size=6).map(lambda words: "A" + " ".join(words)),
    "pin": st.text(DIGITS, min_size=6, max_size=10),
    "recipients": ADDRESSES.flatmap(
        lambda addresses: st.lists(
            st.sampled_from([",", ", ", ";", "; ", " "]), min_size=len(addresses), max_size=len(addresses)
        ).map(lambda marks: "".join(map("".join, zip(addresses, marks, strict=True))).rstrip(",; "))
    ),
}


@pytest.mark.parametrize("column", PLAIN.values(), ids=PLAIN)
@given(data=st.data())
def test_a_plain_text_is_a_value_without_a_problem(column: Column, data: st.DataObject) -> None:
    assert column.read_plain
    texts = data.draw(st.lists(TEXTS[column.header] | st.just(""), min_size=1, max_size=20))

    read = column.read_plain(texts)

    for text, value in zip(texts, read, strict=True):
        expected = Parsed(None if value is BLANK else value)
        assert value is None or _check_text(column, text, DEFAULT_PIN_POLICY) == expected


@pytest.mark.parametrize("column", PLAIN.values(), ids=PLAIN)
def test_no_word_for_a_missing_value_is_plain(column: Column) -> None:
    assert column.read_plain
    forms = [form for word in _NO_VALUE for form in (word, word.upper(), word.title(), word.capitalize())]

    assert set(column.read_plain(forms)) == {None}


@pytest.mark.parametrize(
    "text", ["a@b.de", "a@b.de, c@d.de", "a@b.de;c@d.de", "a@b.de c@d.de", "x.y+z@d-e.example.com"]
)
def test_a_usual_list_of_addresses_is_read_with_few_steps(text: str) -> None:
    assert read_plain_recipients(["", text]) == [BLANK, tuple(text.replace(";", " ").replace(",", "").split())]
