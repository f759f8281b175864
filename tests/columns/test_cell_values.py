"""What people write in a cell, and what is made of it."""

import re
import unicodedata

import langcodes
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.columns.extension import shown_extension
from bulkvm.columns.name import equal_names, no_wrong_encoding, parse_name
from bulkvm.columns.prompt import COMMON_PROMPTS, parse_prompt
from bulkvm.model.box import Value
from bulkvm.model.problem import Severity
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.validation import validate
from tests.sheets import sheet_of

LONG = "x" * 300

ONLY_EXTENSION = "Enter only the extension, without the rest of a phone number or other numbers."


def read(header: str, text: str, policy: PinPolicy = DEFAULT_PIN_POLICY) -> tuple[Value | None, list[str]]:
    """A cell's value, and the codes of its problems; a warning's code has a question mark."""
    column = COLUMN_OF_HEADER[header]
    parsed = column.parse(text)
    faults = list(parsed.faults)
    if parsed.value is not None:
        faults += [fault for rule in column.rules if (fault := rule(parsed.value, policy))]
    return parsed.value, [f.code + ("?" if f.severity is Severity.WARNING else "") for f in faults]


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("6201", "6201", []),
        ("0101", "0101", []),
        ("1" * 64, "1" * 64, []),
        ("123456789012345678", "123456789012345678", []),
        ("62", "62", ["extension-length"]),
        ("6", "6", ["extension-length"]),
        ("1" * 65, "1" * 65, ["extension-length"]),
        ("555", "555", ["extension-reserved"]),
        ("888", "888", ["extension-reserved"]),
        ("٦٢٠١", "6201", ["extension-other-digits?"]),
        ("６２０１", "6201", ["extension-other-digits?"]),
        ("'0102", "0102", ["extension-unwrapped?"]),
        ("'0102'", "0102", ["extension-unwrapped?"]),
        ('="0102"', "0102", ["extension-unwrapped?"]),
        ('="ab"', None, ["extension-unwrapped?", "extension-not-digits"]),
        ("62 01", None, ["extension-not-digits"]),
        ("62-01", None, ["extension-not-digits"]),
        ("ext. 1001", None, ["extension-not-digits"]),
        ("6201.0", None, ["extension-not-digits"]),
        ("²01", None, ["extension-not-digits"]),
        (LONG, None, ["extension-not-digits"]),
    ],
)
def test_an_extension_is_read_or_refused_by_its_rules(text: str, value: str | None, codes: list[str]) -> None:
    assert read("extension_number", text) == (value, codes)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("ext. 1001", "Did you mean 1001?"),
        ("62 01", "Did you mean 6201?"),
        ("(6201)", "Did you mean 6201?"),
        ("6201.0", "Did you mean 6201?"),
        ("6,208", "Did you mean 6208?"),
        ("6\u20191'001", "Enter only the number."),
        ("1'001", "Did you mean 1001?"),
        ("1.001.002", "Did you mean 1001002?"),
        ("6.000", "Enter only the number."),
        ("100,000", "Enter only the number."),
        ("62\u201301", "Did you mean 6201?"),
        ("402-817", "Did you mean 402817?"),
        ("402 817", "Did you mean 402817?"),
        ("+49 30 1234567", ONLY_EXTENSION),
        ("+49 89 1234-6201", ONLY_EXTENSION),
        ("10.11.12.13", "Did you mean 10111213?"),
        ("40-28-17", "Did you mean 402817?"),
    ],
)
def test_an_extension_that_is_not_digits_alone_suggests_the_digits_that_it_surely_means(text: str, advice: str) -> None:
    (fault,) = COLUMN_OF_HEADER["extension_number"].parse(text).faults

    shown = text if "+" not in text else "+…"
    assert fault.message == f'"{shown}" contains other characters than digits. {advice}'


@pytest.mark.parametrize(
    "text",
    ["01.03.2026", "3/1/26", "2026-03-01", "09:30", "9:30:00 AM", "50%", "50\u00a0%", "#N/A", "#DIV/0!", "#NV"],
)
@pytest.mark.parametrize("header", ["extension_number", "pin"])
def test_an_extension_that_a_spreadsheet_converted_gets_no_suggestion(header: str, text: str) -> None:
    column = COLUMN_OF_HEADER[header]
    parsed = column.parse(text)
    (fault,) = parsed.faults or [f for rule in column.rules if (f := rule(text, PinPolicy(1, 99)))]

    assert "spreadsheet" in fault.message
    assert fault.message.endswith("again.")
    assert "mean" not in fault.message
    assert header != "pin" or text not in fault.message.replace("(#N/A)", "")


PIN_FORMS = [
    "402817", "402-817", "402 817", "40.28.17", "4-0-2-8-1-7", "(402) 817", "402_817", "402 - 817", "402\u200b817",
    "402/817", "٤٠٢٨١٧", "４０２-８１７", "४०२८१७", "⁴⁰²⁸¹⁷", "④0②⑧①⑦", "PIN:402817", "pin 402-817!",
]  # fmt: skip


@pytest.mark.parametrize("typed", PIN_FORMS)
@pytest.mark.parametrize("header", ["prompt", "enable_pin", "enable_email_notify", "recipients", "play_datetime"])
def test_a_pin_in_another_column_is_not_shown_in_any_spelling(header: str, typed: str) -> None:
    message = " ".join(fault.message for fault in COLUMN_OF_HEADER[header].parse(typed).faults)
    digits = "".join(str(unicodedata.digit(c)) for c in message if unicodedata.digit(c, None) is not None)

    assert message
    assert "402" not in digits
    assert "817" not in digits


@pytest.mark.parametrize("between", [" ", ", ", "/", " Bob ", "; PIN ", "-", "\n"])
@pytest.mark.parametrize("typed", PIN_FORMS)
def test_a_pin_beside_an_extension_is_not_shown(typed: str, between: str) -> None:
    parsed = COLUMN_OF_HEADER["extension_number"].parse(f"6201{between}{typed}")
    message = " ".join(fault.message for fault in parsed.faults) + shown_extension(f"6201{between}{typed}")
    digits = "".join(str(unicodedata.digit(c)) for c in message if unicodedata.digit(c, None) is not None)

    assert parsed.value is None
    assert "402817" not in digits
    assert typed not in message


def test_a_message_shows_no_more_of_a_huge_cell_than_fits_on_a_line() -> None:
    (fault,) = COLUMN_OF_HEADER["extension_number"].parse(LONG).faults

    assert len(fault.message) < 120


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("402817", []),
        ("024680", []),
        ("4028179135", []),
        ("40281", ["pin-length"]),
        ("4", ["pin-length"]),
        ("40281791354", ["pin-length"]),
        ("402-817", ["pin-not-digits"]),
        ("４０２８１７", ["pin-not-digits"]),
        ("402111", ["pin-repeats"]),
        ("000402", ["pin-repeats"]),
        ("112233", []),
        ("402012", ["pin-ascending"]),
        ("789402", ["pin-ascending"]),
        ("890402", []),
        ("402987", ["pin-descending?"]),
        ("210402", ["pin-descending?"]),
        ("111", ["pin-length", "pin-repeats"]),
        ("111123", ["pin-repeats", "pin-ascending"]),
    ],
)
def test_a_pin_is_read_or_refused_by_its_rules(text: str, codes: list[str]) -> None:
    assert read("pin", text) == (text, codes)


def test_a_pin_follows_the_tenants_policy_and_the_message_shows_whose_it_is() -> None:
    policy = PinPolicy(8, 9, "the tenant's password policy", "the tenant's password policy")
    (too_short,) = [f for rule in COLUMN_OF_HEADER["pin"].rules if (f := rule("402817", policy))]
    (too_long,) = [f for rule in COLUMN_OF_HEADER["pin"].rules if (f := rule("4028179135", policy))]

    assert too_short.message == "The PIN has 6 digits; it needs 8 to 9 (the tenant's password policy)."
    assert too_long.message == "The PIN has 10 digits; it needs 8 to 9 (the tenant's password policy)."


@given(st.from_regex(r"[0-9]{1,12}", fullmatch=True))
def test_a_pin_is_refused_exactly_when_the_api_page_refuses_it(pin: str) -> None:
    repeats = any(pin[i] == pin[i + 1] == pin[i + 2] for i in range(len(pin) - 2))
    ascends = any(int(pin[i]) + 2 == int(pin[i + 1]) + 1 == int(pin[i + 2]) for i in range(len(pin) - 2))
    allowed = 6 <= len(pin) <= 10 and not repeats and not ascends

    _, codes = read("pin", pin)

    assert allowed == (not any(not code.endswith("?") for code in codes))


# Without the letters of the messages themselves, of which any text may be a part.
@given(st.text("0123456789\u0660\u0661\u0662-./ \u00e9\u4e2d\0", min_size=1, max_size=40))
def test_no_message_about_a_pin_shows_it(pin: str) -> None:
    faults = [f for rule in COLUMN_OF_HEADER["pin"].rules if (f := rule(pin, DEFAULT_PIN_POLICY))]
    runs = set(re.findall(r"\S{4,}", pin))

    assert not any(run in fault.message for fault in faults for run in runs)


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("Front Desk", "Front Desk", []),
        ("=1+1", "=1+1", ["name-marks?"]),
        ("NA", "NA", ["name-placeholder?"]),
        ("x" * 64, "x" * 64, []),
        ("😀" * 64, "😀" * 64, []),
        ("x" * 65, "x" * 65, ["name-length"]),
        ("Front\r\nDesk", "Front Desk", ["name-line-break?"]),
        ("Front \n Desk", "Front Desk", ["name-line-break?"]),
        ("Front\x07Desk", "Front\x07Desk", ["name-control"]),
        ("Front\tDesk", "Front\tDesk", ["name-control"]),
        ("BÃ¼ro", "BÃ¼ro", ["name-encoding?"]),
        ("BÃƒÂ¼ro", "BÃƒÂ¼ro", ["name-encoding?"]),
        ("CafÃ© â€“ Nord", "CafÃ© â€“ Nord", ["name-encoding?"]),
        ("Ã", "Ã", []),
        ("São João", "São João", []),
        ("Øst £5 Ångström", "Øst £5 Ångström", []),
    ],
)
def test_a_name_is_read_or_refused_by_its_rules(text: str, value: str, codes: list[str]) -> None:
    assert read("name", text) == (value, codes)


@pytest.mark.parametrize(
    "text",
    [
        "true", "TRUE", "yes", "Y", "1", "on", "X", "WAHR", "Ja",
        "vrai", "oui", "VERDADERO", "sí", "VERO", "sì", "WAAR", "VERDADEIRO", "sim", "T", "Enabled", "enable", "ACTIVE",
        "checked", "aktiv", "activé", "activado", "attivo", "aan", "ativado", "✓", "✔", "✔\ufe0f", "☑", "✅", "√",
    ],
)  # fmt: skip
def test_usual_words_for_yes_are_yes(text: str) -> None:
    assert read("enable_pin", text) == (True, [])


@pytest.mark.parametrize(
    "text",
    [
        "false", "FALSE", "no", "N", "0", "off", "FALSCH",
        "nein", "FAUX", "non", "FALSO", "ONWAAR", "nee", "não", "F", "Disabled", "disable", "INACTIVE", "unchecked",
        "inaktiv", "désactivé", "desactivado", "disattivato", "uit", "desativado", "☐",
    ],
)  # fmt: skip
def test_usual_words_for_no_are_no(text: str) -> None:
    assert read("enable_pin", text) == (False, [])


@pytest.mark.parametrize("text", ["maybe", "2", "yes please", "ye s", "✗", "❌", "☒", "NULL"])
def test_other_texts_are_neither_yes_nor_no(text: str) -> None:
    assert read("enable_pin", text) == (None, ["yes-no"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("disable", "DISABLE"), ("Off", "DISABLE"), ("none", "DISABLE"), ("no", "DISABLE"),
        ("12-hour clock", "12_HOUR_CLOCK"), ("24-hour clock", "24_HOUR_CLOCK"),
        ("12", "12_HOUR_CLOCK"), ("12h", "12_HOUR_CLOCK"), ("12 hour", "12_HOUR_CLOCK"),
        ("12_hour_clock", "12_HOUR_CLOCK"), ("24", "24_HOUR_CLOCK"), ("24 Hour Clock", "24_HOUR_CLOCK"),
        ("12hr", "12_HOUR_CLOCK"), ("24hr", "24_HOUR_CLOCK"), ("24 hrs", "24_HOUR_CLOCK"),
        ("24h clock", "24_HOUR_CLOCK"),
        ("24–hour clock", "24_HOUR_CLOCK"), ("12 hr. clock", "12_HOUR_CLOCK"), ("24-hour format", "24_HOUR_CLOCK"),
        ("disabled", "DISABLE"), ("inactive", "DISABLE"), ("F", "DISABLE"), ("☐", "DISABLE"), ("nein", "DISABLE"),
    ],
)  # fmt: skip
def test_play_datetime_in_any_usual_spelling(text: str, value: str) -> None:
    assert read("play_datetime", text) == (value, [])


@pytest.mark.parametrize("text", ["13", "yes", "48h", "112", "24hours a day"])
def test_any_other_play_datetime_is_refused(text: str) -> None:
    assert read("play_datetime", text) == (None, ["clock"])


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("en-US", "en-US", []),
        ("de", "de", []),
        ("en-us", "en-US", []),
        ("zh-Hans-CN", "zh-Hans-CN", []),
        ("en_US", "en-US", ["prompt-underscore?"]),
        *((f"en{dash}US", "en-US", ["prompt-underscore?"]) for dash in "‐‑‒–—―−﹣－"),
        ("zh–Hans_CN", "zh-Hans-CN", ["prompt-underscore?"]),
        ("zh-yue", "zh-yue", []),
        ("English", None, ["prompt-tag"]),
        ("en-UK", None, ["prompt-tag"]),
        ("xx-YY", None, ["prompt-tag"]),
        ("und", None, ["prompt-tag"]),
        ("e", None, ["prompt-tag"]),
        (LONG, None, ["prompt-tag"]),
        ("NULL", None, ["prompt-tag"]),
        ("no", None, ["prompt-tag"]),
        ("No", None, ["prompt-tag"]),
        ("non", None, ["prompt-tag"]),
        ("nb-NO", "nb-NO", []),
        ("ja", "ja", []),
    ],
)
def test_a_prompt_is_read_or_refused_by_its_rules(text: str, value: str | None, codes: list[str]) -> None:
    assert read("prompt", text) == (value, codes)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("English", "; for English, en-US."), ("German", "; for German, de-DE."), ("Deutsch", "; for Deutsch, de-DE."),
        ("ALLEMAND", "; for ALLEMAND, de-DE."), ("tedesco", "; for tedesco, de-DE."),
        ("Engels", "; for Engels, en-US."),
        ("espagnol", "; for espagnol, es-ES."), ("niederländisch", "; for niederländisch, nl-NL."),
        ("en-USA", ", such as en-US."), ("de-DEU", ", such as de-DE."), ("no-NOR", ", such as en-US."),
        ("en-UK", ", such as en-GB."), ("xx-YY", ", such as en-US."), ("e", ", such as en-US."),
    ],
)  # fmt: skip
def test_a_prompt_that_is_no_tag_suggests_one(text: str, advice: str) -> None:
    (fault,) = COLUMN_OF_HEADER["prompt"].parse(text).faults

    assert fault.message == f'"{text}" is not a known language code. Choose a language from the list{advice}'


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("a@example.com", ("a@example.com",), []),
        ("a@example.com, b@example.com;c@example.com\nd@example.com e@example.com",
         tuple(f"{x}@example.com" for x in "abcde"), []),
        ("Anna <a@example.com>", ("a@example.com",), []),
        ("Doe, Jane <a@example.com>; b@example.com", ("a@example.com", "b@example.com"), []),
        ('"Doe, Jane" <a@example.com>, b@example.com', ("a@example.com", "b@example.com"), []),
        ("mailto:a@example.com", ("a@example.com",), []),
        ("a@example.com, A@Example.com", ("a@example.com",), ["recipient-twice?"]),
        ("a@example.com,, ;", ("a@example.com",), []),
        ("a(at)example.com", None, ["recipient"]),
        ("a@example.com, b@, c", ("a@example.com",), ["recipient", "recipient"]),
        ("Anna; a@example.com", ("a@example.com",), ["recipient"]),
        ('say "hi', None, ["recipient"]),
        (",;", None, ["recipient"]),
        ("a@example.com|b@example.com", ("a@example.com", "b@example.com"), []),
        ("a@example.com | b@example.com |", ("a@example.com", "b@example.com"), []),
        ("Anna <a@example.com> | Ben <b@example.com>", ("a@example.com", "b@example.com"), []),
        ("a|b@example.com", ("a|b@example.com",), []),
        ("a@example.com (Anna Bell)", ("a@example.com",), []),
        ("a@example.com(Anna Bell)", ("a@example.com",), []),
        ("a@example.com (old), b@example.com", ("a@example.com", "b@example.com"), ["recipient?"]),
        ("a@example.com (do not use)", ("a@example.com",), ["recipient?"]),
        ("a@example.com (Bell, Anna), b@example.com (Ben)", ("a@example.com", "b@example.com"), []),
        ("a@example.com [Anna]; b@example.com", ("a@example.com", "b@example.com"), []),
        ("Anna Bell (a@example.com), b@example.com", ("a@example.com", "b@example.com"), []),
        ("Anna [a@example.com]\nBen [b@example.com]", ("a@example.com", "b@example.com"), []),
        ("a@example.com (Anna) b@example.com", ("a@example.com", "b@example.com"), ["recipient"]),
        ("a[at]example.com", None, ["recipient"]),
        ("'a@example.com' <a@example.com>", ("a@example.com",), []),
        ('"A@example.com" <a@example.com>, b@example.com', ("a@example.com", "b@example.com"), []),
        *((f"{mark}a@example.com", (f"{mark}a@example.com",), ["recipient?"]) for mark in "'*#=+-•·–"),
        *((text, (text,), ["recipient?"])
          for text in ("аnna@example.com", "anna@exаmple.com", "ａ@example.com", "a@example。com")),
        *((text, (text,), []) for text in ("müller@example.com", "анна@example.com", "a@straße.example")),
        ("a@example.com and b@example.com", ("a@example.com", "b@example.com"), ["recipient"]),
        ("n/a", None, ["recipient"]),
        ("\u200ba@example.com\u200b, desk@clinic.local", ("a@example.com", "desk@clinic.local"), []),
        (",".join(f"p{n}@example.com" for n in range(15)), tuple(f"p{n}@example.com" for n in range(15)), []),
        (",".join(f"p{n}@example.com" for n in range(16)), tuple(f"p{n}@example.com" for n in range(16)),
         ["recipients-many"]),
        (",".join(["p@example.com"] * 16), ("p@example.com",), ["recipient-twice?"]),
    ],
)  # fmt: skip
def test_recipients_are_read_or_refused_by_their_rules(text: str, value: tuple[str, ...], codes: list[str]) -> None:
    assert read("recipients", text) == (value, codes)


def test_every_bad_address_is_named() -> None:
    faults = COLUMN_OF_HEADER["recipients"].parse("anna, ben@").faults

    assert ['"anna"' in faults[0].message, '"ben@"' in faults[1].message] == [True, True]


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_refused_in_every_column(text: str) -> None:
    for column in COLUMN_OF_HEADER.values():
        parsed = column.parse(text)

        assert parsed.value is not None or parsed.faults


@example("|@A.Al")
@example("a@b.TEST")
@example("a@x.localhost")
@example("a@ab--c.de")
@example("a@b.c1")
@example("a@1.de")
@example(f"a@{'b' * 64}.de")
@given(
    st.emails()
    | st.from_regex(r"[a-z.+_-]{1,70}@[a-zA-Z0-9.-]{1,250}", fullmatch=True)
    | st.from_regex(r"a@[a-c0-1-]{1,4}(\.[a-c0-1-]{1,4}){0,2}(\.test|\.Onion|\.arpa|\.com)?", fullmatch=True)
)
def test_an_address_is_refused_exactly_when_email_validator_refuses_it(address: str) -> None:
    _, codes = read("recipients", address)

    try:
        validate_email(address, check_deliverability=False)
        valid = True
    except EmailNotValidError:
        valid = False

    assert ("recipient" not in codes) == (valid and not re.search(r"[\s,;<>()\[\]]", address))


@pytest.mark.parametrize("tag", COMMON_PROMPTS)
def test_the_prompts_that_are_offered_are_registered_language_tags(tag: str) -> None:
    assert langcodes.tag_is_valid(tag)
    assert parse_prompt(tag).value == langcodes.Language.get(tag, normalize=False).to_tag()


@pytest.mark.parametrize("name", ["Büro", "Café Ñandú", "Ångström", "가나"])
def test_a_name_with_accents_of_their_own_is_read_composed_and_is_the_same(name: str) -> None:
    decomposed = unicodedata.normalize("NFD", name)

    assert decomposed != name
    assert parse_name(decomposed).value == name
    assert equal_names(decomposed, name)
    assert not equal_names(decomposed, f"{name}s")


@pytest.mark.parametrize(
    ("header", "texts", "message"),
    [
        ("extension_number", ["6201-6205", "6210 - 6215", "6201–6205", "6201 to 6205", "6201 bis 6205", "6201..6205",
                              "101-120", "6201-05", "10201-10299"],
         "This is a range. Write one row for each box."),
        ("extension_number", ["6206/6207", "6218, 6219", "6216 6217", "6203 / 6204", "6203 & 6204", "6203 and 6204",
                              "101;102", "6201\n6202", "6201, 6202, 6203"],
         "There are several numbers in this cell. Write one row for each box."),
        ("extension_number", ["Surgery department", "Total", "reception", "required", "Ground floor:", "Étage"],
         "This is not a number. If the row is a heading or a note, delete it."),
        ("extension_number", ["NULL", "n/a", "-", "?", "(blank)", "\\N"],
         "This is a placeholder, not a number. Type the extension, or delete the row."),
        ("extension_number", ["62O1", "l234", "62o1", "6Z01"],
         "There is a letter among the digits, such as O for 0 or l for 1. Type the number again."),
        ("extension_number", ["6264 (old 6199)"],
         '"6264 (old 6199)" contains other characters than digits. Enter only the number.'),
        ("extension_number", ["#6252"], '"#6252" contains other characters than digits. Did you mean 6252?'),
        ("pin", ["4O2817", "40281l", "4o2S17"],
         "There is a letter among the digits, such as O for 0 or l for 1. Type the PIN again."),
        ("pin", ["٤٠٢٨١٧", "40281７"], "A PIN contains only the digits 0 to 9. Type it again with these."),
        ("pin", ['="024680"', '= "402817"'],
         "The PIN is in a formula, as some programs write it. Remove the equals sign and the quotation marks."),
        ("pin", ["'024680", "'402817'"],
         "There is an apostrophe beside the PIN, as some programs write it. Remove it."),
        *((column, ['"', "''", "\u3003", "dto.", "Ditto", "same as above", "wie oben"],
           "Words and marks such as ditto are not read. Type the value of the row above in this cell.")
          for column in ("prompt", "recipients")),
        ("extension_number", ["089/1234-201", "555-010-6201"],
         f'"…" contains other characters than digits. {ONLY_EXTENSION}'),
        ("pin", ["402 817", "402-817", "402817#", "PIN 402817"],
         "A PIN contains only the digits 0 to 9. Remove the other characters."),
        ("pin", ["same", "random", "keine", "xxxxxx"], "This is not a PIN. Type one, or leave the cell blank."),
        (
            "prompt", ["no"],
            '"no" is not a known language code. Choose a language from the list; for Norwegian, nb-NO.',
        ),
        ("prompt", ["yes"], '"yes" is not a known language code. Choose a language from the list, such as en-US.'),
        ("recipients", ["a@example.com <b@example.com>", "a@example.com (b@example.com)",
                        "<a@example.com> b@example.com"],
         "There are two addresses without a comma between them. Put a comma between them, or delete one."),
        ("pin", ["NULL", "n/a", "-", "(leer)"], "This is not a PIN. Type one, or leave the cell blank."),
        ("prompt", ["NULL", "n/a", "-", "None"], "Choose a language from the list, or leave the cell blank."),
        ("recipients", ["n/a", "N/A", "none", "No", "-", "--", "NULL", "nobody", "keine", "(none)", "0", "?"],
         ("Leave the cell blank if no one should be notified. That keeps the addresses of a box that exists: <clear> "
          "removes them.")),
        ("recipients", ["clear", "(clear)", "CLEAR", "[clear]"],
         "To remove all addresses of a box, write <clear> with its brackets, and nothing else in the cell."),
        ("pin", ["402817 (old: 111222)", "402 123", "402 987"],
         "A PIN contains only the digits 0 to 9. Remove the other characters."),
        *(("recipients", [f"a@example.com {word} b@example.com", f"a@example.com, {word} b@example.com"],
           f'Put a comma between the addresses, not "{word}".')
          for word in ("and", "&", "und", "et", "/", "+", "or", "•")),
        *(("recipients", [f"a@example.com{mark}b@example.com"], f'Put a comma between the addresses, not "{mark}".')
          for mark in "/&+，；、"),
        ("recipients", ["anna(at)example.com"],
         '"anna(at)example.com" is not an e-mail address. Write @ between the name and the domain.'),
        ("recipients", ["Anna"], '"Anna" is not an e-mail address. It has no @. Type the whole address, or delete it.'),
        ("enable_pin", ["perhaps"], '"perhaps" is neither yes nor no. Write yes or no, or leave the cell blank.'),
        (
            "play_datetime",
            ["13h"],
            '"13h" is not one of the choices. Choose off, 12-hour clock or 24-hour clock, or leave the cell blank.',
        ),
    ],
)  # fmt: skip
def test_a_message_gives_the_problem_of_the_cell_and_the_remedy(header: str, texts: list[str], message: str) -> None:
    column = COLUMN_OF_HEADER[header]

    for text in texts:
        parsed = column.read(text)
        faults = parsed.faults or [f for rule in column.rules if (f := rule(parsed.value, PinPolicy(1, 99)))]
        assert [fault.message for fault in faults] == [message], text


@pytest.mark.parametrize(
    ("header", "text", "value", "names"),
    [
        ("extension_number", "62\u200b01", "6201", "ZERO WIDTH SPACE"),
        ("extension_number", "6\u20602\u200e01", "6201", "WORD JOINER, LEFT-TO-RIGHT MARK"),
        ("extension_number", "62\x0701", "6201", "U+0007"),
        ("extension_number", "62\ufe0f01", "6201", "VARIATION SELECTOR-16"),
        ("pin", "402\u00ad817", "402817", "SOFT HYPHEN"),
        ("pin", "402\ufeff817", "402817", "ZERO WIDTH NO-BREAK SPACE"),
        ("recipients", "an\u200bna@example.com", ("anna@example.com",), "ZERO WIDTH SPACE"),
        ("recipients", "a@example.com, b@exam\u200dple.com", ("a@example.com", "b@example.com"), "ZERO WIDTH JOINER"),
        ("prompt", "en\u200b-US", "en-US", "ZERO WIDTH SPACE"),
        ("enable_pin", "y\u200bes", True, "ZERO WIDTH SPACE"),
        ("play_datetime", "24\u200bh", "24_HOUR_CLOCK", "ZERO WIDTH SPACE"),
    ],
)
def test_an_invisible_character_inside_a_value_is_named_and_left_out(
    header: str, text: str, value: Value, names: str
) -> None:
    parsed = COLUMN_OF_HEADER[header].read(text)

    assert parsed.value == value
    (fault,) = parsed.faults
    assert fault.severity is Severity.WARNING
    assert f"There is an invisible character ({names}) in this " in fault.message


@pytest.mark.parametrize("text", ["62\u00a001", "62\u202f01", "402\u00a0817"])
def test_a_space_of_any_kind_between_digits_is_refused_like_any_space(text: str) -> None:
    assert read("extension_number", text)[1] == ["extension-not-digits"]
    assert "pin-not-digits" in read("pin", text)[1]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        *((f"Front{character}Desk", ["invisible-characters?"])
          for character in "\u200b\u200c\u200d\u00a0\u202f\u2007\ufeff\u00ad\u2060\u200e\u202e\u3164\u2800\u17b4"
          "\u180b\ufffc\u061c\u2067\u115f\uffa0\u034f\ufff0\u2065\ufe0f\U000e0041\U000e0100\U000e0fff\U0001d159\U0001d173\U00016fe4"),
        ("می\u200cخواهم", []),
        ("क्\u200dष", []),
        ("Team 👩\u200d⚕\ufe0f", []),
        ("M\ufffdller", ["name-encoding?"]),
        *((text, ["name-encoding?"]) for text in (
            "M?ller", "Stra?e 5", "?ukasz", "Bj?rn ?str?m", "Z%C3%BCrich", "J\\u00fcrgen", "Zo%C3%AB Desk",
            "Desk \\ud83d\\ude00",
        )),
        *((text, []) for text in (
            "Who? Desk", "Info?", "What?! 24/7", "Lost & Found?", "50%25 off", "100%", "A\\B", "\\ud83d", "%C3x",
        )),
        ("診療 受付", []),
        ("\u845b\U000e0100城", []),  # a form of the letter
        ("Post ☎\ufe0f, \U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", []),
        ("\u1820\u180b", []),
        *((text, ["name-placeholder?"]) for text in (
            "NULL", "\\N", "nan", "NaN", "None", "undefined", "(blank)", "n/a", "N/A", "N.A.", "nil", "<NA>", "(null)",
            "[none]", "(leer)", "(vide)", "TRUE", "False", "[object Object]", "-", "--", "?", "...", "TBD", "k.A.", "0",
        )),
        *((text, []) for text in (
            "00", "0 Operator",
            "Null & Void", "Nan Smith", "Noni", "(blank) desk", "No", "Blank", "Leer", "C-3", "R&D", "$1 Shop", "☎",
        )),
    ],
)  # fmt: skip
def test_a_placeholder_or_invisible_character_in_a_name_is_a_warning(text: str, codes: list[str]) -> None:
    assert read("name", text) == (text, codes)


@pytest.mark.parametrize("text", ["dito", "Ditto", "idem", "siehe oben", "s. o.", "see above", "voir ci-dessus"])
def test_a_name_that_refers_to_the_row_above_is_a_warning(text: str) -> None:
    assert read("name", text) == (text, ["name-placeholder?"])
    (fault,) = [fault for rule in COLUMN_OF_HEADER["name"].rules if (fault := rule(text, DEFAULT_PIN_POLICY))]
    assert fault.message == f'"{text}" probably stands for the name above. Type the name.'


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("“Front Desk”", "Front Desk"),
        ("„Empfang“", "Empfang"),
        ("„Recepcja”", "Recepcja"),
        ("«Accueil»", "Accueil"),
        ("« Accueil »", "Accueil"),
        ("»Empfang«", "Empfang"),
        ("‘Bob’", "Bob"),
        ('"Bob"', "Bob"),
        ("'Bob'", "Bob"),
        ("Smith &amp; Sons", "Smith & Sons"),
        ("O&#39;Brien", "O'Brien"),
        ("O&#x27;Brien", "O'Brien"),
        ("Caf&eacute;", "Café"),
        ("Z%C3%BCrich", "Zürich"),
        ("J\\u00fcrgen &amp; Co", "Jürgen & Co"),
    ],
)
def test_marks_that_a_program_or_a_person_put_around_a_name_are_a_warning(text: str, meant: str) -> None:
    (fault,) = [fault for rule in COLUMN_OF_HEADER["name"].rules if (fault := rule(text, DEFAULT_PIN_POLICY))]

    assert f'"{meant}"' in fault.message
    assert fault.severity is Severity.WARNING


@pytest.mark.parametrize("text", ["=A1&B1", "=VLOOKUP(A2;B:C;2)", "=6201"])
def test_a_formula_as_a_name_is_a_warning(text: str) -> None:
    assert read("name", text) == (text, ["name-marks?"])


@pytest.mark.parametrize(
    "text",
    ["O’Brien", "Bob “The Man” Lee", "“A” and “B”", "AT&T;", "Q&A; desk", "R&D", "5' 6\"", "'n Sync", "l'Étoile", '"'],
)
def test_a_name_with_quotation_marks_or_ampersands_of_its_own_is_no_problem(text: str) -> None:
    codes = read("name", text)[1]

    assert "name-marks?" not in codes
    assert "name-encoding?" not in codes


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("6213-1", "Enter only the number."),
        ("6213.2", "Enter only the number."),
        ("62-01", "Did you mean 6201?"),
        ("1-800-555", "Did you mean 1800555?"),
    ],
)
def test_a_number_behind_an_extension_is_not_joined_to_it(text: str, advice: str) -> None:
    (fault,) = COLUMN_OF_HEADER["extension_number"].parse(text).faults

    assert fault.message.endswith(advice)


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.com<mailto:anna@example.com>",
        "Anna@example.com <mailto:anna@example.com>",
        "Anna Bell anna@example.com <mailto:anna@example.com>",
    ],
)
def test_an_address_with_its_link_is_one_address(text: str) -> None:
    parsed = COLUMN_OF_HEADER["recipients"].read(text)

    assert isinstance(parsed.value, tuple)
    assert [address.casefold() for address in parsed.value] == ["anna@example.com"]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ('"a@example.com"', ['"\\"a@example.com\\"" is not an e-mail address. Did you mean a@example.com?']),
        ("a@example.com.", ['"a@example.com." is not an e-mail address. Did you mean a@example.com?']),
        ("\u2039a@example.com\u203a", [
            '"\u2039a@example.com\u203a" is not an e-mail address. Did you mean a@example.com?'
        ]),
        ("a@\u2603.com", ['"a@\u2603.com" is not an e-mail address. It has a character that is not allowed.']),
        ("a@example.com instead of b@example.com", [
            '"instead of" is not an e-mail address. It has no @. Type the whole address, or delete it.'
        ]),
        ("like the others", [
            '"like the others" is not an e-mail address. It has no @. Type the whole address, or delete it.'
        ]),
        ("a@example.com and b@example.com", ['Put a comma between the addresses, not "and".']),
    ],
)  # fmt: skip
def test_a_text_that_is_no_address_has_one_message_with_its_remedy(text: str, messages: list[str]) -> None:
    assert [fault.message for fault in COLUMN_OF_HEADER["recipients"].read(text).faults] == messages


def test_an_address_in_a_column_of_yes_and_no_is_to_be_moved() -> None:
    (fault,) = COLUMN_OF_HEADER["enable_email_notify"].read("yes (a@example.com)").faults

    assert fault.message == (
        "This is an e-mail address. Move it to the column of recipients, and write yes or no here."
    )


@pytest.mark.parametrize(
    "text",
    [
        "24 Std",
        "24 Stunden",
        "24 heures",
        "24 horas",
        "24 ore",
        "24 uur",
        "24-uurs klok",
        "24u",
        "H24",
        "24-Stunden-Uhr",
    ],
)
def test_a_clock_is_read_in_the_languages_of_the_headings(text: str) -> None:
    assert COLUMN_OF_HEADER["play_datetime"].read(text).value == "24_HOUR_CLOCK"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("English (UK)", "en-GB"),
        ("English (US)", "en-US"),
        ("fr-FR (French)", "fr-FR"),
        ("German (de-DE)", "de-DE"),
        ("jp", "ja-JP"),
        ("cz", "cs-CZ"),
        ("dk", "da-DK"),
    ],
)
def test_a_language_with_a_note_or_by_its_country_is_suggested(text: str, tag: str) -> None:
    (fault,) = COLUMN_OF_HEADER["prompt"].read(text).faults

    assert fault.message.endswith(f"; for {text}, {tag}.")


@pytest.mark.parametrize("text", ['"', "\u3003", "same"])
def test_a_ditto_mark_stands_for_the_name_above(text: str) -> None:
    (fault,) = COLUMN_OF_HEADER["name"].rules[-1:]

    found = fault(text, PinPolicy())
    assert found is not None
    assert "the name above" in found.message


@pytest.mark.parametrize("text", ["Printed 12/07/2026", "Stand: 01.03.26", "as of 2026-03-01", "1/2/2026 Ann"])
def test_a_note_with_a_date_is_not_a_number(text: str) -> None:
    (fault,) = COLUMN_OF_HEADER["extension_number"].parse(text).faults

    assert fault.message == "This is not a number. If the row is a heading or a note, delete it."


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a@example.com (until Friday)", "(until Friday)"),
        ("a@example.com (work), b@example.com (Anna Bell)", "(work)"),
        ("a@example.com (Anna Bell)", None),
        ("Anna Bell (a@example.com)", None),
        ("a@example.com [ext.]", "[ext.]"),
    ],
)
def test_a_note_that_is_no_name_is_a_warning(text: str, note: str | None) -> None:
    parsed = COLUMN_OF_HEADER["recipients"].read(text)

    assert parsed.value is not None
    assert [fault.message.partition(" is not read")[0] for fault in parsed.faults] == (
        [f'The note "{note}"'] if note else []
    )


@pytest.mark.parametrize(
    "name",
    [
        "L’Étoile", "Chef d’équipe", "Salle d’Étude", "L’âge", "L’île",
        "Jusqu’à midi", "L’Eau d’û", "“Étoile”", "‘Émile’", "CAFÉ’S", "Gr”áe", "Accès…Été",
    ],
)  # fmt: skip
def test_a_name_whose_repair_would_mix_scripts_is_not_called_broken(name: str) -> None:
    assert no_wrong_encoding(name, DEFAULT_PIN_POLICY) is None


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
@pytest.mark.parametrize("name", ["L’équipe", "Büro – Nord", "Nº 3", "Café", "Λέσβος IT", "Дима", "Ziế"])
def test_a_name_in_the_wrong_encoding_is_shown_as_it_was(name: str, encoding: str) -> None:
    broken = name.encode().decode(encoding)

    fault = no_wrong_encoding(broken, DEFAULT_PIN_POLICY)

    assert fault is not None
    assert f'"{name}"' in fault.message


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        *((name, "name-placeholder?", "no name") for name in (
            "undefined undefined", "null null", "NULL NULL", "None None", "nan nan", "N/A N/A", "#N/A", "#REF!",
            "#NV")),
        *((name, "name-placeholder?", "template") for name in (
            "{{name}}", "{{ first }} Bell", "<name>", "<<Name>>", "${first}", "$(name)", "{first} {last}", "{0}",
            "%NAME%",
            "<%= name %>", "%(name)s", "$name", "%s")),
        *((name, "name-encoding?", '"Müller"') for name in (
            r"M\xfcller", r"M\xc3\xbcller", "M&uuml;ller", "M&#252;ller", r"M\u00fcller", "M%C3%BCller", "M=C3=BCller",
            "=?utf-8?q?M=C3=BCller?=", "=?UTF-8?B?TcO8bGxlcg==?=", "=?iso-8859-1?Q?M=FCller?=")),
        *((name, "row-not-wanted?", "delete the row") for name in (
            "Doe, Jane (DISABLED)", "[DISABLED] Jane Doe", "Jane Doe - inactive", "Doe (gekündigt)",
            "DO NOT USE - Lobby",
            "Deleted: Lobby", "Bell (uit dienst)", "Bell (à supprimer)",
            "NOT IN USE", "Do Not Use", "To Be Deleted", "Disabled", "unused", "(vacant)", "Nicht belegt", "unassigned",
            "Niet in gebruik", "sin asignar", "Non attribué")),
        *((name, "name-placeholder?", "no name") for name in (
            "No Name", "Loading...", "Unknown", "unbekannt", "Sin Nombre")),
    ],
)  # fmt: skip
def test_what_templates_encodings_and_directories_leave_in_a_name_is_a_warning(
    name: str, code: str, words: str
) -> None:
    (problem,) = validate(sheet_of(["Ext", "Name", "PIN"], ["6201", name, "402817"])).problems

    assert f"{problem.code}?" == code
    assert words in problem.message
    assert not problem.is_error


@pytest.mark.parametrize(
    "name",
    ["Entrance (left)", "Left wing", "Leer", "Blank", "Frei", "Spare", "No Limits", "To Go", "Do Re Mi", "Unused Stock",
     "Lobby (main)", "Room [A]", "Sales 50%", "AC\\DC", "A=B", "Na Li", "Null Island",
     "100% Service", "Müller (Service)", "Parti Bell", "Old Town", "Desk: front", "Lobby <main>", "Price $5",
     "#1 Taxi"],
)  # fmt: skip
def test_names_that_only_look_like_that_have_no_problem(name: str) -> None:
    assert validate(sheet_of(["Ext", "Name", "PIN"], ["6201", name, "402817"])).problems == ()


@pytest.mark.parametrize(
    "text",
    ["?a@example.com", "$a@example.com", "%a@example.com", "null@example.com", "Undefined@example.com",
     "n/a@example.com", "DISABLED <a@example.com>", "left <a@example.com>", "no-reply-please <a@example.com>",
     "Anna (left) <a@example.com>",
     "do not use <a@example.com>", "a@example.com (left)", "{first}.{last}@example.com",
     "b@example.com, null@example.com"],
)  # fmt: skip
def test_an_address_that_is_probably_not_meant_is_a_warning(text: str) -> None:
    value, codes = read("recipients", text)

    assert codes == ["recipient?"]
    assert value
    assert [
        problem.code
        for problem in validate(sheet_of(["Ext", "Notify", "Recipients"], ["6201", "yes", text])).problems
        if problem.column == "recipients"
    ] == ["recipient"]


@pytest.mark.parametrize("text", ["old:a@example.com", "smtp:a@example.com", "SMTP:a@example.com"])
def test_a_word_and_a_colon_before_an_address_are_to_be_removed(text: str) -> None:
    (fault,) = COLUMN_OF_HEADER["recipients"].parse(text).faults

    assert "Type the address alone, without" in fault.message


@pytest.mark.parametrize(
    "text", ["nulla@example.com", "none.such@example.com", "Anna Bell <a@example.com>", '"Bell, Anna" <a@example.com>',
             "Nonet <nonet@example.com>", "leftwich <l@example.com>"],
)  # fmt: skip
def test_addresses_that_only_look_like_that_have_no_problem(text: str) -> None:
    assert read("recipients", text)[1] == []
