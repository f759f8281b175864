"""Notes in headings: how to fill in a column, as in "PIN (leave blank to keep)"."""

import re
from typing import Final

from bulkvm.columns.boolean import is_no, is_yes
from bulkvm.columns.heading_words import is_note, names_other_thing, names_outdated, split_words, word_set

# A word of these makes a text a note, whatever words are beside it.
_EXPLAINING: Final = word_set(
    "keeps required mandatory optional recommended digit digits numeric character characters chars maximum minimum max "
    "min exactly unique repeat repeats repeated repeating repetition repetitions sequence sequences sequential "
    "consecutive identical guess guessable secret confidential leave blank empty keep unchanged change known "
    "unknown if enter fill choose example eg format please see given assigned siehe vergeben voir vedi zie numeri "
    "numeros nummers listen abhoren abhoeren ecouter escuchar ascoltare beluisteren ouvir stellig vierstellig "
    "sechsstellig stellige stelliger stelliges stellen stelle ziffer ziffern zahlen zeichen mindestens mind "
    "hochstens hoechstens max maximal minimal genau pflicht pflichtfeld pflichtangabe erforderlich notwendig "
    "freiwillig optional eindeutig wiederholung wiederholungen wiederholt gleiche gleichen geheim vertraulich leer "
    "lassen freilassen behalten beibehalten andern aendern unverandert unveraendert bekannt unbekannt falls wenn "
    "sofern eingeben eintragen ausfullen ausfuellen wahlen waehlen bitte beispiel chiffre chiffres caractere "
    "caracteres exactement minimum maximum obligatoire requis facultatif unique repetition repetitions repete "
    "consecutifs identiques confidentiel laisser laissez vide conserver garder modifier changer inchange connu "
    "connue inconnu saisir remplir choisir exemple si digito digitos cifra cifras caracter exactamente minimo "
    "maximo obligatorio requerido opcional unico repeticion repeticiones repetidos consecutivos iguales "
    "confidencial dejar deje blanco vacio mantener conservar cambiar modificar conoce conocido desconocido rellenar "
    "introducir elegir ejemplo cifre carattere caratteri esattamente almeno massimo obbligatorio facoltativo "
    "univoco ripetizione ripetizioni ripetute consecutive riservato segreto lasciare lasciate vuoto vuota mantenere "
    "cambiare modificare noto nota conosciuto inserire scegliere esempio se cijfer cijfers cijferig cijferige "
    "tekens precies minimaal maximaal verplicht optioneel uniek herhaling herhalingen herhaalde dezelfde "
    "vertrouwelijk laten laat leeg behouden bewaren wijzigen veranderen bekend onbekend indien als invullen "
    "invoeren kiezen voorbeeld caractere exatamente minimo maximo obrigatorio repeticao repeticoes repetidos "
    "sequencias confidencial sigiloso deixar deixe branco vazio manter conservar alterar mudar conhecido souber "
    "desconhecido preencher inserir escolher exemplo"
)
_PARTS: Final = re.compile("[,;/]")
# A word after one of these may name something else with a PIN.
_PURPOSE: Final = word_set("for fur fuer zum zur pour para per voor")
_PLAIN: Final = word_set(
    "pin the a an to is as of or and not no do does dont in on at with without same than only three times row nicht "
    "ohne um zu mit aus der die das den dem ist keine kein nur so wie ne pas sans le la les un une du est pas "
    "aucune sin no en el los las un una es con ninguna non senza il lo gli di da con nessuna niet geen zonder om te "
    "de het een met nao sem o os as um uma com em nenhuma sera voicemail mailbox messages each every box boxes "
    "person new its all alle neuen boxen bei pro gleich four six eight ten vier sechs acht zehn quatre huit dix "
    "cuatro seis ocho diez quattro sei otto dieci zes tien quatro oito dez birthday geburtsdatum naissance "
    "nacimiento nascita geboortedatum nascimento generated generiert share birthdays birthdate birthdates don t "
    "anyone others geburtstag geburtstage geburtsdaten geburtsjahr weitergeben weitersagen mitteilen teilen "
    "anniversaire anniversaires partager divulguer cumpleanos compartir divulgar compleanno compleanni condividere "
    "divulgare verjaardag verjaardagen delen doorgeven aniversario aniversarios partilhar compartilhar"
)
# How many digits or characters, without brackets: "6-digit PIN", "PIN 6 bis 10 Stellen".
_WORDS_OF_COUNT: Final = (
    r"(?:exactly|at least|up to|min\.?|max\.?|mind\.?|mindestens|h(?:ö|oe)chstens|genau|de|da|a|à|met|com|of)"
)
_COUNT: Final = re.compile(
    rf"(?:\b{_WORDS_OF_COUNT}\s+)*\b\d{{1,2}}(?:\s*(?:-|\u2013|to|bis|à|a|tot)\s*\d{{1,2}})?[\s-]*"
    r"(?:digits?|chars?|characters?|stellig\w*|stellen|ziffern?|zeichen|chiffres?|caract[eè]res?|d[ií]gitos?|cifras?|"
    r"caracteres|cifre|caratteri|cijfers?|cijferige?|tekens)\b\.?",
    re.IGNORECASE,
)
_BIRTHDAY: Final = re.compile(
    r"\b(?:dates? of birth|birth dates?|dates? de naissance|fechas? de nacimiento|dat[ae] di nascita|datas? de "
    r"nascimento)\b",
    re.IGNORECASE,
)
# As in "1 = off", and in a note of these words alone: "disabled".
_MEANING: Final = re.compile(r"(\w+)\s*[=:]\s*(\w+)")
_INVERTING: Final = word_set(
    "disable disabled suppress suppressed negative negated inverse inverted reversed bypass off out without never "
    "deaktivieren deaktiviert aus ohne desactiver desactive desactivee sans desactivar desactivado desactivada sin "
    "disattiva disattivato disattivata disabilitato disabilitata senza uitschakelen uitgeschakeld uit zonder "
    "desativar desativado desativada sem"
)
_WITH_INVERTING: Final = word_set("opt is e mail email pin notification notify the of")


def inverts(note: str) -> bool:
    """Whether a note shows that yes means no: "1 = off", "opt out", "disabled"."""
    pairs = _MEANING.findall(note)
    if any((is_yes(left) and is_no(right)) or (is_no(left) and is_yes(right)) for left, right in pairs):
        return True
    words = set(split_words(note))
    return not words.isdisjoint(_INVERTING) and words <= _INVERTING | _WITH_INVERTING


def explains(text: str) -> bool:
    """Whether a text explains how to fill in a column, and names nothing else that may be in it."""
    if is_note(text):
        return True
    text = _BIRTHDAY.sub("birthday", text)
    parts = [part for part in _PARTS.split(text) if split_words(part)]
    return bool(parts) and all(map(_explains, parts)) and not (names_other_thing(text) or names_outdated(text))


def _explains(text: str) -> bool:
    words = frozenset(split_words(text))
    others = {word for word in words - _EXPLAINING - _PLAIN - _PURPOSE if not word.isdecimal() and not is_note(word)}
    if not others:
        return len(words) > 1 or not words.isdisjoint(_EXPLAINING) or is_note(text) or text.strip().isdecimal()
    return not words.isdisjoint(_EXPLAINING) and words.isdisjoint(_PURPOSE)


def without_count(heading: str) -> str:
    """A heading without the number of digits in it: that of "6-digit PIN" is that of "PIN"; blank if it has none."""
    return _COUNT.sub(" ", heading) if _COUNT.search(heading) else ""
