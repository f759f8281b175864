"""Compares two lists of boxes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bulkvm.columns import CLEAR, KEY_COLUMN, Column
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Value
from bulkvm.model.change import Difference
from bulkvm.model.problem import Severity
from bulkvm.planning.comparison import HEADERS, WRITABLE, find_mutual_differences, hidden_fields


@dataclass(frozen=True, slots=True)
class ChangedBox:
    """A box of the first list, and the fields that differ in the second."""

    box: Box
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """The differences between two lists A and B of boxes, in extension order. Ids are not compared.

    `not_compared` are the fields that A or B does not show for at least one box that both have.
    """

    only_a: tuple[Box, ...]
    only_b: tuple[Box, ...]
    changed: tuple[ChangedBox, ...]
    unchanged: int
    not_compared: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no difference was found."""
        return not (self.only_a or self.only_b or self.changed)


def make_diff(a: Iterable[Box], b: Iterable[Box]) -> Diff:
    """Compare two lists of boxes, matched by extension.

    Values are parsed as the cells of a sheet are, so that a box equals its row in an export. A value that cannot be
    parsed, such as an invalid language tag, is compared as text.
    """
    ours, theirs = (_by_number(map(_normalize, boxes)) for boxes in (a, b))
    both = [(ours[number], theirs[number]) for number in sorted(ours.keys() & theirs.keys())]
    differing = ((one, find_mutual_differences(one, other)) for one, other in both)
    changed = [ChangedBox(box, differences) for box, differences in differing if differences]
    hidden = {header for pair in both for box in pair for header in hidden_fields(box)}
    return Diff(
        only_a=tuple(ours[number] for number in sorted(ours.keys() - theirs.keys())),
        only_b=tuple(theirs[number] for number in sorted(theirs.keys() - ours.keys())),
        changed=tuple(changed),
        unchanged=len(both) - len(changed),
        not_compared=tuple(header for header in HEADERS if header in hidden),
    )


def _by_number(boxes: Iterable[Box]) -> dict[tuple[str, int], Box]:
    """The boxes by number; several with one number are numbered in the order of their names."""
    places: Counter[str] = Counter()
    found: dict[tuple[str, int], Box] = {}
    for box in sorted(boxes, key=lambda box: (box.extension_number, str(box.name))):
        found[box.extension_number, places[box.extension_number]] = box
        places[box.extension_number] += 1
    return found


def boxes_from_rows(rows: Iterable[Mapping[str, str]]) -> tuple[Box, ...]:
    """The boxes of an export, with texts for all values.

    Args:
        rows: the text of each cell, by its column's header. A missing column is NOT_KNOWN, an empty text BLANK.
    """
    return tuple(_box_of(row) for row in rows)


def _box_of(row: Mapping[str, str]) -> Box:
    fields: dict[str, Any] = {header: row.get(header, NOT_KNOWN) for header in HEADERS}
    return Box(id="", extension_number=row[KEY_COLUMN.header], **fields)


def _normalize(box: Box) -> Box:
    """The box with parsed values, and NOT_KNOWN for a blank that no box can have, such as a PIN that is not shown."""
    parsed: dict[str, Any] = {c.header: _parse(c, getattr(box, c.header)) for c in WRITABLE}
    hidden = {c.header: NOT_KNOWN for c in WRITABLE if c.required_for and parsed[c.header] is BLANK}
    return replace(box, **parsed | hidden)


def _parse(column: Column, value: Value | Absent) -> Value | Absent:
    """The value of a cell of an export; its text if that is not valid."""
    if isinstance(value, Absent):
        return value
    text = column.cell_text(value).strip(STRIP_CHARS)
    if column.clearable and text.casefold() in {"", CLEAR}:
        return ()
    if not text:
        return BLANK
    parsed = column.parse(text)
    if parsed.value is None or any(fault.severity is Severity.ERROR for fault in parsed.faults):
        return text
    return parsed.value
