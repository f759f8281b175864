"""Checks columns that ask for something that an import does not do, such as "Delete?"."""

from collections.abc import Iterator
from typing import Final

from bulkvm.columns.boolean import is_no, is_yes
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import heading_key, is_result_heading, map_option, without_notes
from bulkvm.columns.heading_words import fold
from bulkvm.columns.sheet_columns import sheet_columns
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet


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


def check_action_columns(sheet: Sheet) -> Iterator[Problem]:
    """Yield an error for each row that such a column marks as not wanted: an import would create or update its box."""
    columns, mapped = sheet_columns(sheet), set(map(heading_key, sheet.heading_map))
    for letter, heading in sheet.headings.items():
        if (
            letter in columns
            or is_result_heading(heading)
            or heading_key(heading) in mapped
            or letter not in sheet.cells
        ):
            continue
        name, texts = fold(without_notes(heading)), sheet.texts(letter)
        unwanted = {text for text in set(texts.values()) if _is_unwanted(name, text.strip(STRIP_CHARS))}
        message = (
            f'Column {letter} ("{shown(heading)}") is not read, and marks this row as not wanted: an import would '
            "create or update the box. Delete the row, or empty this cell. To delete a box, use the PBX's web portal."
        )
        option = f"Or ignore the column with {map_option(heading, '')}."
        for row, text in texts.items() if unwanted else ():
            if text in unwanted:
                yield Problem(
                    row=row, cell=f"{letter}{row}", code=ProblemCode.ROW_NOT_WANTED, message=message, option=option
                )


def _is_unwanted(heading: str, text: str) -> bool:
    word = fold(text)
    if heading in _DELETE:
        return bool(text) and (is_yes(text) or word in _NOT_WANTED)
    if heading in _ACTIVE:
        return bool(text) and (is_no(text) or word in _NOT_WANTED)
    return heading in _ACTION and word in _NOT_WANTED
