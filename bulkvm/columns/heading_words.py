"""The words of headings: plain letters, notes, and which secret a heading names."""

import re
import unicodedata
from typing import Final

# The byte order mark of UTF-8, decoded once or twice as Windows-1252 by another program.
_BROKEN_MARK: Final = re.compile("^(?:ï»¿|Ã¯Â»Â¿)")
_FOOTNOTE_OR_ACCENT: Final = re.compile("[\u00b9\u00b2\u00b3\u2070-\u2079\u0300-\u036f]")
_NOT_LETTERS: Final = re.compile(r"[\W_]+")
_NEW_WORD: Final = re.compile("(?<=[a-z0-9])(?=[A-Z])")  # as in authPassword


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BOXES: Final = _set(
    "voicemail voicemails vm mb mailbox voicebox voicemailbox sprachbox anrufbeantworter vocale repondeur buzon voz "
    "segreteria antwoordapparaat"
)
_SECRETS: Final = _set(
    "pin pins pincode nip password passwords passwd pwd pw pass passcode code secret passwort kennwort geheimzahl "
    "geheimnummer zugangscode passe contrasena clave codigo codice wachtwoord toegangscode senha"
)
# Words for what else has a secret.
_OTHERS: Final = _set(
    "sip auth authentication user web phone deskphone secret reg registration trunk login logon portal admin "
    "administrator account wifi wlan email mail ldap windows domain vpn device client server benutzer nutzer telefon "
    "anmelde anmeldung registrierung konto gerat geraet utilisateur telephone connexion compte enregistrement usuario "
    "telefono registro cuenta sesion utente registrazione gebruiker telefoon registratie aanmeld inlog utilizador "
    "telefone registo conta dispositivo"
)
# Words between those for a box and its secret.
_BETWEEN: Final = _set(
    "the of for to no nr number der die das des den dem fur fuer zur zum von vom nummer de du d la le l les pour mot "
    "acces numero messagerie boite del el los para correo acceso di della dello per il casella accesso telefonica van "
    "voor het do da dos o a palavra correio caixa acesso access"
)
_NOTES: Final = _set(
    "required mandatory optional needed digit digits number numbers numeric only character characters chars max min "
    "maximum minimum at least most up to from or and yes no eg example unique text format separated by comma commas "
    "pflicht pflichtfeld pflichtangabe erforderlich notwendig freiwillig ziffer ziffern zahl zahlen nur zeichen bis "
    "von oder und mindestens hochstens hoechstens ja nein zb z b beispiel neu new nouveau nouvelle nuevo nueva nuovo "
    "nuova nieuw novo nova mandatory must have should long length "
    "obligatoire requis requise facultatif facultative optionnel chiffre chiffres caracteres maximum uniquement a au "
    "de ou et oui non "
    "obligatorio obligatoria requerido opcional digito digitos cifra cifras solo caracteres entre y o si "
    "obbligatorio obbligatoria richiesto facoltativo opzionale cifre caratteri da e "
    "verplicht vereist optioneel cijfer cijfers alleen tekens tot en of nee "
    "obrigatorio obrigatoria opcional digitos caracteres apenas ate sim nao"
)
_NEW: Final = _set(
    "new next future neu neue neuer neues nouveau nouvelle nuevo nueva nuovo nuova nieuw nieuwe novo nova"
)
# Words that turn the meaning of a heading round.
_NEGATIONS: Final = _set(
    "no not non none don dont disable disabled disabling without skip stop suppress kein keine keinen nicht ohne "
    "deaktivieren deaktiviert pas sans desactiver desactive sin desactivar desactivado senza disattiva disattivato "
    "disabilita geen niet zonder uitschakelen nao sem desativar desativado"
)
_STATUS: Final = _set(
    "active enabled enable status state aktiv aktiviert actif active activo activado estado attivo stato actief ativo"
)
# No notes by themselves: "sim" is Portuguese for yes, and names a phone's card.
_PREPOSITIONS: Final = _set("to from of at von bis a au de y da e en tot sim")
_YES_OR_NO: Final = _set("yes no y n ja nein j oui non o si s nee sim nao on off true false or oder ou of")
_MAIL_OR_NOTICE: Final = re.compile("mail|notif|courriel|correo|correio|posta|benachricht|melding")
_OUTDATED: Final = _set(
    "old former previous alt alte alter altes bisher bisherige bisheriger ancien ancienne antiguo antigua anterior "
    "vecchio vecchia precedente oud oude vorige antigo antiga"
)
# As in "do not use" and "nicht verwendet".
_UNUSED: Final = re.compile(
    r"\b(?:(?:not|nicht|non|no|niet|nao) (?:in )?(?:use|used|verwend\w*|benutz\w*|utilis\w*|usar\w*|gebruik\w*|"
    r"utilizar\w*)|unused|obsolete|deprecated|expired|veraltet|obsolet|obsoleto|obsoleta|verouderd)\b"
)
# What a person, a device or an account is called, to which a password may belong.
_LOGINS: Final = _set(
    "sip auth authentication login logon username userid loginname mac anmeldename benutzername nutzername "
    "identifiant gebruikersnaam inlognaam user benutzer nutzer utilisateur usuario utente gebruiker utilizador "
    "device gerat geraet appareil dispositivo apparaat portal portail portale account konto compte cuenta conta"
)
# Words for an e-mail address that is not for messages in a box.
_OTHER_ADDRESSES: Final = _set(
    "private privat privater prive privee privado privada privato privata particulier personal personlich persoenlich "
    "personnel personnelle personale pessoal persoonlijk home zuhause manager supervisor boss chef vorgesetzter leiter "
    "leitung responsable responsabile gerente jefe jefa chefe billing invoice invoices rechnung rechnungen facturation "
    "facturacion fatturazione factuur faturamento backup alternative alternativ secondary zweite sender absender "
    "expediteur remitente mittente afzender remetente"
)
# Words for a person whose name is not that of the box.
_OTHER_PERSONS: Final = _set(
    "manager supervisor boss chef vorgesetzter vorgesetzte leiter leiterin leitung responsable responsabile gerente "
    "jefe jefa chefe leidinggevende assistant deputy stellvertreter stellvertretung vertretung sender absender"
)
_RECIPIENTS: Final = re.compile("recip|destinat|empf|ontvang|notif|benachr")
# Words for numbers that are not extensions.
_OTHER_NUMBERS: Final = _set(
    "mobile mobil handy cell cellular portable movil cellulare mobiel celular telemovel fax did ddi external extern "
    "externe externo esterno messages nachrichten"
)
_MAY_NAME_SECRET: Final = re.compile("|".join(sorted({word[:3] for word in _SECRETS})))
_SECRET_ENDS: Final = tuple(_SECRETS)
# As in "Voicemailpasswort" and "gebruikerswachtwoord".
_COMPOUND: Final = re.compile(f"({'|'.join(sorted(_BOXES | _OTHERS))})s?({'|'.join(sorted(_SECRETS))})")


def plain(heading: str) -> str:
    """The heading in lower case, without accents or the marks of footnotes."""
    if heading.isascii():  # a fast path, since every cell of the first rows may be a heading
        return heading.lower()
    text = _FOOTNOTE_OR_ACCENT.sub("", _BROKEN_MARK.sub("", heading))
    return _FOOTNOTE_OR_ACCENT.sub("", unicodedata.normalize("NFKD", text).casefold())


def fold(heading: str) -> str:
    """The letters and digits of a heading, to compare it with others."""
    return _NOT_LETTERS.sub("", plain(heading))


def is_note(text: str) -> bool:
    """Whether a text only explains how to fill in a column: "required", "6-10 digits"."""
    words = set(_split(text))
    return not words <= _PREPOSITIONS and all(word.isdecimal() or word in _NOTES for word in words)


def asks_yes_or_no(note: str) -> bool:
    """Whether a note shows that a column is filled in with yes or no: "yes/no"."""
    words = set(_split(note))
    return len(words) > 1 and words <= _YES_OR_NO


def without_new(heading: str) -> str:
    """A heading to compare with others, without the words for new: that of "New PIN" is that of "PIN"."""
    words = _split(heading)
    kept = [word for word in words if word not in _NEW]
    return "".join(kept) if len(kept) < len(words) else ""


def negates(heading: str) -> bool:
    """Whether a heading has a word that may mean the opposite of a column: "Disable notification"."""
    return not _NEGATIONS.isdisjoint(_split(heading))


def is_status(heading: str) -> bool:
    """Whether a heading only shows whether something is in use: "Active", "Enabled"."""
    return set(_split(heading)) <= _STATUS


def names_box(heading: str) -> bool:
    """Whether a heading names voicemail or a mailbox."""
    return not _BOXES.isdisjoint(_words(heading))


def names_secret(heading: str) -> bool:
    """Whether a heading names a PIN, a password or the like."""
    return bool(_MAY_NAME_SECRET.search(plain(heading))) and not _SECRETS.isdisjoint(_words(heading))


def names_other_secret(heading: str) -> bool:
    """Whether a heading has a word for something else that has a PIN or a password, such as a user or a trunk."""
    return not _OTHERS.isdisjoint(_words(heading))


def names_pin_of_box(heading: str) -> bool:
    """Whether a heading names the PIN or password of a box, and nothing else."""
    if not _MAY_NAME_SECRET.search(plain(heading)):  # nearly always
        return False
    words = _words(heading)
    return not words.isdisjoint(_BOXES) and not words.isdisjoint(_SECRETS) and words <= _BOXES | _SECRETS | _BETWEEN


def is_about_voicemail(heading: str) -> bool:
    """Whether a heading names voicemail, a PIN or the like, or e-mail."""
    words = _words(heading)
    return not words.isdisjoint(_BOXES | _SECRETS) or any(map(_MAIL_OR_NOTICE.search, words))


def names_other_number(text: str) -> bool:
    """Whether a text has a word for numbers that are not extensions, such as a mobile phone's."""
    return not _OTHER_NUMBERS.isdisjoint(_split(text))


def names_other_address(text: str) -> bool:
    """Whether a text has a word for an e-mail address that is not for messages in a box."""
    return not (_OTHER_ADDRESSES | _LOGINS).isdisjoint(_split(text))


def names_other_person(text: str) -> bool:
    """Whether a text names a person who is not the box: "manager"."""
    return not _OTHER_PERSONS.isdisjoint(_split(text))


def names_any_address(heading: str) -> bool:
    """Whether the heading of an e-mail address has no word for recipients or for a box: "Email"."""
    return not names_box(heading) and not _RECIPIENTS.search(plain(heading))


def names_outdated(text: str) -> bool:
    """Whether a text marks a value as no longer valid, or not to be used."""
    words = _split(text)
    return not _OUTDATED.isdisjoint(words) or bool(_UNUSED.search(" ".join(words)))


def names_login(heading: str) -> bool:
    """Whether a heading names what a password belongs to, such as a user name or a SIP account."""
    return not _LOGINS.isdisjoint(_split(_NEW_WORD.sub(" ", heading)))


def _split(text: str) -> list[str]:
    return _NOT_LETTERS.sub(" ", plain(text)).split()


def _words(heading: str) -> frozenset[str]:
    """The words of a heading, compounds of a box or something else with a secret in their two parts."""
    text = " ".join(_split(_NEW_WORD.sub(" ", heading))).replace("voice mail", "voicemail").replace("e mail", "email")
    found: set[str] = set()
    for word in text.split():
        compound = _COMPOUND.fullmatch(word) if word.endswith(_SECRET_ENDS) else None
        found.update(compound.groups() if compound else (word,))
    return frozenset(found)
