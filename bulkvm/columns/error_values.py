"""The error values of spreadsheets, such as #N/A."""

import re
import unicodedata
from typing import Final

# Excel's in English, German, French, Spanish, Italian, Dutch and Portuguese.
_ERRORS: Final = frozenset({
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!",
    "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#GETTING_DATA", "#NV", "#BEZUG!", "#WERT!", "#ZAHL!",
    "#ÜBERLAUF!", "#KALK!", "#FELD!", "#BLOCKIERT!", "#VERBINDEN!", "#UNBEKANNT!", "#DATEN_ABRUFEN", "#NOM?",
    "#VALEUR!", "#NOMBRE!", "#NUL!", "#PROPAGATION!", "#CHAMP!", "#BLOQUE!", "#CONNEXION!", "#INCONNU!", "#N/D",
    "#NOMBRE?", "#VALOR!", "#NULO!", "#DESBORDAMIENTO!", "#CAMPO!", "#BLOQUEADO!", "#CONECTAR!",
    "#DESCONOCIDO!", "#RIF!", "#NOME?", "#VALORE!", "#NULLO!", "#ESPANSIONE!", "#N/B", "#VERW!", "#NAAM?",
    "#WAARDE!", "#DEEL/0!", "#GETAL!", "#LEEG!", "#OVERLOPEN!", "#BEREKENEN!", "#VELD!", "#N/DISP", "#NÚM!",
    "#DESPEJAR!", "#ERROR!", "#OVERLOOP!", "#PYTHON!", "#TIMEOUT!", "#EXTERNAL!", "#BLOQUÉ!", "#CÁLCULO!",
})  # fmt: skip
# A column that is too narrow for a number or a date is full of #; LibreOffice numbers its errors.
_OTHERS: Final = re.compile(r"#{3,}|Err:[0-9]{3}")
_NOT_OF_WORD: Final = re.compile(r"[\u00a1\u00bf]|\s(?=[!?])")  # Spanish and French punctuation
_LONGEST: Final = 32


def is_error_value(text: str) -> bool:
    """Whether a text is an error value of a spreadsheet."""
    text = text.strip()
    if len(text) > _LONGEST and text.strip("#"):
        return False
    word = _NOT_OF_WORD.sub("", unicodedata.normalize("NFC", text).upper())
    return word in _ERRORS or _OTHERS.fullmatch(text) is not None
