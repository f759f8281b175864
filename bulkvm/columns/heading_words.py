"""The words of headings: plain letters, notes, and which secret a heading names."""

import re
import unicodedata
from typing import Final

# The byte order mark of UTF-8, decoded once or twice as Windows-1252 by another program.
_BROKEN_MARK: Final = re.compile("^(?:ï»¿|Ã¯Â»Â¿)")
_FOOTNOTE_OR_ACCENT: Final = re.compile("[\u00b9\u00b2\u00b3\u2070-\u2079\u0300-\u036f]")
_NOT_LETTERS: Final = re.compile(r"[\W_]+")
_DIGIT: Final = re.compile("[0-9]")
_E_MAIL: Final = re.compile(r"\be mail\b")
_NEW_WORD: Final = re.compile("(?<=[a-z0-9])(?=[A-Z])")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def word_set(words: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(words.split())


_BOXES: Final = word_set(
    "voicemail voicemails vm mb mailbox voicebox voicemailbox sprachbox anrufbeantworter vocale repondeur buzon voz "
    "segreteria antwoordapparaat"
)
_SECRETS: Final = word_set(
    "pin pins pincode nip password passwords passwd pwd pw pass passcode code secret passwort kennwort geheimzahl "
    "geheimnummer zugangscode passe contrasena clave codigo codice wachtwoord toegangscode senha"
)
# Those of them that are seldom the secret of something else.
_PINS: Final = word_set(
    "pin pins pincode nip password passwords passcode passwort kennwort geheimzahl geheimnummer contrasena clave "
    "wachtwoord senha"
)
_ONLY_PINS: Final = word_set("pin pins pincode nip geheimzahl")
_PIN_ENDS: Final = ("pin", "passwort", "kennwort", "password", "wachtwoord")  # of compounds such as Wunschpin
# Words for what else has a secret.
_OTHERS: Final = word_set(
    "sip auth authentication user web phone deskphone secret reg registration trunk login logon portal admin "
    "administrator account wifi wlan email mail ldap windows domain vpn device client server benutzer nutzer telefon "
    "anmelde anmeldung registrierung konto gerat geraet utilisateur telephone connexion compte enregistrement usuario "
    "telefono registro cuenta sesion utente registrazione gebruiker telefoon registratie aanmeld inlog utilizador "
    "telefone registo conta dispositivo "
    "door doors gate alarm safe vault locker card sim puk bank banking atm credit debit parking barrier lift elevator "
    "building entrance car copier printer till tablet mobile cellphone smartphone iphone android computer laptop pc "
    "network router conference meeting bridge hotdesk hotdesking agent queue hash hashed md5 sha1 sha256 encrypted "
    "salt token otp totp mfa website app vehicle fuel site room garage office windows teams zoom "
    "tur tuer haustur haustuer tor alarmanlage tresor schlussel schluessel karte schranke aufzug gebaude gebaeude "
    "eingang kopierer drucker kasse handy mobil rechner netzwerk konferenz besprechung raum zimmer buro buero "
    "verschlusselt porte portail alarme coffre cle carte banque bancaire barriere ascenseur batiment entree voiture "
    "copieur imprimante caisse portable ordinateur reseau reunion salle bureau "
    "puerta porton alarma caja llave tarjeta banco garaje aparcamiento barrera ascensor edificio entrada coche "
    "copiadora impresora movil celular ordenador conferencia sala oficina "
    "porta cancello allarme cassaforte chiave carta tessera banca parcheggio sbarra ascensore ingresso "
    "fotocopiatrice stampante cassa cellulare rete conferenza riunione ufficio "
    "deur poort kluis sleutel kaart pinpas slagboom gebouw ingang kopieerapparaat mobiel netwerk conferentie "
    "vergadering kantoor "
    "portao cofre chave cartao multibanco garagem estacionamento elevador predio carro impressora telemovel "
    "computador rede reuniao escritorio"
)
# Words between those for a box and its secret.
_BETWEEN: Final = word_set(
    "the of for to no nr number der die das des den dem fur fuer zur zum von vom nummer de du d la le l les pour mot "
    "acces numero messagerie boite del el los para correo acceso di della dello per il casella accesso telefonica van "
    "voor het do da dos o a palavra correio caixa acesso access box"
)
_ACCESS: Final = word_set("access zugang zugriff acces acceso accesso toegang acesso")
_NOTES: Final = word_set(
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
_NEW: Final = word_set(
    "new next future neu neue neuer neues nouveau nouvelle nuevo nueva nuovo nuova nieuw nieuwe novo nova"
)
# Words that turn the meaning of a heading round.
_NEGATIONS: Final = word_set(
    "no not non none don dont disable disabled disabling without skip stop suppress kein keine keinen nicht ohne "
    "deaktivieren deaktiviert pas sans desactiver desactive sin desactivar desactivado senza disattiva disattivato "
    "disabilita geen niet zonder uitschakelen nao sem desativar desativado "
    "off never suppressed suppress exclude excluded bypass unsubscribe opt aus unterdruckt unterdrueckt desactivee "
    "desactivada disattivata uit uitgeschakeld desativada"
)
_STATUS: Final = word_set(
    "active enabled enable status state aktiv aktiviert actif active activo activado estado attivo stato actief ativo"
)
# Put before a value that replaces another one, as in "Changed PIN"; behind it, they may ask whether it was replaced.
_CHANGED: Final = word_set(
    "changed updated corrected replacement desired requested revised modified geanderte geaenderte geanderter "
    "geaenderter aktualisierte korrigierte gewunschte gewuenschte wunsch gewijzigde aangepaste gewenste gecorrigeerde"
)
_CHANGED_BEHIND: Final = word_set(
    "modifie modifiee corrige souhaite cambiado cambiada modificado actualizado corregido deseado cambiato modificato "
    "aggiornato corretto desiderato alterado alterada atualizado corrigido desejado"
)
# As in "Change PIN to".
_CHANGE: Final = word_set(
    "change changed set update reset andern aendern geandert geaendert setzen changer modifier cambiar modificar "
    "cambiare modificare wijzigen wijzig gewijzigd alterar mudar"
)
_TO: Final = word_set("to in auf en a naar para")
# Codes that are no secrets.
_OTHER_CODES: Final = word_set(
    "area postal post postcode zip cost department dept country product item article artikel currency tax vat dialling "
    "dialing dial language colour color qr bar discount job hotel site location error status iban bic swift "
    "postleitzahl kosten kostenstelle lander laender postale pais articulo pays articolo prodotto projekt project"
)
# No notes by themselves: "sim" is Portuguese for yes, and names a phone's card.
_PREPOSITIONS: Final = word_set("to from of at von bis a au de y da e en tot sim")
_YES_OR_NO: Final = word_set("yes no y n ja nein j oui non o si s nee sim nao on off true false or oder ou of")
_MAIL_OR_NOTICE: Final = re.compile("mail|notif|courriel|correo|correio|posta|benachricht|melding")
_OUTDATED: Final = word_set(
    "legacy old former previous alt alte alter altes bisher bisherige bisheriger ancien ancienne antiguo antigua "
    "anterior vecchio vecchia precedente oud oude vorige antigo antiga"
)
# As in "do not use" and "nicht verwendet".
_UNUSED: Final = re.compile(
    r"\b(?:(?:not|nicht|non|no|niet|nao) (?:in )?(?:use|used|verwend\w*|benutz\w*|utilis\w*|usar\w*|gebruik\w*|"
    r"utilizar\w*)|unused|obsolete|deprecated|expired|veraltet|obsolet|obsoleto|obsoleta|verouderd)\b"
)
# What a person, a device or an account is called, to which a password may belong.
_LOGINS: Final = word_set(
    "sip auth authentication login logon username userid loginname mac anmeldename benutzername nutzername "
    "identifiant gebruikersnaam inlognaam user benutzer nutzer utilisateur usuario utente gebruiker utilizador "
    "device gerat geraet appareil dispositivo apparaat portal portail portale account konto compte cuenta conta"
)
# Words for an e-mail address that is not for messages in a box.
_OTHER_ADDRESSES: Final = word_set(
    "private privat privater prive privee privado privada privato privata particulier personal personlich persoenlich "
    "personnel personnelle personale pessoal persoonlijk home zuhause manager supervisor boss chef vorgesetzter leiter "
    "leitung responsable responsabile gerente jefe jefa chefe billing invoice invoices rechnung rechnungen facturation "
    "facturacion fatturazione factuur faturamento backup alternative alternativ secondary zweite sender absender "
    "expediteur remitente mittente afzender remetente"
)
# Words for a person whose name is not that of the box.
_OTHER_PERSONS: Final = word_set(
    "manager supervisor boss chef vorgesetzter vorgesetzte leiter leiterin leitung responsable responsabile gerente "
    "jefe jefa chefe leidinggevende assistant deputy stellvertreter stellvertretung vertretung sender absender"
)
_RECIPIENTS: Final = re.compile("recip|destinat|empf|ontvang|notif|benachr")
# Words for numbers that are not extensions.
_OTHER_NUMBERS: Final = word_set(
    "mobile mobil handy cell cellular portable movil cellulare mobiel celular telemovel fax did ddi external extern "
    "externe externo esterno messages nachrichten forward forwarding forwarded transfer divert weiterleitung "
    "umleitung renvoi transfert desvio deviazione doorschakeling"
)
# Words for other numbers in lists: counts, amounts, years, and the numbers of departments and persons.
_OTHER_FIGURES: Final = word_set(
    "count counts sum total totals amount quantity qty size year month id ids code codes dept centre center employee "
    "personnel staff badge asset inventory serial order invoice ticket anzahl summe gesamt menge betrag jahr monat "
    "kostenstellen kst abteilung abt somme montant quantite annee mois matricule service centre recuento cuenta suma "
    "cantidad ano mes departamento centro conteggio somma totale quantita anno mese matricola reparto aantal totaal "
    "bedrag jaar maand afdeling kostenplaats contagem soma quantidade custo"
)
_SIZES: Final = word_set(
    "size quota gb gib mib kb kib capacity storage grosse groesse kontingent speicher taille tamano cuota capacidad "
    "dimensione spazio grootte opslag tamanho espaco"
)
_MAIL_BOXES: Final = word_set("po pobox post postal postale")  # as in "Box (P.O.)"
_PLACES: Final = word_set(
    "room rooms street house floor building desk seat raum zimmer haus strasse etage stockwerk gebaude gebaeude platz "
    "salle chambre rue maison etage batiment sala habitacion calle casa piso edificio stanza camera piano kamer "
    "straat huis verdieping gebouw quarto rua andar predio"
)
# What else has a language.
_DISPLAYS: Final = word_set(
    "ui gui interface web website portal portail portale app display screen phone phones telephone handset deskphone "
    "device oberflache oberflaeche benutzeroberflache benutzeroberflaeche anzeige bildschirm telefon gerat geraet "
    "ecran appareil interfaz pantalla telefono aparato interfaccia schermo dispositivo scherm telefoon toestel "
    "apparaat telefone ecra tela aparelho"
)
_PROMPTS: Final = word_set(
    "prompt prompts voice voicemail announcement announcements ansage ansagen annonces locuciones mensajes messaggi "
    "annunci meldingen avisos mensagens"
)
_OTHER_FIGURE: Final = re.compile("(?:abteilung|kosten|personal|mitarbeiter|personeels|medewerker|afdeling|artikel)")
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


def spellings(name: str) -> tuple[str, str]:
    """A folded name with plain vowels, and with German umlauts as two letters."""
    return fold(name), fold(name.lower().translate(_UMLAUTS))


def is_note(text: str) -> bool:
    """Whether a text only explains how to fill in a column: "required", "6-10 digits"."""
    words = set(split_words(text))
    return not words <= _PREPOSITIONS and all(word.isdecimal() or word in _NOTES for word in words)


def asks_yes_or_no(note: str) -> bool:
    """Whether a note shows that a column is filled in with yes or no: "yes/no"."""
    words = set(split_words(note))
    return len(words) > 1 and words <= _YES_OR_NO


def without_new(heading: str) -> str:
    """A heading to compare with others, without the words for new: that of "New PIN" is that of "PIN"."""
    words = split_words(heading)
    kept = [word for word in words if word not in _NEW]
    if words and words[0] in _CHANGED:
        kept = kept[1:]
    elif words and words[-1] in _TO and not _CHANGE.isdisjoint(words):
        kept = [word for word in kept[:-1] if word not in _CHANGE]
    return "".join(kept) if len(kept) < len(words) else ""


def negates(heading: str) -> bool:
    """Whether a heading has a word that may mean the opposite of a column: "Disable notification"."""
    return not _NEGATIONS.isdisjoint(split_words(heading))


def is_status(heading: str) -> bool:
    """Whether a heading only shows whether something is in use: "Active", "Enabled"."""
    return set(split_words(heading)) <= _STATUS


def names_box(heading: str) -> bool:
    """Whether a heading names voicemail or a mailbox."""
    return not _BOXES.isdisjoint(_words(heading))


def names_only_box(heading: str) -> bool:
    """Whether a heading names voicemail or a mailbox, or the access to it, and nothing else."""
    words = _words(heading)
    return not words.isdisjoint(_BOXES) and words <= _BOXES | _BETWEEN | _ACCESS


def names_secret(heading: str) -> bool:
    """Whether a heading names a PIN, a password or the like."""
    return bool(_MAY_NAME_SECRET.search(plain(heading))) and not _SECRETS.isdisjoint(_words(heading))


def may_name_secret(heading: str) -> bool:
    """Whether a heading speaks of a PIN, a password or a code, in a compound too, that may be the PIN of a box.

    The password of something else, such as a SIP account, is none. That of a user may be a PIN if it is called so.
    """
    words = _words(heading)
    if not any(word in _SECRETS or word.endswith(_PIN_ENDS) for word in words):
        return False
    if not words.isdisjoint(_OTHERS) and not any(word in _ONLY_PINS or word.endswith("pin") for word in words):
        return False
    return words.isdisjoint(_OTHER_CODES) or not words.isdisjoint(_PINS)


def may_name_pin(heading: str) -> bool:
    """Whether a heading names a PIN or a password, and neither something else that has one nor a former one."""
    is_named = any(word in _PINS or word.endswith(_PIN_ENDS) for word in _words(heading))
    return is_named and not names_other_secret(heading) and not names_outdated(heading)


def names_change(heading: str) -> bool:
    """Whether a heading has a word for a change: "PIN modifié"."""
    return not (_CHANGED | _CHANGE | _CHANGED_BEHIND).isdisjoint(split_words(heading))


def names_other_secret(heading: str) -> bool:
    """Whether a heading has a word for something else that has a PIN or a password, such as a user or a trunk."""
    return not _OTHERS.isdisjoint(_words(heading))


def names_other_thing(note: str) -> bool:
    """Whether a note names something else that has a PIN. That the PIN is secret is said of that of a box, too."""
    return not _OTHERS.isdisjoint(_words(note) - {"secret"})


def is_group_of_other_secret(text: str) -> bool:
    """Whether a text above a heading shows that the secret below is that of something else, or a former one."""
    return not names_box(text) and (names_other_thing(text) or names_outdated(text))


def is_title_of_other_secrets(text: str) -> bool:
    """Whether the title of a table names the passwords or codes of something else: "Wifi passwords"."""
    words = _words(text)
    has_secret = any(word in _SECRETS or word.removesuffix("s") in _SECRETS for word in words)
    return has_secret and words.isdisjoint(_ONLY_PINS) and is_group_of_other_secret(text)


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
    return not _OTHER_NUMBERS.isdisjoint(split_words(text))


def names_size(heading: str) -> bool:
    """Whether a heading has a word for how much a mailbox can hold: "Mailbox size"."""
    return not _SIZES.isdisjoint(split_words(heading))


def names_other_box(note: str) -> bool:
    """Whether a note shows that a box is one of a post office: "Box (P.O.)"."""
    return not _MAIL_BOXES.isdisjoint(split_words(note.replace(".", "")))


def names_place(note: str) -> bool:
    """Whether a note shows that a number is that of a place: "Number (room)"."""
    return not _PLACES.isdisjoint(split_words(note))


def names_display(note: str) -> bool:
    """Whether a note shows that a language is not that of prompts: "Language (UI)"."""
    words = split_words(note)
    return not _DISPLAYS.isdisjoint(words) and _PROMPTS.isdisjoint(words)


def names_no_extension(heading: str) -> bool:
    """Whether a heading of numbers names something else: a count, a year, a cost centre, a secret or a mobile phone."""
    words = split_words(heading)
    return (
        not (_OTHER_FIGURES | _OTHER_CODES | _OTHER_NUMBERS | _SECRETS).isdisjoint(words)
        or any(map(_OTHER_FIGURE.match, words))
        or names_secret(heading)
    )


def names_other_address(text: str) -> bool:
    """Whether a text has a word for an e-mail address that is not for messages in a box."""
    return not (_OTHER_ADDRESSES | _LOGINS).isdisjoint(split_words(text))


def names_other_person(text: str) -> bool:
    """Whether a text names a person who is not the box: "manager"."""
    return not _OTHER_PERSONS.isdisjoint(split_words(text))


def names_any_address(heading: str) -> bool:
    """Whether the heading of an e-mail address has no word for recipients or for a box: "Email"."""
    return not names_box(heading) and not _RECIPIENTS.search(plain(heading))


def names_outdated(text: str) -> bool:
    """Whether a text marks a value as no longer valid, or not to be used."""
    words = split_words(text)
    return not _OUTDATED.isdisjoint(words) or bool(_UNUSED.search(" ".join(words)))


def names_login(heading: str) -> bool:
    """Whether a heading names what a password belongs to, such as a user name or a SIP account."""
    return not _LOGINS.isdisjoint(split_words(space_words(heading)))


def space_words(heading: str) -> str:
    """A heading with spaces between the words of names such as authPassword."""
    return _NEW_WORD.sub(" ", heading)


def split_words(text: str) -> list[str]:
    """The words of a text, in plain letters and without digits at their ends: "6stellig" is "stellig"."""
    words = _NOT_LETTERS.sub(" ", plain(text)).split()
    return [word.strip("0123456789") or word for word in words] if _DIGIT.search(text) else words


def _words(heading: str) -> frozenset[str]:
    """The words of a heading, compounds of a box or something else with a secret in their two parts."""
    text = " ".join(split_words(space_words(heading)))
    text = _E_MAIL.sub("email", text.replace("voice mail", "voicemail"))
    found: set[str] = set()
    for word in text.split():
        compound = _COMPOUND.fullmatch(word) if word.endswith(_SECRET_ENDS) else None
        found.update(compound.groups() if compound else (word,))
    return frozenset(found)
