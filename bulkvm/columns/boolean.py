"""Booleans, as people and spreadsheets write them."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode

# English, then what Excel and LibreOffice show, and people write, in German, French, Spanish, Italian, Dutch and
# Portuguese; check marks and an empty check box. A cross is neither: it may be a mark in a box, or a no.
_EMOJI_STYLE: Final = "\ufe0f"
_YES: Final = frozenset({
    "true", "yes", "y", "1", "on", "x", "wahr", "ja", "j", "vrai", "oui", "o", "verdadero", "sí", "si", "s",
    "vero", "sì", "waar", "verdadeiro", "sim", "t", "v", "w", "enable", "enabled", "active", "activated", "checked",
    "ein", "an", "aktiv", "aktiviert", "actif", "activé", "activo", "activado", "attivo", "attivato", "aan", "actief",
    "ativo", "ativado", "\u2713", "\u2714", "\u2611", "\u2705", "\u221a", "\U0001f5f8", "\U0001f5f9",
})  # fmt: skip
_NO: Final = frozenset({
    "false", "no", "n", "0", "off", "falsch", "nein", "aus", "faux", "non", "falso", "onwaar", "nee", "não", "nao",
    "f", "disable", "disabled", "inactive", "deactivated", "unchecked", "inaktiv", "deaktiviert", "inactif",
    "désactivé", "inactivo", "desactivado", "inattivo", "disattivo", "disattivato", "uit", "inactief", "inativo",
    "desativado", "\u2610",
})  # fmt: skip
# What people also write for no beside check marks, and the words that show that it is the French yes.
_CIRCLE: Final = "o"
_MARKS: Final = frozenset(word for word in _YES if word in {"x", "v"} or not word.isalnum())
_FRENCH: Final = frozenset({"oui", "non", "n"})
MARK_OR_YES: Final = Fault(
    ProblemCode.YES_NO,
    "Other cells of this column have a mark such as x, so this o may mean yes or no. Write yes or no.",
)


def parse_boolean(text: str) -> Parsed:
    """Parse yes or no."""
    word = _fold(text)
    if word in _YES:
        return Parsed(value=True)
    if word in _NO:
        return Parsed(value=False)
    if "@" in text:
        message = "This is an e-mail address. Move it to the column of recipients, and write yes or no here."
        return Parsed(None, (Fault(ProblemCode.YES_NO, message),))
    return Parsed(
        None,
        (
            Fault(
                ProblemCode.YES_NO, f'"{shown(text)}" is neither yes nor no. Write yes or no, or leave the cell blank.'
            ),
        ),
    )


def is_yes(text: str) -> bool:
    """Whether a text is a word for yes, or a mark."""
    return _fold(text) in _YES


def is_no(text: str) -> bool:
    """Whether a text is a word for no."""
    return _fold(text) in _NO


def find_circles(texts: Iterable[str]) -> set[str]:
    """The texts of a column that may mean yes, as in French, or no, as an o beside check marks."""
    folded = {text: _fold(text.strip(STRIP_CHARS)) for text in set(texts)}
    words = frozenset(folded.values())
    if _CIRCLE not in words or words.isdisjoint(_MARKS) or not words.isdisjoint(_FRENCH):
        return set()
    return {text for text, word in folded.items() if word == _CIRCLE}


def _fold(text: str) -> str:
    """Fold case and accents, which macOS writes as separate characters, and remove the style of emoji."""
    return unicodedata.normalize("NFC", text).casefold().replace(_EMOJI_STYLE, "")


def format_boolean(value: bool) -> str:  # noqa: FBT001  (the value itself)
    """Format as yes or no."""
    return "yes" if value else "no"
