"""Recognises columns that ask for something that an import does not do, such as "Delete?"."""

from typing import Final

from bulkvm.columns.boolean import is_no, is_yes
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.header_matching import without_notes
from bulkvm.columns.heading_words import fold


def _names(names: str) -> frozenset[str]:
    return frozenset(map(fold, names.split(", ")))


# In English, German, French, Spanish, Italian, Dutch and Portuguese. With yes, the box is not wanted.
_DELETE: Final = _names(
    "delete, remove, deleted, removed, to delete, to be deleted, delete box, delete mailbox, delete voicemail, "
    "disable, disabled, inactive, löschen, loeschen, gelöscht, zu löschen, entfernen, deaktivieren, deaktiviert, "
    "inaktiv, supprimer, à supprimer, supprimé, désactiver, désactivé, eliminar, borrar, eliminado, desactivar, "
    "desactivado, eliminare, elimina, cancellare, da eliminare, disattivare, disattivato, verwijderen, verwijderd, "
    "te verwijderen, uitgeschakeld, excluir, remover, apagar, excluído, desativar, desativado"
)
# With no, the box is not wanted.
_ACTIVE: Final = _names(
    "active, is active, enabled, enable, in use, voicemail, vm, has voicemail, enable voicemail, voicemail enabled, "
    "voicemail active, voicemail on, vm enabled, enable vm, mailbox enabled, enable mailbox, aktiv, aktiviert, "
    "aktivieren, voicemail aktiv, voicemail aktiviert, voicemail aktivieren, mailbox aktiv, mailbox aktiviert, actif, "
    "activé, activer, messagerie vocale, messagerie activée, messagerie vocale activée, activer la messagerie vocale, "
    "activo, activado, habilitado, activar buzón de voz, buzón activo, buzón de voz activo, attivo, attivato, "
    "abilitato, casella attiva, casella vocale attiva, segreteria attiva, actief, ingeschakeld, voicemail actief, "
    "voicemail ingeschakeld, ativo, ativado, caixa de voz ativa, correio de voz ativo"
)
# With one of the words below, the box is not wanted.
_ACTION: Final = _names(
    "action, operation, change type, to do, aktion, vorgang, maßnahme, opération, acción, operación, azione, "
    "operazione, actie, bewerking, ação, operação, status, state, zustand, statut, état, estado, stato, staat"
)
_NOT_WANTED: Final = _names(
    "delete, deleted, remove, removed, drop, del, disable, disabled, deactivate, deactivated, inactive, löschen, "
    "loeschen, gelöscht, geloescht, entfernen, entfernt, deaktivieren, deaktiviert, inaktiv, supprimer, supprimé, "
    "désactiver, désactivé, inactif, eliminar, eliminado, borrar, borrado, desactivar, desactivado, inactivo, "
    "eliminare, elimina, eliminato, cancellare, disattivare, disattivato, inattivo, verwijderen, verwijder, "
    "verwijderd, uitschakelen, uitgeschakeld, inactief, excluir, excluído, remover, removido, apagar, desativar, "
    "desativado, inativo"
)


def names_action(heading: str) -> bool:
    """Whether a heading asks what to do with a box, or shows whether it is in use: "Delete?", "Active"."""
    return fold(without_notes(heading)) in _DELETE | _ACTIVE | _ACTION


def is_unwanted(heading: str, text: str) -> bool:
    """Whether a cell below such a heading shows that the box is not wanted."""
    heading, text = fold(without_notes(heading)), text.strip(STRIP_CHARS)
    word = fold(text)
    if heading in _DELETE:
        return bool(text) and (is_yes(text) or word in _NOT_WANTED)
    if heading in _ACTIVE:
        return bool(text) and (is_no(text) or word in _NOT_WANTED)
    return heading in _ACTION and word in _NOT_WANTED
