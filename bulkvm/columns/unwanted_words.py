"""Words that mark a box as not wanted: "to be deleted", "left", "do not import"."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from bulkvm.columns.heading_words import fold, spellings, split_words, word_set


def folded_names(names: str) -> frozenset[str]:
    """Names to compare with folded texts, German ones in both spellings."""
    return frozenset(key for name in names.split(", ") for key in spellings(name))


# In English, German, French, Spanish, Italian, Dutch and Portuguese.
_SWITCHED_OFF: Final = folded_names(
    "delete, deleted, remove, removed, disable, disabled, deactivate, deactivated, inactive, terminated, suspended, "
    "decommissioned, obsolete, offboarded, do not use, not in use, nicht verwenden, ne pas utiliser, no usar, "
    "non usare, "
    "niet gebruiken, não usar, leaver, ex-employee, former employee, löschen, gelöscht, entfernt, "
    "deaktiviert, inaktiv, gekündigt, ausgeschieden, ausgetreten, supprimer, supprimé, supprimée, désactivé, "
    "désactivée, inactif, inactive, licencié, licenciée, eliminado, eliminada, borrado, desactivado, desactivada, "
    "inactivo, inactiva, dado de baja, dada de baja, eliminato, eliminata, cancellato, cancellata, disattivato, "
    "disattivata, inattivo, inattiva, cessato, cessata, licenziato, licenziata, verwijderd, uitgeschakeld, inactief, "
    "uit dienst, vertrokken, excluído, excluída, removido, removida, apagado, apagada, desativado, desativada, "
    "inativo, inativa, desligado, desligada, demitido, demitida"
)
_UNASSIGNED: Final = folded_names(
    "unused, not used, unassigned, not assigned, unallocated, not allocated, vacant, unbelegt, nicht belegt, "
    "unbenutzt, nicht benutzt, nicht vergeben, nicht zugeordnet, non attribué, non utilisé, non affecté, inutilisé, "
    "sin asignar, no asignado, no asignada, sin uso, vacante, non assegnato, non usato, inutilizzato, niet toegewezen, "
    "niet in gebruik, ongebruikt, não atribuído, não usado, sem uso"
)
_NOT_WANTED: Final = (
    _SWITCHED_OFF
    | _UNASSIGNED
    | folded_names(
        "discontinued, ended, rejected, abgelehnt, refusé, rechazado, rifiutato, afgewezen, rejeitado, out of scope, "
        "drop, del, left, leaving, leavers, gone, departed, termination, resigned, retired, dismissed, cancel, "
        "cancelled, canceled, former, no longer here, no longer employed, no longer works here, no longer needed, no "
        "longer required, skip, ignore, exclude, excluded, omit, do not import, don't import, do not create, don't "
        "create, not needed, not required, not wanted, unwanted, no voicemail, without voicemail, archive, archived, "
        "entfernen, deaktivieren, Kündigung, kündigen, Austritt, Abgang, verlassen, ehemalig, ehemalige, ehemaliger, "
        "entfällt, storniert, nicht mehr da, nicht mehr im Haus, nicht mehr benötigt, nicht importieren, nicht "
        "anlegen, nicht benötigt, nicht nötig, ignorieren, überspringen, ohne Voicemail, désactiver, parti, partie, "
        "partis, quitté, départ, sorti, sortie, démissionné, démissionnaire, retraité, retraitée, résilié, résiliée, "
        "annulé, annulée, ne pas importer, ne pas créer, pas nécessaire, plus nécessaire, ignorer, exclure, eliminar, "
        "borrar, desactivar, baja, dar de baja, cesado, cesada, despedido, despedida, jubilado, jubilada, salió, se "
        "fue, cancelado, cancelada, anulado, anulada, ya no trabaja, no importar, no crear, no necesario, no necesita, "
        "ignorar, excluir, eliminare, elimina, cancellare, disattivare, in uscita, uscito, uscita, dimesso, dimessa, "
        "dimissionario, pensionato, pensionata, annullato, annullata, non importare, non creare, non necessario, non "
        "serve, ignorare, escludere, verwijderen, verwijder, uitschakelen, ontslagen, opgezegd, met pensioen, "
        "vervallen, vervalt, beëindigd, niet importeren, niet aanmaken, niet nodig, niet meer nodig, overslaan, "
        "negeren, remover, apagar, desativar, saiu, rescindido, rescindida, aposentado, aposentada, dispensado, "
        "dispensada, não importar, não criar, não necessário, não precisa, do not migrate, "
        "don't migrate, not migrated, not needed anymore, not needed any more, not required anymore, not required any "
        "more, nicht migrieren, zu löschende, ne pas migrer, no migrar, non migrare, niet migreren, não migrar"
    )
)
# Around them, as in "to be deleted" and "has left the company".
_FILLERS: Final = word_set(
    "to be please the has have had been is was on since from of box boxes mailbox voicemail vm user account employee "
    "company extension line row entry pbx bitte zu soll wird werden ist hat am seit die der das dem den aus firma "
    "unternehmen konto zeile a est ete le la l depuis entreprise societe compte ligne el il por desde empresa cuenta "
    "this one diese diesen dieses "
    "fila da ha dal azienda riga te is op sinds het bedrijf rij em o foi conta linha"
)
# Around them, too, as in "left in June" and in the headings of several boxes, "Boxes to be deleted on Friday".
_TIMES_AND_BOXES: Final = word_set(
    "in at as per im zum ab en worden "
    "january february march april may june july august september october november december "
    "januar februar marz maerz mai juni juli oktober dezember janvier fevrier mars avril juin juillet aout septembre "
    "octobre novembre decembre enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre januari februari maart mei "
    "augustus janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro "
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag "
    "sonntag are all these following below mailboxes voicemails users accounts employees staff extensions lines rows "
    "entries alle folgende folgenden postfach postfacher postfaecher mailboxen boxen konten nebenstellen zeilen "
    "mitarbeiter boite boites messageries comptes postes lignes suivantes suivants para buzon buzones cuentas "
    "extensiones filas estos estas siguientes casella caselle interni righe seguenti postvak postvakken "
    "voicemailboxen toestellen rijen volgende caixa caixas contas ramais linhas seguintes"
)
# A hyphen within a word is none, as in "left-handed".
_CLAUSE_ENDS: Final = re.compile(r"[,;:()\[\]\n\u2013\u2014]|-+(?=\s)|(?<=\s)-+|[.!?](?=\s)")

# The last ones in names only: a status may be that of a person at the telephone.
_NAMES: Final = (
    _SWITCHED_OFF
    | _UNASSIGNED
    | folded_names(
        "to be deleted, to delete, zu löschen, à supprimer, da eliminare, te verwijderen, available, libre, "
        "disponible, libero, disponibile, beschikbaar, livre, disponível, no user"
    )
)
_LONGEST: Final = 100  # longer texts are not looked at word by word


def marks_unwanted(text: str) -> bool:
    """Whether a cell that shows what to do with a box, or what became of it, marks it as not wanted."""
    return len(text) <= _LONGEST and not _NOT_WANTED.isdisjoint(_readings(split_words(text)))


def has_unwanted_clause(text: str) -> bool:
    """Whether a text, or a part of it between punctuation marks, marks boxes as not wanted: "delete, left in June"."""
    return len(text) <= _LONGEST and any(map(_marks_in_clause, {text, *_CLAUSE_ENDS.split(text)}))


def _marks_in_clause(clause: str) -> bool:
    words = split_words(clause)
    others = [word for word in words if word not in _TIMES_AND_BOXES]
    return not _NOT_WANTED.isdisjoint((*_readings(words), *_readings(others)))


@lru_cache(maxsize=4096)
def names_switched_off(note: str) -> bool:
    """Whether a note in a name or before an address shows that the box is no longer in use: "DISABLED".

    "Left" does not: it may be a place.
    """
    return not _SWITCHED_OFF.isdisjoint(_readings(split_words(note)))


def names_unassigned(name: str) -> bool:
    """Whether a name shows that its number is not in use: "unassigned"."""
    return fold(name) in _NAMES


def _readings(words: Sequence[str]) -> tuple[str, str]:
    """The letters of a text, with and without fillers and numbers."""
    return "".join(words), "".join(word for word in words if word not in _FILLERS and not word.isdecimal())
