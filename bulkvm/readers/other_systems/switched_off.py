"""Finds rows that may be switched off in the old system, by columns of which this is not certain."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from bulkvm.columns.boolean import parse_boolean
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import heading_key
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.other_systems.export_columns import ExportColumns
from bulkvm.text import count

_WHAT: Final = "(?:voicemail|vm|mailbox|mb|user|extension|ext|account)?"
# As `heading_key` gives them. Other systems' own headings, such as EnableVoicemail of 3CX, are not searched.
_SWITCH: Final = re.compile(f"(?:is)?{_WHAT}(?:(?P<on>enabled?|active)|(?P<off>disabled?|deleted|suspended|inactive)"
                            f"|(?:status|state))(?:this)?{_WHAT}")  # fmt: skip
_OFF_WORDS: Final = frozenset({"disabled", "inactive", "deleted", "suspended"})


def warn_of_switched_off(raw: Sheet, columns: ExportColumns, boxes: Collection[int]) -> Iterator[Problem]:
    """Warn of rows that are read as boxes although a column that is not read may show that they are switched off."""
    known = set(map(heading_key, columns.layout.known_headings()))
    for letter, heading in raw.headings.items():
        key = heading_key(heading)
        found = _SWITCH.fullmatch(key) if key in columns.by_key and key not in known else None
        if found is None:
            continue
        off = False if found["on"] else True if found["off"] else None  # what a boolean in such a column is then
        rows = [row for row, text in raw.texts(letter).items() if row in boxes and _is_off(text, off=off)]
        if rows:
            yield Problem(
                row=None,
                code=ProblemCode.NOT_TAKEN,
                message=f'{count(len(rows), "row")} (column "{shown(heading)}", first in row {rows[0]}): this may be '
                "switched off in the old system, and is read as a box. Delete the rows that should be none.",
            )


def shows_switch(key: str, texts: Iterable[str]) -> bool:
    """Whether all cells below a heading, given as its `heading_key`, show whether a row is switched off."""
    words = (text.strip(STRIP_CHARS).casefold() for text in texts)
    return bool(_SWITCH.fullmatch(key)) and all(
        not word or word in _OFF_WORDS or parse_boolean(word).value is not None for word in words
    )


def _is_off(text: str, *, off: bool | None) -> bool:
    word = text.strip(STRIP_CHARS).casefold()
    return bool(word) and (word in _OFF_WORDS or (off is not None and parse_boolean(word).value is off))
