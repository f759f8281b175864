"""Headings as people write them, in seven languages."""

import unicodedata
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkvm.columns import COLUMNS, Column
from bulkvm.columns.header_matching import match_heading, match_headings, possible_columns, suggest_column
from bulkvm.columns.heading_words import fold, names_box
from bulkvm.columns.headings import AMBIGUOUS
from bulkvm.validation import validate
from tests.sheets import sheet_of

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt")


def names(column: Column, language: str) -> list[str]:
    return column.aliases[language].split(", ")


ALL: Final = [(column, name) for column in COLUMNS for language in LANGUAGES for name in names(column, language)]


def header_of(heading: str) -> str | None:
    column = match_heading(heading)
    return column.header if column else None


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.header)
def test_every_column_has_headings_in_every_language(column: Column) -> None:
    assert tuple(column.aliases) == LANGUAGES


def test_no_heading_of_one_column_is_that_of_another() -> None:
    columns: dict[str, set[str]] = {}
    for column in COLUMNS:
        lines = [*column.aliases.values(), *column.vague_aliases.values()]
        for name in [column.header, column.title, *(name for line in lines for name in line.split(", "))]:
            columns.setdefault(fold(name), set()).add(column.header)

    assert [name for name, headers in columns.items() if len(headers) > 1] == []
    assert columns.keys().isdisjoint(map(fold, AMBIGUOUS))


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("Durchwahl", "extension_number"),
        ("Nebenstelle", "extension_number"),
        ("Rufnummer", "extension_number"),
        ("Poste", "extension_number"),
        ("N° de poste", "extension_number"),
        ("Extensión", "extension_number"),
        ("Interno", "extension_number"),
        ("Toestel", "extension_number"),
        ("Toestelnummer", "extension_number"),
        ("Ramal", "extension_number"),
        ("Nom", "name"),
        ("Nombre", "name"),
        ("Nome", "name"),
        ("Naam", "name"),
        ("Anzeigename", "name"),
        ("Geheimzahl", "pin"),
        ("Code PIN", "pin"),
        ("Código PIN", "pin"),
        ("Codice PIN", "pin"),
        ("Pincode", "pin"),
        ("Mot de passe", "pin"),
        ("Contraseña", "pin"),
        ("Sprache", "prompt"),
        ("Langue", "prompt"),
        ("Idioma", "prompt"),
        ("Lingua", "prompt"),
        ("Taal", "prompt"),
        ("Empfänger", "recipients"),
        ("Courriel", "recipients"),
        ("Correo electrónico", "recipients"),
        ("Indirizzo e-mail", "recipients"),
        ("E-mailadres", "recipients"),
        ("Destinatários", "recipients"),
        ("E-mail recipients", "recipients"),
        ("E-Mail-Benachrichtigung", "enable_email_notify"),
        ("Notification par courriel", "enable_email_notify"),
        ("Email enabled", "enable_email_notify"),
        ("E-Mail aktiv", "enable_email_notify"),
        ("Courriel activé", "enable_email_notify"),
        ("PIN-Abfrage", "enable_pin"),
        ("Datum/Uhrzeit", "play_datetime"),
        ("Date et heure", "play_datetime"),
        ("Phone extension", "extension_number"),
        ("DW", "extension_number"),
        ("Nst.", "extension_number"),
        ("N° interne", "extension_number"),
        ("Núm. extensión", "extension_number"),
        ("Vor- und Nachname", "name"),
        ("Name, Vorname", "name"),
        ("Nom et prénom", "name"),
        ("Nombre y apellidos", "name"),
        ("Nome e cognome", "name"),
        ("Voor- en achternaam", "name"),
        ("Box PIN", "pin"),
        ("Code PIN messagerie", "pin"),
        ("E-Mail an", "recipients"),
        ("Avertir", "enable_email_notify"),
        ("Avisar por correo", "enable_email_notify"),
        ("Avviso e-mail", "enable_email_notify"),
        ("VM PIN", "pin"),
        ("PIN Number", "pin"),
        ("Extension Number", "extension_number"),
        ("Prompt Language", "prompt"),
        ("Voicemail PIN Authentication", "enable_pin"),
        ("Send email when receiving a voicemail", "enable_email_notify"),
        *((heading, "recipients") for heading in (
            "Send e-mail to", "Send to", "Send voicemail to", "E-Mail senden an", "Envoyer un e-mail à",
            "Enviar correo a", "Invia e-mail a", "E-mail naar", "Enviar e-mail para",
        )),
        *((heading, "pin") for heading in (
            "PIN to listen", "PIN to listen to messages", "PIN zum Abhören", "PIN pour écouter", "PIN para escuchar",
            "PIN per ascoltare", "PIN om te luisteren", "PIN para ouvir",
        )),
    ],
)  # fmt: skip
def test_headings_of_other_languages_and_of_the_portal_are_known(heading: str, header: str) -> None:
    assert header_of(heading) == header


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("Extension (required)", "extension_number"),
        ("PIN (required)", "pin"),
        ("PIN-Nr.", "pin"),
        ("Mailbox-Nr.", "extension_number"),
        ("Ext.-Nr.", "extension_number"),
        ("Interne Nr.", "extension_number"),
        ("PIN (6-10 digits)", "pin"),
        ("PIN [6 to 10 digits] *", "pin"),
        ("Durchwahl (Pflicht)", "extension_number"),
        ("Durchwahl (3-64 Ziffern, Pflichtfeld)", "extension_number"),
        ("Code PIN (obligatoire)", "pin"),
        ("Nombre (máx. 64 caracteres)", "name"),
        ("Notify (yes/no)", "enable_email_notify"),
        ("E-mail (separate with commas)", "recipients"),
        ("Name (as shown in the portal)", "name"),
        ("Language (e.g. en-US)", "prompt"),
        ("Password (6 digits)", "pin"),
        ("Extension\n(required)", "extension_number"),
        ("PIN\n6-10 digits", "pin"),
        ("Extension - required", "extension_number"),
        ("Announce (date/time)", "play_datetime"),
        ("Extension¹", "extension_number"),
        ("Voicemail (PIN)", "pin"),
        ("Email (yes/no)", "enable_email_notify"),
        ("E-Mail (ja/nein)", "enable_email_notify"),
        ("Courriel [oui / non]", "enable_email_notify"),
        ("PIN (Yes or No)", "enable_pin"),
        ("Email address(es)", "recipients"),
        ("E-mail (one per line)", "recipients"),
        ("Ext: 4 digits", "extension_number"),
        ("Name: as shown on the phones", "name"),
        ("Name - as on the door sign", "name"),
        ("Name\nas shown on the phones", "name"),
        ("E-mail: for voicemail", "recipients"),
        ("1. Name", "name"),
        ("a) PIN", "pin"),
        ("PIN-Code (Mailbox)", "pin"),
        ("PIN for voicemail box", "pin"),
        ("PIN (solo numeri)", "pin"),
        ("PIN (new)", "pin"),
        ("Extension (3 digits)", "extension_number"),
        ("Extension (Berlin)", "extension_number"),
        ("Notify (1 = on, 0 = off)", "enable_email_notify"),
        ("Notify (x = yes)", "enable_email_notify"),
        ("Notify (leave blank for off)", "enable_email_notify"),
        ("Ask for PIN (on or off)", "enable_pin"),
        ("Ask for PIN (default: yes)", "enable_pin"),
        *((heading, "pin") for heading in (
            "PIN (no birthdays)", "PIN (please do not share)", "PIN (don't share)", "PIN (no dates of birth)",
            "PIN zum Abhoeren (keine Geburtstage)", "PIN (keine Geburtsdaten)", "PIN (bitte nicht weitergeben)",
            "PIN (ne pas partager)", "PIN (pas de date de naissance)", "PIN (no compartir)", "PIN (sin cumpleaños)",
            "PIN (non condividere)", "PIN (niet delen)", "PIN (geen verjaardagen)", "PIN (não partilhar)",
            "PIN (sem aniversários)",
        )),
    ],
)  # fmt: skip
def test_notes_in_a_heading_are_left_out(heading: str, header: str) -> None:
    assert header_of(heading) == header


@pytest.mark.parametrize(
    ("heading", "headers"),
    [
        ("Durchwahl / Extension", {"extension_number"}),
        ("Extension (Durchwahl)", {"extension_number"}),
        ("Name | Nom | Nombre", {"name"}),
        ("Extension\nNebenstelle", {"extension_number"}),
        ("PIN / Passwort", {"pin"}),
        ("Display\nName", {"name"}),
        ("Mailbox\nName", {"name"}),
        ("Mailbox / Name", {"extension_number", "name"}),
        ("Name / Number", {"extension_number", "name"}),
        ("Name (Extension)", {"extension_number", "name"}),
        ("Extension, PIN", {"extension_number", "pin"}),
        ("E-mail / Notify", {"recipients", "enable_email_notify"}),
        ("Notification e-mail", {"recipients", "enable_email_notify"}),
        ("PIN\nrequired", {"pin", "enable_pin"}),
        ("PIN *required*", {"pin", "enable_pin"}),
        ("Name (first and last)", {"name"}),
        ("Name (first, last)", {"name"}),
        ("Name - Department", set()),
        ("Name: Floor", set()),
        ("Number - of the mobile phone", set()),
        ("E-mail: of the manager", set()),
        ("Extension: the old one", set()),
        ("PIN: for the door", set()),
        ("PIN - of the lobby", set()),
        ("Name (Vorname)", set()),
        ("Nom (de famille)", set()),
        ("Name (last)", set()),
        ("Nombre (apellidos)", set()),
        ("Name (manager)", set()),
        ("Name (Vorgesetzter)", set()),
        ("Nom (responsable)", set()),
        ("Timestamp", set()),
        ("Extension / Floor", set()),
        ("Extension (old)", set()),
        ("Email (private)", set()),
        ("E-Mail (privat)", set()),
        ("Email (manager)", set()),
        ("Email (login)", set()),
        ("Email (portal user)", set()),
        ("Correo (personal)", set()),
        ("PIN (SIM)", set()),
        ("PIN (sim)", set()),
        ("PIN (sim/não)", {"enable_pin"}),
        ("Voicemail to Email", {"recipients", "enable_email_notify"}),
        ("Number (mobile)", set()),
        ("Number (room)", set()),
        ("Box (PO)", set()),
        ("Mailbox (GB)", set()),
        ("Mailbox size", set()),
        ("Language (UI)", set()),
        ("Language (phone)", set()),
        ("Language (phone prompts)", {"prompt"}),
        ("Extension (room)", {"extension_number"}),
        ("Durchwahl (alt)", set()),
        ("#", set()),
        ("(required)", set()),
    ],
)
def test_a_heading_of_several_parts_names_a_column_only_if_all_of_them_do(heading: str, headers: set[str]) -> None:
    assert possible_columns(heading) == headers


@pytest.mark.parametrize("heading", ["Mailbox / Name", "E-mail (notify)", "PIN\nrequired", "Notification e-mail"])
def test_a_heading_that_may_be_either_of_two_is_an_error_that_names_both(heading: str) -> None:
    headers = sorted(possible_columns(heading))
    checked = validate(sheet_of([heading, "Extension", "Language"], ["x", "6201", "en-US"]))

    (problem,) = [problem for problem in checked.problems if problem.is_error]
    assert problem.code == "heading-ambiguous"
    shown = " ".join(heading.split())
    assert all(f'--map "{shown}={header}"' in problem.message_with_option for header in headers)


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("Langauge", "prompt"),
        ("Extention", "extension_number"),
        ("Emial", "recipients"),
        ("Durchwal", "extension_number"),
        ("voicemail_options", None),
        ("voicemail_enabled", None),
        ("Mailbox enabled", None),
        ("User Authentication", None),
        ("Authentication ID", None),
        ("PIN requird", "enable_pin"),
        ("Voicemail PIN Authenticaton", "enable_pin"),
        ("Floor", None),
        ("Notes", None),
        ("Nota", None),
        ("Title", None),
    ],
)
def test_a_heading_that_is_nearly_known_gets_a_suggestion(heading: str, header: str | None) -> None:
    column = suggest_column(heading)

    assert (column and column.header) == header


SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "upper": lambda name: name.replace("ß", "ẞ").upper(),
    "lower": str.lower,
    "title": str.title,
    "decomposed": lambda name: unicodedata.normalize("NFD", name),
    "without accents": lambda name: "".join(
        c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)
    ),
    "umlauts": lambda name: name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"),
    "colon": lambda name: f"{name}:",
    "asterisk": lambda name: f" {name} *",
    "underscores": lambda name: name.replace(" ", "_").replace("-", "_"),
    "required": lambda name: f"{name} (required)",
    "pflicht": lambda name: f"{name}\n[Pflicht]",
    "no-break spaces": lambda name: name.replace(" ", "\u00a0"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_heading_is_known_in_any_spelling(spelling: str) -> None:
    wrong = [
        (name, header_of(SPELLINGS[spelling](name)))
        for column, name in ALL
        if header_of(SPELLINGS[spelling](name)) != column.header
    ]

    assert wrong == []


def test_a_heading_that_is_wrapped_over_lines_is_known() -> None:
    wrapped = [(name.replace(" ", "\n"), column.header) for column, name in ALL]
    # "required" on a line of its own may be a note below "PIN".
    assert {header for name, header in wrapped if header_of(name) != header} == {"enable_pin"}


def test_two_names_of_one_column_name_it_together() -> None:
    for column in COLUMNS:
        firsts = [names(column, language)[0] for language in LANGUAGES]
        for one, other in product(firsts, repeat=2):
            for heading in (f"{one} / {other}", f"{one} ({other})"):
                assert possible_columns(heading) == {column.header}, heading


OTHERS: Final = st.text(max_size=12) | st.sampled_from(
    ["Floor", "Abteilung", "Prénom", "SIP Password", "Notes", "#", ""]
)
# An address of a box, which wins over any other address, is tested on its own.
KNOWN: Final = st.sampled_from([(c, name) for c, name in ALL if not (c.header == "recipients" and names_box(name))])
NOTES: Final = st.sampled_from(["", " *", ":", " (required)", " (Pflicht)", "\n(6-10)"])
HOW: Final = st.sampled_from(list(SPELLINGS.values()))


@given(
    headings=st.lists(st.tuples(KNOWN, HOW, NOTES), max_size=9),
    others=st.lists(OTHERS, max_size=3),
    random=st.randoms(use_true_random=False),
)
@settings(max_examples=300, deadline=None)
def test_headings_in_any_language_and_order_are_recognised(
    headings: list[tuple[tuple[Column, str], Callable[[str], str], str]], others: list[str], random: Random
) -> None:
    expected = [(how(name) + note, column.header) for (column, name), how, note in headings]
    row = [*expected, *((other, None) for other in others)]
    random.shuffle(row)
    letters = {str(place): heading for place, (heading, _) in enumerate(row)}

    found = match_headings(letters)

    for place, (_, header) in enumerate(row):
        column = found.get(str(place))
        if header is not None:
            assert column is not None
            assert column.header == header


def test_headings_with_many_parts_are_not_known() -> None:
    assert possible_columns("PIN / " * 40) == possible_columns("PIN (x) " * 30) == set()


WORDS: Final = sorted({word for _, name in ALL for word in name.replace("/", " ").split()})


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    between=st.sampled_from([" ", " / ", "\n", "-", " ("]),
)
@settings(max_examples=500, deadline=None)
def test_words_of_headings_in_another_order_are_not_a_heading(words: list[str], between: str) -> None:
    heading = between.join(words)
    columns = {fold(name): column.header for column in COLUMNS for name in (column.header, column.title)}
    columns |= {fold(name): column.header for column, name in ALL}

    header = header_of(heading)

    # The PIN of a box may be written in many ways.
    if header not in {None, "pin"}:
        pieces = [heading, *heading.replace("(", "/").replace("\n", "/").split("/")]
        assert header in {columns.get(fold(piece)) for piece in pieces}
    if whole := columns.get(fold(heading)):
        assert header in {whole, None}


@pytest.mark.parametrize("general", ["Email", "E-Mail-Adresse", "Courriel", "Correo electrónico", "Mail address"])
@pytest.mark.parametrize("of_box", ["Voicemail Email", "Email (voicemail)", "E-Mail für Voicemail", "VM e-mail"])
def test_the_address_of_a_box_wins_over_any_other_address(of_box: str, general: str) -> None:
    for headings in ({"A": of_box, "B": general}, {"B": general, "A": of_box}):
        assert {letter: column.header for letter, column in match_headings(headings).items()} == {"A": "recipients"}

    mapped = match_headings({"A": of_box, "B": general}, {of_box: "recipients", general: "recipients"})
    assert set(mapped) == {"A", "B"}


def test_the_address_of_a_box_beside_recipients_is_an_error() -> None:
    assert set(match_headings({"A": "Voicemail Email", "B": "Recipients"})) == {"A", "B"}


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("New PIN", "pin"), ("PIN new", "pin"), ("Neue PIN", "pin"), ("Nouveau code PIN", "pin"), ("New name", "name"),
        ("Neue Durchwahl", None), ("New voicemail PIN", "pin"), ("Old PIN", None), ("New", None),
        ("New employee", None),
    ],
)  # fmt: skip
def test_a_new_value_is_the_value_of_its_column(heading: str, header: str | None) -> None:
    assert header_of(heading) == header


@pytest.mark.parametrize("headings", [("Ext", "New extension"), ("Old extension", "New extension"), ("New ext", "PIN")])
def test_new_numbers_are_an_error_since_a_box_keeps_its_number(headings: tuple[str, ...]) -> None:
    problems = validate(sheet_of(headings, ["6201"] * len(headings))).problems

    found = [problem for problem in problems if problem.code == "heading-ambiguous"]
    assert ["cannot be changed" in problem.message for problem in found] == [True]
    assert not match_headings({"A": "New extension"})


@pytest.mark.parametrize(("one", "other"), [("PIN", "New PIN"), ("Name", "Neuer Name")])
def test_a_new_value_beside_another_one_is_an_error_that_names_both(one: str, other: str) -> None:
    headings = ("Ext", one, other)
    problems = validate(sheet_of(headings, ["6201"] * len(headings))).problems

    assert [problem.code for problem in problems if problem.is_error] == ["column-twice"]
    assert all(name in problems[0].message_with_option for name in (f'"{one}"', f'"{other}"', f'--map "{other}='))


def test_an_old_value_beside_a_new_one_is_not_read() -> None:
    checked = validate(sheet_of(("Ext", "Old PIN", "New PIN"), ("6201", "402817", "518294")))

    assert [record.pin for record in checked.records] == ["518294"]


@pytest.mark.parametrize(
    "heading",
    [
        "Active", "Enabled", "Aktiv", "Status", "Disable notification", "No notification", "No e-mail", "Keine E-Mail",
        "Sin correo", "PIN deaktiviert", "Without PIN", "E-mail notification off", "Notification off",
        "Benachrichtigung aus", "PIN-Abfrage aus", "Melding uit", "E-mail notification suppressed", "Notify opt-out",
        "PIN required off", "Date and time off",
    ],
)  # fmt: skip
def test_a_status_or_the_opposite_of_a_column_is_no_suggestion(heading: str) -> None:
    assert suggest_column(heading) is None


@pytest.mark.parametrize(
    ("headings", "headers"),
    [
        (("E-Mail?", "E-Mail"), ["enable_email_notify", "recipients"]),
        (("E-Mail", "E-Mail ?"), ["recipients", "enable_email_notify"]),
        (("PIN", "PIN?"), ["pin", "enable_pin"]),
        (("PIN?",), ["pin"]),
        (("PIN", "PIN?", "PIN required"), ["pin", "pin", "enable_pin"]),
    ],
)
def test_a_question_beside_its_value_is_the_switch(headings: tuple[str, ...], headers: list[str]) -> None:
    columns = match_headings(dict(zip("ABC", headings, strict=False)))

    assert [column.header for column in columns.values()] == headers


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("E-mail Y/N", "enable_email_notify"), ("E-Mail ja/nein", "enable_email_notify"), ("PIN Y/N", "enable_pin"),
        ("E-mail on/off", "enable_email_notify"), ("PIN: yes/no?", "enable_pin"), ("Notify Y/N", "enable_email_notify"),
        ("Mail to/from", None), ("Date/time", "play_datetime"), ("Guest Y/N", None),
    ],
)  # fmt: skip
def test_a_heading_that_ends_with_yes_or_no_is_the_switch(heading: str, header: str | None) -> None:
    assert header_of(heading) == header


@pytest.mark.parametrize(
    "heading",
    ["Notify recipients", "Empfänger benachrichtigen", "Notifier les destinataires", "Notificar destinatarios",
     "Notifica destinatari", "Ontvangers informeren", "Notificar destinatários"],
)  # fmt: skip
def test_notify_recipients_may_be_the_switch_or_the_addresses(heading: str) -> None:
    problems = validate(sheet_of(["Ext", heading], ["6201", "yes"])).problems

    assert [problem.code for problem in problems if problem.is_error] == ["heading-ambiguous"]


@pytest.mark.parametrize(
    ("heading", "header"),
    [
        ("Exten sion", "extension_number"), ("Exten-\nsion", "extension_number"),
        ("Ex\u00adtension", "extension_number"),
        ("Ext\u200bension", "extension_number"), ("Durch-\r\nwahl", "extension_number"), ("E - Mail", "recipients"),
        ("E-\nMail", "recipients"), ("Display\u00a0\u00a0Name", "name"), ("N A M E", "name"),
        ("Voice  mail  PIN", "pin"), ("Voice\u00a0mail\tPIN", "pin"), ("Voice-\nmail PIN", "pin"), ("P I N", "pin"),
    ],
)  # fmt: skip
def test_spaces_line_breaks_and_hyphens_in_a_heading_do_not_matter(heading: str, header: str) -> None:
    assert header_of(heading) == header


@pytest.mark.parametrize(
    "heading",
    ["Extension (manager)", "Ext (assistant)", "Mailbox (supervisor)", "Durchwahl (Leiter)", "Extension (forward)",
     "Ext (Weiterleitung)", "Extension (legacy)", "Ext (new)", "Extension - new", "Extension: new", "Durchwahl (neu)",
     "Notify (disabled)", "Notify by e-mail (opt out)", "Ask for PIN (inverted)", "PIN required (0 = yes, 1 = no)",
     "Notify (1 = off)", "Notify (yes: off)", "PIN abfragen (deaktiviert)", "E-mail notification (suppressed)",
     "PIN to login", "PIN to open the door", "PIN to listen (SIP)", "PIN (no longer valid)", "PIN (not in use)",
     "Login PIN (do not share)", "Password to log in", "PIN (no SIP)", "PIN für die Anmeldung"],
)  # fmt: skip
def test_a_heading_that_words_or_a_note_give_another_meaning_is_not_known(heading: str) -> None:
    assert header_of(heading) is None


@pytest.mark.parametrize(
    "heading",
    ["Old e-mail", "E-mail (old)", "Email (do not use)", "Do not email", "Bounced e-mail", "From e-mail",
     "Reply-to e-mail", "Fax to email"],
)  # fmt: skip
def test_addresses_that_get_no_messages_are_not_suggested_as_recipients(heading: str) -> None:
    problems = validate(sheet_of(["Ext", "Name", heading], ["6201", "Lab", "a@example.com"])).problems

    assert not any("=recipients" in problem.message_with_option for problem in problems)


@pytest.mark.parametrize("heading", ["Tel $(id)", "Tel `id`", "Tel $HOME"])
def test_no_option_has_a_heading_that_a_shell_would_run(heading: str) -> None:
    unknown = validate(sheet_of([heading, "Name"], ["6201", "Lab"])).problems
    twice = validate(sheet_of(["Ext", f"PIN {heading}", f"{heading} PIN"], ["6201", "402817", "402817"])).problems

    options = [problem.option for problem in (*unknown, *twice)]
    assert any('"Their heading=extension_number"' in option for option in options)
    assert not any("$" in option or f'"{heading}' in option for option in options)
