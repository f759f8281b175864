"""How the date and time of a message are announced."""

import re
from typing import Final

from bulkvm.columns.boolean import is_no
from bulkvm.columns.cell_display import shown
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode

PLAY_DATETIMES: Final = ("DISABLE", "12_HOUR_CLOCK", "24_HOUR_CLOCK")
CLOCK_CHOICES: Final = ("off", "12-hour clock", "24-hour clock")  # the same values in words
CHOICE_OF_VALUE: Final = dict(zip(PLAY_DATETIMES, CLOCK_CHOICES, strict=True))

_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
# In the languages of the headings: 24 Stunden, 24 heures, 24 horas, 24 ore, 24-uurs klok.
_CLOCK: Final = re.compile(
    r"(?:h|formato?)?(12|24)(?:h|hr|hrs|hours?|std|stunden?|heures?|horas?|or[ae]|u|uurs?)?(?:clock|format|uhr|klok)?"
)


def parse_play_datetime(text: str) -> Parsed:
    """Parse one of the three values, in any spelling."""
    word = _BETWEEN_WORDS.sub("", text.casefold())
    if found := _CLOCK.fullmatch(word):
        return Parsed(f"{found[1]}_HOUR_CLOCK")
    if word == "none" or is_no(text.strip()):
        return Parsed("DISABLE")
    choices = f"{', '.join(CLOCK_CHOICES[:-1])} or {CLOCK_CHOICES[-1]}"
    message = f'"{shown(text)}" is not one of the choices. Choose {choices}, or leave the cell blank.'
    return Parsed(None, (Fault(ProblemCode.CLOCK, message),))
