"""Finds columns of an export that are not read although they look as if they were."""

from collections.abc import Collection, Iterator
from itertools import chain
from typing import Final

from bulkvm.columns import KEY_COLUMN
from bulkvm.columns.action_headings import names_action
from bulkvm.columns.cell_display import STRIP_CHARS, shown
from bulkvm.columns.header_matching import (
    heading_key,
    is_result_heading,
    map_option,
    match_heading,
    may_be_other_secret,
    names_new_number,
    possible_columns,
)
from bulkvm.columns.heading_words import may_name_pin
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.readers.other_systems.export_columns import ExportColumns
from bulkvm.readers.other_systems.switched_off import shows_switch
from bulkvm.readers.other_systems.system import FileKind
from bulkvm.text import join_limited

_RECIPIENTS: Final = "recipients"
_MOST_NAMED: Final = 6
_OF_ANYTHING: Final = "passw"


def warn_of_unread_columns(
    raw: Sheet, columns: ExportColumns, boxes: Collection[int], kind: FileKind
) -> Iterator[Problem]:
    """Warn of recipients that a mapped column replaces, and of columns that a person may have added.

    `boxes` are the rows that are read as boxes. Columns that are blank there are not reported.
    """
    displaced = chain.from_iterable(columns.alternatives(_RECIPIENTS)) if columns.mapped.get(_RECIPIENTS) else ()
    for letter in displaced:
        if rows := _count_filled(raw, letter, boxes):
            heading = raw.headings[letter]
            yield Problem(
                row=None,
                code=ProblemCode.NOT_TAKEN,
                message=f'{kind.count_rows(rows)} ({kind.part} "{shown(heading)}"): these addresses are not read, '
                "since the recipients are mapped.",
                option=f"To read them as well, add {map_option(heading, _RECIPIENTS)}.",
            )
    yield from _warn_of_added_columns(raw, columns, boxes, kind)


def _warn_of_added_columns(
    raw: Sheet, columns: ExportColumns, boxes: Collection[int], kind: FileKind
) -> Iterator[Problem]:
    known = set(map(heading_key, columns.layout.known_headings()))
    added = [
        raw.headings[letters[0]]
        for key, letters in columns.by_key.items()
        if key not in known
        and _may_be_added(raw.headings[letters[0]])
        and any(_count_filled(raw, letter, boxes) for letter in letters)
        and not shows_switch(key, (text for row, text in raw.texts(letters[0]).items() if row in boxes))
    ]
    if not added:
        return
    named = join_limited([f'"{shown(heading)}"' for heading in added], _MOST_NAMED)
    options = [map_option(heading, header) for heading in added if (header := _meaning(heading))]
    is_pin = any(map(may_name_pin, added))
    what = f"this {kind.part} is" if len(added) == 1 else f"these {kind.part}s are"
    yield Problem(
        row=None,
        code=ProblemCode.PIN_COLUMN_UNREAD if is_pin else ProblemCode.COLUMN_UNKNOWN,
        message=f"{what} not part of this export, and not read: {named}. Enter changes in the {kind.part}s that are "
        f"read, and delete the {kind.row}s that are not wanted.",
        option=f"Or read a {kind.part} with {' or '.join(options[:_MOST_NAMED])}." if options else "",
    )


def _may_be_added(heading: str) -> bool:
    """Whether a person may have added a column: an own sheet's would be read, or reported as more than unknown."""
    if is_result_heading(heading) or possible_columns(heading) == {"id"}:  # that of another system is not the PBX's
        return False
    return (
        bool(possible_columns(heading))
        or names_new_number(heading)
        or names_action(heading)
        or (may_name_pin(heading) and _OF_ANYTHING not in heading_key(heading))
        or heading.rstrip().endswith("?")
    )


def _meaning(heading: str) -> str:
    """The column that a heading certainly means; blank if it is the number, which the export has."""
    found = match_heading(heading)
    is_certain = found is not KEY_COLUMN and not may_be_other_secret(heading)
    return found.header if found and is_certain else ""


def _count_filled(raw: Sheet, letter: str, rows: Collection[int]) -> int:
    return sum(row in rows and bool(text.strip(STRIP_CHARS)) for row, text in raw.texts(letter).items())
