"""Which column holds the PINs, where others hold passwords of something else."""

from dataclasses import replace

import pytest

from bulkvm.columns.header_matching import match_heading, suggest_column
from bulkvm.model.box import BLANK
from bulkvm.model.sheet import Sheet
from bulkvm.validation import validate
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
     "PIN Code (hotdesk)", "PIN\n(gate)", "PIN (nicht verwenden)", "PIN (again)"],
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


def test_a_pin_beside_a_login_is_the_pin() -> None:
    for heading in ("PIN", "Voicemail PIN", "VM password"):
        assert [record.pin for record in validate(read("Login", heading)).records] == ["918264"]
