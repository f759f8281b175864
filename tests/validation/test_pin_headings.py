"""Which column holds the PINs, where others hold passwords of something else."""

from dataclasses import replace

import pytest

from bulkvm.columns.header_matching import match_heading, suggest_column
from bulkvm.model.box import BLANK
from bulkvm.model.sheet import Sheet
from bulkvm.reports.text.problem_text import render_problems
from bulkvm.validation import validate, warn_of_blanks
from tests.sheets import sheet_of


def read(*headings: str) -> Sheet:
    return sheet_of(["Extension", "Name", *headings], ["6201", "Lab", "402817", "918264"])


@pytest.mark.parametrize("other", ["Password", "Code", "Access Code", "passcode", "Kennwort", "mot de passe", "Senha"])
@pytest.mark.parametrize(
    "heading",
    ["Voicemail PIN", "VM Password", "vm-pin", "MB PIN", "Voice Mail Password", "Mailbox passcode",
     "Voicemail_Password", "VM Code", "Voicemail-Kennwort", "Voicemailpasswort", "PIN der Mailbox",
     "Passwort (Voicemail)",
     "Mot de passe de la messagerie vocale", "Contraseña del buzón de voz", "Codice della casella vocale",
     "voicemailwachtwoord", "Senha do correio de voz", "vmPin", "Voicemail PIN (6-10 digits)"],
)  # fmt: skip
def test_a_heading_that_shows_which_pin_wins_over_one_that_does_not(heading: str, other: str) -> None:
    for headings, pin in (((heading, other), "402817"), ((other, heading), "918264")):
        checked = validate(read(*headings))

        assert [record.pin for record in checked.records] == [pin]
        assert "column-unknown" in {problem.code for problem in checked.problems}


@pytest.mark.parametrize(
    "other",
    ["SIP Password", "Web password", "User PIN", "Login code", "Auth secret", "AuthPassword", "SIP-Passwort",
     "Benutzerkennwort", "Mot de passe SIP", "Contraseña de usuario", "Password utente", "gebruikerswachtwoord",
     "Senha SIP", "Password (SIP)", "Passwort (Anmeldung)"],
)  # fmt: skip
@pytest.mark.parametrize(
    "heading",
    ["Password", "Code", "Access code", "Passcode", "Passwort", "Kennwort (Pflicht)", "Mot de passe", "contraseña",
     "clave", "Codice", "Wachtwoord", "Senha", "Palavra-passe"],
)  # fmt: skip
def test_if_two_headings_may_be_the_pin_the_error_names_both_and_the_map(heading: str, other: str) -> None:
    checked = validate(read(heading, other))

    (problem,) = [problem for problem in checked.problems if problem.is_error]
    assert problem.code == "pin-column-uncertain"
    assert f'--map "{heading}=pin"' in problem.message_with_option
    assert f'--map "{other}=pin"' in problem.message_with_option
    assert not checked.records


@pytest.mark.parametrize("heading", ["Password", "Code", "Access code", "Passcode", "VM Password"])
def test_a_password_alone_is_the_pin(heading: str) -> None:
    assert [record.pin for record in validate(read(heading, "Floor")).records] == ["402817"]


@pytest.mark.parametrize("other", ["VM PIN", "Password", "Passcode", "PIN code"])
def test_two_headings_for_one_column_are_reported_with_the_map_that_decides(other: str) -> None:
    (problem,) = [problem for problem in validate(read("PIN", other)).problems if problem.is_error]

    assert problem.code == "column-twice"
    assert f'--map "PIN=pin" or --map "{other}=pin"' in problem.message_with_option


@pytest.mark.parametrize(
    "heading",
    ["SIP PIN", "auth pin", "User pin", "web PIN", "Phone PIN", "Secret pin", "Reg pin", "trunk pin", "Login PIN",
     "Benutzer-PIN", "Telefon-PIN", "PIN Anmeldung", "PIN utilisateur", "PIN de usuario", "PIN utente", "PIN gebruiker",
     "Registrierungs-PIN", "PIN telefone"],
)  # fmt: skip
def test_no_other_secret_is_suggested_as_the_pin(heading: str) -> None:
    assert suggest_column(heading) is None


@pytest.mark.parametrize(
    "heading",
    ["Voicemail PIN length", "VM PIN changed", "Reset voicemail PIN", "Voicemail password hint", "PIN (old)",
     "PIN (SIP)", "PIN (web)", "Code (postal)", "Password (WiFi)", "Kennwort (Benutzer)", "PIN (alt)", "Code article"],
)  # fmt: skip
def test_a_heading_about_something_else_is_not_the_pin(heading: str) -> None:
    assert match_heading(heading) is None


@pytest.mark.parametrize(
    "heading",
    ["PIN (door)", "PIN (alarm)", "PIN (SIM card)", "PIN [conference]", "PIN (do not use)", "PIN (Tür)",
     "PIN Code (hotdesk)", "PIN\n(gate)", "PIN (nicht verwenden)", "PIN (former)", "PIN (hash)", "PIN (bank)",
     "PIN (6 digits, web login)", "PIN (for the door)", "PIN (Haustür)", "Code PIN (porte)", "PIN (puerta)",
     "PIN (cassaforte)", "PIN (deur)", "PIN (porta)", "Türcode", "SIM-PIN", "Bank PIN", "Alarm-PIN",
     "PIN (required, for the safe)", "PIN (6-stellig, SIP)"],
)  # fmt: skip
def test_the_pin_of_something_else_is_not_read(heading: str) -> None:
    checked = validate(read("Floor", heading))

    assert [record.pin for record in checked.records] == [BLANK]
    assert "column-unknown" in {problem.code for problem in checked.problems}


@pytest.mark.parametrize(
    "heading", ["E-mail (do not use)", "Name (not used)", "Email (obsolete)", "Sprache (veraltet)"]
)
def test_a_column_that_is_not_to_be_used_is_not_read(heading: str) -> None:
    assert match_heading(heading) is None


@pytest.mark.parametrize(
    "login",
    ["SIP User", "Auth ID", "Username", "User name", "Login", "MAC", "authUser", "Benutzername", "Anmeldename",
     "Identifiant", "Nombre de usuario", "Nome utente", "Gebruikersnaam", "Nome de utilizador", "Portal user", "User",
     "Device", "Gerät", "Usuario", "Utente", "Benutzer", "Account", "Konto", "Portal"],
)  # fmt: skip
@pytest.mark.parametrize("heading", ["Password", "Kennwort", "Mot de passe", "Contraseña", "Wachtwoord", "Senha"])
def test_a_password_beside_a_login_is_the_pin_only_where_it_is_mapped(heading: str, login: str) -> None:
    checked = validate(read(login, heading))

    (problem,) = [problem for problem in checked.problems if problem.is_error]
    assert problem.code == "pin-column-uncertain"
    assert f'--map "{heading}=pin"' in problem.message_with_option
    assert f'--map "{heading}="' in problem.message_with_option
    for header, pin in (("pin", "918264"), ("", BLANK)):
        mapped = validate(replace(read(login, heading), heading_map={heading: header}))
        assert [record.pin for record in mapped.records] == [pin]


@pytest.mark.parametrize("box", ["Voicemail", "VM", "Voicemail #", "VM Access", "Mailbox-Zugang", "Messagerie vocale"])
@pytest.mark.parametrize("heading", ["Password", "Passwort", "Code", "Mot de passe", "PIN"])
def test_beside_a_voicemail_column_with_digits_of_a_pin_the_error_names_both(heading: str, box: str) -> None:
    rows = ["6201", "Lab", "402817", "918264"], ["6202", "Bar", "517283", "6202"], ["6203", "Spa", "629481", "815372"]
    sheet = sheet_of(["Extension", "Name", heading, box], *rows)

    (problem,) = [problem for problem in validate(sheet).problems if problem.is_error]
    assert problem.code == "pin-column-uncertain"
    assert f'--map "{heading}=pin"' in problem.message_with_option
    assert f'--map "{box}=pin"' in problem.message_with_option
    for chosen, pin in ((heading, "402817"), (box, "918264")):
        assert validate(replace(sheet, heading_map={chosen: "pin"})).records[0].pin == pin


@pytest.mark.parametrize(
    ("heading", "box", "values"),
    [
        ("Password", "Voicemail", ["yes", "yes"]), ("Password", "Voicemail", ["6201", "6202"]),
        ("Password", "Voicemail", ["1", "1"]), ("Password", "VM", ["", ""]), ("PIN", "Voicemail", ["5000", "5000"]),
        ("PIN", "Voicemail quota", ["5000", "6000"]), ("Voicemail PIN", "Voicemail", ["918264", "815372"]),
    ],
)  # fmt: skip
def test_a_voicemail_column_without_pins_does_not_make_the_pins_uncertain(
    heading: str, box: str, values: list[str]
) -> None:
    rows = ["6201", "Lab", "402817", values[0]], ["6202", "Bar", "517283", values[1]]
    checked = validate(sheet_of(["Extension", "Name", heading, box], *rows))

    assert [record.pin for record in checked.records] == ["402817", "517283"]


def test_a_pin_beside_a_login_is_the_pin() -> None:
    for heading in ("PIN", "Voicemail PIN", "VM password"):
        assert [record.pin for record in validate(read("Login", heading)).records] == ["918264"]


@pytest.mark.parametrize(
    "heading",
    ["PIN (6-stellig)", "PIN (mind. 6 Stellen)", "PIN (exactly 6 digits)", "PIN (no repeats)",
     "PIN (leave blank to keep)", "PIN (if known)", "PIN (do not change)", "PIN - 6 digits",
     "PIN: 6 digits", "PIN: leave blank to keep", "PIN \u2013 6-stellig", "PIN*", "PIN (*)", "PIN (6 digits",
     "PIN {6 digits}", "PIN <6-10>", "PIN \uff086 digits\uff09", "PIN 6 digits", "6-digit PIN", "6-stellige PIN",
     "PIN\n(no 111 or 123)", "PIN (6 digits) (required)", "PIN (unique for each box)", "PIN (keep it secret)",
     "PIN (if blank, the box keeps its PIN)", "PIN (to listen to messages)", "PIN (keine Wiederholungen)",
     "PIN (leer lassen, um sie zu behalten)", "PIN (falls bekannt)", "PIN (nicht ändern)", "PIN (nicht aendern)",
     "Code PIN (à 6 chiffres)", "Code PIN à 6 chiffres", "Code PIN (sans répétition)", "PIN (laisser vide pour garder)",
     "PIN (si connu)", "Code PIN (ne pas modifier)", "PIN (6 dígitos)", "PIN de 6 dígitos", "PIN (sin repeticiones)",
     "PIN (dejar en blanco para mantener)", "PIN (si se conoce)", "PIN (no cambiar)", "PIN (almeno 6 cifre)",
     "Codice PIN (senza ripetizioni)", "PIN (lasciare vuoto per mantenere)", "PIN (se noto)", "PIN (non modificare)",
     "PIN (minimaal 6 cijfers)", "Pincode (6-cijferig)", "PIN (geen herhalingen)", "PIN (leeg laten om te behouden)",
     "PIN (indien bekend)", "PIN (niet wijzigen)", "PIN (mínimo 6 dígitos)", "PIN (sem repetições)",
     "PIN (deixar em branco para manter)", "PIN (se conhecido)", "PIN (não alterar)", "Password (exactly 6 digits)",
     "VM PIN (no repeats)", "PIN (for new boxes only)", "PIN (nur bei neuen Boxen)", "PIN (vierstellig)",
     "PIN (not 1234)", "PIN (numbers only, 6-10)", "PIN (at least six)", "PIN (per box)",
     "PIN (as text)", "PIN (see note 3)"],
)  # fmt: skip
def test_a_note_that_explains_how_to_fill_in_the_pins_is_left_out(heading: str) -> None:
    assert [record.pin for record in validate(read("Floor", heading)).records] == ["918264"]


@pytest.mark.parametrize(
    "heading",
    ["PIN (lobby)", "PIN (again)", "PIN (IT)", "PIN (6 digits, lobby)", "PIN (required; kitchen)",
     "PIN (for the kitchen)", "PIN (time clock)", "PIN - Lobby", "PIN (Kaffeemaschine)", "PIN (required for laundry)",
     "Temporary PIN", "Default PIN", "Initial PIN", "PIN 1", "PIN2", "Extension PIN", "Start-PIN", "Wunschpin",
     "PIN changed", "Current PIN", "PIN temporaire", "PIN provisional", "Standaardpin", "Senha inicial", "PIN modifié"],
)  # fmt: skip
def test_pins_below_a_heading_that_may_mean_others_are_an_error_with_the_map_that_decides(heading: str) -> None:
    checked = validate(read("Floor", heading))

    (problem,) = [problem for problem in checked.problems if problem.is_error]
    assert problem.code == "pin-column-uncertain"
    for header, pin in (("pin", "918264"), ("", BLANK)):
        assert f'--map "{heading}={header}"' in problem.message_with_option
        mapped = validate(replace(read("Floor", heading), heading_map={heading: header}))
        assert [record.pin for record in mapped.records] == [pin]


def test_several_columns_that_may_hold_the_pins_are_named_in_one_error() -> None:
    (problem,) = [problem for problem in validate(read("PIN 1", "PIN 2")).problems if problem.is_error]

    assert '--map "PIN 1=pin" or --map "PIN 2=pin"' in problem.message_with_option


@pytest.mark.parametrize("heading", ["Temporary PIN", "PIN 2", "PIN (lobby)", "PIN (again)", "User PIN", "Code 2"])
def test_beside_the_pin_other_pins_are_not_read(heading: str) -> None:
    checked = validate(read("PIN", heading))

    assert [record.pin for record in checked.records] == ["402817"]
    assert not [problem for problem in checked.problems if problem.code.startswith("pin-column")]


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("New PIN", "column-twice"), ("Changed PIN", "column-twice"), ("Updated PIN", "column-twice"),
        ("Change PIN to", "column-twice"), ("PIN ändern in", "column-twice"), ("Gewünschte PIN", "column-twice"),
        ("PIN changed", "pin-column-uncertain"), ("PIN modifié", "pin-column-uncertain"),
        ("PIN cambiado", "pin-column-uncertain"),
    ],
)  # fmt: skip
def test_a_changed_pin_beside_the_pin_is_an_error_that_names_both(heading: str, code: str) -> None:
    (problem,) = [problem for problem in validate(read("PIN", heading)).problems if problem.is_error]

    assert problem.code == code
    assert f'--map "PIN=pin" or --map "{heading}=pin"' in problem.message_with_option


def test_whether_a_pin_was_changed_is_no_pin() -> None:
    sheet = sheet_of(["Extension", "PIN", "PIN changed"], ["6201", "402817", "2026-01-31"], ["6202", "918264", "no"])

    assert [record.pin for record in validate(sheet).records] == ["402817", "918264"]


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("UserPIN", "402817"), ("User PIN", "402817"), ("PIN (door)", "402817"), ("Conference PIN", "402817"),
        ("Temporary PIN", "see letter"), ("Code 1", "402817"), ("Old PIN", "402817"),
    ],
)  # fmt: skip
def test_an_unread_pin_is_named_instead_of_advice_to_generate_others(heading: str, text: str) -> None:
    checked = validate(sheet_of(["Extension", "Name", heading], ["6201", "Lab", text]))
    shown = render_problems([*checked.problems, *warn_of_blanks(checked)])

    assert f'--map "{heading}=pin"' in shown
    assert "--generate-pins" not in shown


@pytest.mark.parametrize(
    "heading",
    [
        "SIP password",
        "SIP secret",
        "Auth password",
        "Web login password",
        "Phone passcode",
        "User password",
        "WLAN-Passwort",
    ],
)
def test_the_password_of_something_else_is_not_offered_as_the_pin(heading: str) -> None:
    checked = validate(sheet_of(["Extension", "Name", heading], ["6201", "Lab", "402817"]))
    shown = render_problems([*checked.problems, *warn_of_blanks(checked)])

    assert f'"{heading}"' in shown
    assert "--map" not in shown
    assert all(record.pin is BLANK for record in checked.records)


@pytest.mark.parametrize("heading", ["Area code", "Cost code", "Language code", "Postal code", "Department"])
def test_a_code_that_is_no_secret_is_not_named_as_a_pin(heading: str) -> None:
    checked = validate(sheet_of(["Extension", "Name", heading], ["6201", "Lab", "4711"]))

    assert "pin-column-unread" not in {problem.code for problem in checked.problems}
