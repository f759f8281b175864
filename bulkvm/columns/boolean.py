"""Booleans, as people and spreadsheets write them."""

import unicodedata
from typing import Final

from bulkvm.columns.cell_display import shown
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode

# English, then what Excel and LibreOffice show, and people write, in German, French, Spanish, Italian, Dutch and
# Portuguese.
_YES: Final = frozenset({
    "true", "yes", "y", "1", "on", "x", "wahr", "ja", "j", "vrai", "oui", "o", "verdadero", "sí", "si", "s",
    "vero", "sì", "waar", "verdadeiro", "sim",
})  # fmt: skip
_NO: Final = frozenset({
    "false", "no", "n", "0", "off", "falsch", "nein", "aus", "faux", "non", "falso", "onwaar", "nee", "não", "nao",
})  # fmt: skip


def parse_boolean(text: str) -> Parsed:
    """Parse yes or no."""
    word = unicodedata.normalize("NFC", text).casefold()  # macOS writes accents as separate characters
    if word in _YES:
        return Parsed(value=True)
    if word in _NO:
        return Parsed(value=False)
    return Parsed(None, (Fault(ProblemCode.YES_NO, f'"{shown(text)}" must be yes or no.'),))


def format_boolean(value: bool) -> str:  # noqa: FBT001  (the value itself)
    """Format as yes or no."""
    return "yes" if value else "no"
