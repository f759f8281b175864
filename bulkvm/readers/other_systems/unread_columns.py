"""Finds columns of an export that are not read although they look as if they were."""

from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from bulkvm.columns import COLUMNS, KEY_COLUMN, PIN_COLUMN
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import heading_key
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.other_systems.export_columns import ExportColumns
from bulkvm.readers.other_systems.system import FileKind

_RECIPIENTS: Final = "recipients"
_OURS: Final = {
    heading_key(heading): column.header
    for column in COLUMNS
    if column.header not in {KEY_COLUMN.header, "id"}  # those of another system are not the PBX's
    for heading in (column.header, column.title)
}


def warn_of_unread_columns(
    raw: Sheet, columns: ExportColumns, boxes: Collection[int], kind: FileKind
) -> Iterator[Problem]:
    """Warn of recipients that a mapped column replaces, and of columns that a person added under our headings.

    `boxes` are the rows that are read as boxes. Columns that are blank there are not reported.
    """
    displaced = chain.from_iterable(columns.alternatives(_RECIPIENTS)) if columns.mapped.get(_RECIPIENTS) else ()
    for letter in displaced:
        if rows := _count_filled(raw, letter, boxes):
            heading = shown(raw.headings[letter])
            yield Problem(
                row=None,
                code=ProblemCode.NOT_TAKEN,
                message=f'{kind.count_rows(rows)} ({kind.part} "{heading}"): these addresses are not read, since the '
                "recipients are mapped.",
                option=f'To read them, too, add --map "{heading}={_RECIPIENTS}".',
            )
    known = set(map(heading_key, columns.layout.known_headings()))
    for key, letters in columns.by_key.items():
        header = _OURS.get(key) if key not in known else None
        if header and any(_count_filled(raw, letter, boxes) for letter in letters):
            heading, is_pin = shown(raw.headings[letters[0]]), header == PIN_COLUMN.header
            reason = "If it has the PINs of the boxes" if is_pin else "To read it"
            yield Problem(
                row=None,
                code=ProblemCode.PIN_COLUMN_UNREAD if is_pin else ProblemCode.COLUMN_UNKNOWN,
                message=f'the {kind.part} "{heading}" is not one of this export, so it is not read.',
                option=f'{reason}, add --map "{heading}={header}".',
            )


def _count_filled(raw: Sheet, letter: str, rows: Collection[int]) -> int:
    return sum(row in rows and bool(text.strip(STRIP_CHARS)) for row, text in raw.texts(letter).items())
