"""How the date and time of a message are announced."""

import re
from typing import Final

from bulkvm.columns.cell_display import shown
from bulkvm.columns.column import Parsed
from bulkvm.model.problem import Fault, ProblemCode

PLAY_DATETIMES: Final = ("DISABLE", "12_HOUR_CLOCK", "24_HOUR_CLOCK")
CLOCK_CHOICES: Final = ("off", "12-hour clock", "24-hour clock")  # the same values in words

_WORDS: Final = {
    **{clock.casefold().replace("_", ""): clock for clock in PLAY_DATETIMES},
    **dict.fromkeys(("disabled", "off", "none", "no", "false"), "DISABLE"),
    **dict.fromkeys(("12", "12h", "12hour", "12hours"), "12_HOUR_CLOCK"),
    **dict.fromkeys(("24", "24h", "24hour", "24hours"), "24_HOUR_CLOCK"),
}
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")


def parse_play_datetime(text: str) -> Parsed:
    """Parse one of the three values, in any spelling."""
    word = _BETWEEN_WORDS.sub("", text.casefold())
    if clock := _WORDS.get(word):
        return Parsed(clock)
    message = f'"{shown(text)}" must be {", ".join(CLOCK_CHOICES[:-1])} or {CLOCK_CHOICES[-1]}.'
    return Parsed(None, (Fault(ProblemCode.CLOCK, message),))
