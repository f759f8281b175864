"""Recognises columns that ask for something that an import does not do, such as "Delete?"."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from bulkvm.columns.boolean import is_no, is_yes
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.header_matching import without_notes
from bulkvm.columns.heading_words import fold, space_words, split_words, word_set
from bulkvm.columns.unwanted_words import folded_names, has_unwanted_clause, marks_unwanted

# In English, German, French, Spanish, Italian, Dutch and Portuguese. With yes, the box is not wanted; so it is below
# all headings that mark it so themselves, such as "Leaver".
_DELETE: Final = folded_names(
    "delete, remove, to delete, delete box, delete mailbox, delete voicemail, disable, löschen, zu löschen, "
    "deaktivieren, supprimer, désactiver, eliminar, borrar, desactivar, eliminare, elimina, da eliminare, "
    "te verwijderen, excluir, remover, apagar, desativar"
)
# With no, the box is not wanted.
_ACTIVE: Final = folded_names(
    "active, is active, enabled, enable, in use, voicemail, vm, has voicemail, enable voicemail, voicemail enabled, "
    "voicemail active, voicemail on, vm enabled, enable vm, mailbox enabled, enable mailbox, aktiv, aktiviert, "
    "aktivieren, voicemail aktiv, voicemail aktiviert, voicemail aktivieren, mailbox aktiv, mailbox aktiviert, actif, "
    "mailbox active, mailbox in use, voicemail in use, voicemail box active, voicemail box enabled, vm active, box "
    "active, has mailbox, has a mailbox, has voicemail box, has a voicemail box, has vm, hat voicemail, hat mailbox, "
    "Anrufbeantworter, hat Anrufbeantworter, messagerie, a une messagerie, répondeur, tiene buzón, segreteria, heeft "
    "voicemail, tem correio de voz, activé, activer, messagerie vocale, messagerie activée, messagerie vocale activée, "
    "activer la messagerie vocale, activo, activado, habilitado, activar buzón de voz, buzón activo, buzón de voz "
    "activo, attivo, attivato, abilitato, casella attiva, casella vocale attiva, segreteria attiva, actief, "
    "ingeschakeld, voicemail actief, voicemail ingeschakeld, ativo, ativado, caixa de voz ativa, correio de voz ativo"
)
# The same, with or without words for what is wanted: "Import?", "Needs a voicemail box".
_WANTED: Final = word_set(
    "import keep create need needs needed want wants wanted require requires required include included add migrate "
    "importieren behalten anlegen erstellen benotigt benoetigt benotigen benoetigen braucht erforderlich gewunscht "
    "gewuenscht einrichten ubernehmen uebernehmen aufnehmen hinzufugen hinzufuegen migrieren notwendig notig noetig "
    "importer conserver garder creer necessaire requis requise besoin souhaite souhaitee inclure ajouter importar "
    "conservar mantener crear necesita necesario requiere requerido incluir anadir deseado importare importa tenere "
    "mantenere conservare creare crea serve necessario necessaria richiede richiesta richiesto includere aggiungere "
    "desiderata importeren behouden bewaren aanmaken nodig vereist gewenst opnemen toevoegen manter criar precisa "
    "requer adicionar deseja desejado desejada scope approved genehmigt approuve aprobado approvato goedgekeurd "
    "aprovado"
)
# Alone, or with words for what is active, as in "Account enabled"; and after one for still, as in "Still in use".
_ENABLED: Final = word_set(
    "active enabled employed aktiv aktiviert beschaftigt beschaeftigt actif active activo habilitado attivo abilitato "
    "actief ativo habilitado"
)
_USE: Final = word_set("use used benutzt genutzt verwendet utilise usado usato gebruikt")
_STILL: Final = word_set("still is has noch ist wird encore toujours est aun sigue esta ancora nog steeds ainda")
_OBJECTS: Final = word_set(
    "this row line entry user person the a an box boxes mailbox mailboxes voicemail voicemails voice mail vm "
    "voicebox voicemailbox into in to pbx portsip diese zeile die den das der eine ein postfach zu cette ligne la le "
    "de une un messagerie vocale boite buzon voz el esta fila una casella segreteria questa riga da een deze rij uma "
    "caixa correio linha"
)
# Below a heading of these words, with or without words for what they are about, some words mark the box as not wanted.
_ACTION_WORDS: Final = word_set(
    "action operation aktion vorgang massnahme accion operacion azione operazione actie bewerking acao operacao "
    "status state zustand statut etat estado stato staat situation situacion situazione situacao"
)
_ACTION: Final = folded_names("change type, to do, verbleib, what to do")
_ABOUT: Final = _OBJECTS | word_set(
    "employment employee staff personnel hr member account extension current new needed required requested mitarbeiter "
    "benutzer konto aktueller employe personnel compte actuel empleado personal cuenta actual dipendente personale "
    "attuale medewerker gebruiker huidige funcionario conta atual del do"
)
# Below such a heading, a date shows that the box may not be wanted.
_LEAVING: Final = folded_names(
    "exit date, date of exit, leaving date, date of leaving, date left, left on, leave date, last day, last working "
    "day, termination date, date of termination, end date, employment end, employment end date, end of employment, "
    "contract end, contract end date, deactivation date, deletion date, end of contract, departure date, "
    "Austrittsdatum, Austritt am, Austritt zum, ausgeschieden am, ausgeschieden zum, letzter Arbeitstag, "
    "Kündigungsdatum, Löschdatum, Deaktivierungsdatum, Vertragsende, Enddatum, date de départ, date de sortie, date de "
    "fin, fin de contrat, date de fin de contrat, fecha de baja, fecha de salida, fecha de fin, fecha fin, fin de "
    "contrato, data di uscita, data uscita, data di fine, data fine, data di cessazione, data cessazione, fine "
    "rapporto, datum uit dienst, uitdienstdatum, einddatum, einde contract, data de saída, data de desligamento, data "
    "de demissão, data de fim, fim do contrato"
)
_REMARKS: Final = folded_names(
    "note, notes, remark, remarks, comment, comments, Bemerkung, Bemerkungen, Kommentar, Kommentare, Anmerkung, "
    "Anmerkungen, Hinweis, Hinweise, Notiz, Notizen, remarque, remarques, commentaire, commentaires, observación, "
    "observaciones, nota, notas, comentario, comentarios, commento, commenti, osservazioni, opmerking, opmerkingen, "
    "observação, observações, comentário, comentários"
)
_DIRECTORY_FLAGS: Final = "useraccountcontrol"  # of Active Directory: a number in which one bit is "disabled"
_DISABLED: Final = 2
_FLAGS: Final = re.compile("[0-9]{1,10}")
_DATE: Final = re.compile(r"(?:[0-9]\D*){3}")
# Options of Asterisk, which delete a message and no box once it was sent by e-mail.
_MESSAGE_OPTIONS: Final = frozenset({"vm delete", "vmdelete", "voicemail delete", "deletevoicemail"})
_AFTER: Final = word_set("after once when nach apres despues dopo na apos depois")
_SENDING: Final = re.compile(
    "mail|sent|send|forward|notif|listen|courriel|corre|posta|versand|envi|envo|invi|verzend|abhor|ecout|escuch|ascolt|"
    "beluister|ouvi"
)
_STATUS_COMPOUNDS: Final = word_set(
    "mitarbeiterstatus personalstatus beschaftigungsstatus beschaeftigungsstatus benutzerstatus kontostatus "
    "mailboxstatus medewerkerstatus gebruikersstatus accountstatus userstatus"
)


def names_action(heading: str) -> bool:
    """Whether a heading asks what to do with a box, or shows whether it is in use: "Delete?", "Active"."""
    if _deletes_messages(heading):
        return False
    heading = _plain(heading)
    is_flags = fold(heading) == _DIRECTORY_FLAGS
    return is_flags or _is_for_unwanted(heading) or _is_for_wanted(heading) or _is_for_action(heading)


def names_remarks(heading: str) -> bool:
    """Whether a heading is that of remarks, in which a box may be marked as not wanted."""
    return fold(_plain(heading)) in _REMARKS


def names_leaving(heading: str) -> bool:
    """Whether a heading is that of dates when people leave, or when boxes are to be deleted."""
    if _deletes_messages(heading):
        return False
    heading = _plain(heading)
    return fold(heading) in _LEAVING or _is_for_unwanted(heading)


def has_date(text: str) -> bool:
    """Whether a text may have a date."""
    return bool(_DATE.search(text))


def find_unwanted(heading: str, texts: Iterable[str]) -> set[str]:
    """The texts of cells below such a heading that show that the box is not wanted."""
    is_marked = _mark_of(_plain(heading))
    filled = {text: text.strip(STRIP_CHARS) for text in texts}
    return {text for text, word in filled.items() if word and (is_marked(word) or has_unwanted_clause(word))}


def marks_only_wanted(heading: str, texts: Collection[str]) -> bool:
    """Whether a column such as "Import?" has a yes or a mark in some cells, and all others are blank."""
    filled = {text.strip(STRIP_CHARS) for text in texts} - {""}
    return bool(filled) and all(map(is_yes, filled)) and _is_for_wanted(_plain(heading))


def _mark_of(heading: str) -> Callable[[str], bool]:
    """What shows that a box is not wanted, below such a heading: yes, no, a number, or a word alone."""
    if fold(heading) == _DIRECTORY_FLAGS:
        return _is_disabled
    if _is_for_unwanted(heading):
        return is_yes
    return is_no if _is_for_wanted(heading) else _is_never


def _is_disabled(flags: str) -> bool:
    return bool(_FLAGS.fullmatch(flags)) and bool(int(flags) & _DISABLED)


def _is_never(_: str) -> bool:
    return False


def _plain(heading: str) -> str:
    """A heading without notes, with spaces between the words of names such as accountEnabled."""
    return space_words(without_notes(heading))


def _deletes_messages(heading: str) -> bool:
    """Whether a heading is that of an option to delete messages: "VM Delete", "Delete (after e-mail)"."""
    words = split_words(heading)
    if not _AFTER.isdisjoint(words):
        return _is_for_unwanted(_plain(heading)) and any(map(_SENDING.search, words))
    return " ".join(split_words(_plain(heading))) in _MESSAGE_OPTIONS


def _is_for_unwanted(heading: str) -> bool:
    return fold(heading) in _DELETE or marks_unwanted(heading)


def _is_for_wanted(heading: str) -> bool:
    if fold(heading) in _ACTIVE:
        return True
    words = [word for word in split_words(heading) if word not in _OBJECTS]
    if len(words) == 1 and words[0] in _WANTED:
        return True
    bare = [word for word in words if word not in _STILL]
    if len(bare) == 1 < len(words) and bare[0] in _WANTED | _USE:
        return True
    left = [word for word in bare if word not in _ABOUT]
    return len(left) == 1 and left[0] in _ENABLED


def _is_for_action(heading: str) -> bool:
    words = {word for word in split_words(heading) if word not in _ABOUT}
    return fold(heading) in _ACTION or (bool(words) and words <= _ACTION_WORDS | _STATUS_COMPOUNDS)
