"""Text of others is shown without our secrets, in whatever form it repeats them."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.pbx.masking import WITHHELD, mask

PASSWORD = 'Grüße & "Küsse" 7'
PIN = "402817"


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        PASSWORD.upper(),
        PASSWORD.lower(),
        PASSWORD[::-1],
        PASSWORD.replace(" ", "\n  "),
        quote(PASSWORD),
        quote_plus(PASSWORD),
        quote_plus(PASSWORD).lower(),
        quote(quote(PASSWORD)),
        json.dumps(PASSWORD),
        json.dumps(json.dumps({"password": PASSWORD})),
        html.escape(PASSWORD),
        repr({"detail": PASSWORD + "'"}),
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.urlsafe_b64encode(f"admin:{PASSWORD}".encode()).decode().rstrip("="),
    ],
)
def test_a_password_is_masked_in_every_form(form: str) -> None:
    shown = mask(f"Login failed for {form}, sorry", [None, "", PASSWORD])

    assert shown == WITHHELD or (shown.startswith("Login failed for ") and "•" * 8 in shown)
    assert "sse" not in shown.casefold()


@pytest.mark.parametrize(
    "form",
    [
        "402817", "402-817", "4 0 2 8 1 7", "40.28.17", "(402) 817", "4, 0, 2, 8, 1, 7", "718204", "718-204",
        "٤٠٢٨١٧", "４０２８１７",
        "④⓪②⑧①⑦", "⁴⁰²⁸¹⁷", "❹ ⓿ ❷ ❽ ❶ ❼",
        "x402817x", "0402817", "%34%30%32%38%31%37", "\\u0034\\u0030\\u0032817", "&#52;02817",
        str(list("402817")), json.dumps(list("402817"), indent=4),
    ],
)  # fmt: skip
def test_a_pin_is_masked_with_separators_reversed_and_in_other_scripts(form: str) -> None:
    shown = mask(f"PIN {form} is too simple", [PIN])

    assert shown == WITHHELD or ("••••" in shown and shown.startswith("PIN ") and shown.endswith(" is too simple"))
    assert "28" not in shown


def test_words_that_repeat_no_secret_are_shown_as_they_are() -> None:
    words = "Extension 6201 is taken by 'Sales', 100 % sure & at 12:30"

    assert mask(words, [PIN, PASSWORD, "t", "42"]) == words.replace("t", "•")


@given(st.text(min_size=1, max_size=12), st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_no_secret_is_in_what_is_shown(secret: str, before: str, after: str, reverse: bool) -> None:  # noqa: FBT001  (a case)
    shown = mask(f"{before}{secret[::-1] if reverse else secret}{after}", [secret])

    if len(secret) >= 4 and secret.strip() == secret and len(secret.split()) == 1 and "•" not in secret:
        assert shown == WITHHELD or secret not in shown


@given(st.text(max_size=2000), st.lists(st.text(max_size=20), max_size=3))
def test_masking_takes_any_text(words: str, secrets: list[str]) -> None:
    assert len(mask(words, secrets)) <= 1000


def test_an_endless_answer_is_masked_quickly() -> None:
    assert mask("%2541\\u0034&amp;QUJD" * 1_000_000, ["402817"]).count("%") < 1000
