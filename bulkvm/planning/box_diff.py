"""How two lists of boxes differ."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bulkvm.columns import CLEAR, COLUMNS, KEY_COLUMN, Column
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Value
from bulkvm.model.change import Difference
from bulkvm.model.problem import Severity
from bulkvm.planning.comparison import fields_differ


@dataclass(frozen=True, slots=True)
class ChangedBox:
    """A box as the first list has it, and the fields that the second has differently."""

    box: Box
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """How a list A of boxes and a list B differ, in extension order. Ids do not count.

    `not_compared` are the fields that at least one side does not tell of some box that both have.
    """

    only_a: tuple[Box, ...]
    only_b: tuple[Box, ...]
    changed: tuple[ChangedBox, ...]
    unchanged: int
    not_compared: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two lists are the same, as far as they could be compared."""
        return not (self.only_a or self.only_b or self.changed)


def make_diff(a: Iterable[Box], b: Iterable[Box]) -> Diff:
    """Compare two lists of boxes, matched by extension.

    Both are read as a sheet's cells are, so that a box and its row in an export never differ by how they are spelt. A
    value that cannot be read so, such as a language tag that is none, is compared as the text that it is.
    """
    ours, theirs = (_by_number(map(_as_told, boxes)) for boxes in (a, b))
    both = [(ours[number], theirs[number]) for number in sorted(ours.keys() & theirs.keys())]
    changed = [ChangedBox(one, differences) for one, other in both if (differences := _differences(one, other))]
    return Diff(
        only_a=tuple(ours[number] for number in sorted(ours.keys() - theirs.keys())),
        only_b=tuple(theirs[number] for number in sorted(theirs.keys() - ours.keys())),
        changed=tuple(changed),
        unchanged=len(both) - len(changed),
        not_compared=tuple(
            column.header
            for column in COLUMNS
            if any(NOT_KNOWN in {getattr(box, column.header) for box in pair} for pair in both)
        ),
    )


def _by_number(boxes: Iterable[Box]) -> dict[tuple[str, int], Box]:
    """The boxes by their numbers; of several with one number, each by its place among them, in the order of names."""
    places: Counter[str] = Counter()
    found: dict[tuple[str, int], Box] = {}
    for box in sorted(boxes, key=lambda box: (box.extension_number, str(box.name))):
        found[box.extension_number, places[box.extension_number]] = box
        places[box.extension_number] += 1
    return found


def boxes_from_rows(rows: Iterable[Mapping[str, str]]) -> tuple[Box, ...]:
    """The boxes that a sheet tells of, taken for an export, with texts for all values.

    Args:
        rows: the text of each cell, by its column's header. What a row lacks is not known, a blank text is blank.
    """
    return tuple(_box_of(row) for row in rows)


def _box_of(row: Mapping[str, str]) -> Box:
    fields: dict[str, Any] = {c.header: row.get(c.header, NOT_KNOWN) for c in COLUMNS if c.updatable}
    return Box(id="", extension_number=row[KEY_COLUMN.header], **fields)


def _as_told(box: Box) -> Box:
    """The box as a sheet tells it, with NOT_KNOWN for a blank that no box can have, such as a PIN that is not shown."""
    told: dict[str, Any] = {c.header: _read(c, getattr(box, c.header)) for c in COLUMNS if c.updatable}
    hidden = {c.header: NOT_KNOWN for c in COLUMNS if c.required_for and told.get(c.header) is BLANK}
    return replace(box, **told | hidden)


def _read(column: Column, value: Value | Absent) -> Value | Absent:
    """What a cell with this value means; its text where that is nothing that we know."""
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


def _differences(one: Box, other: Box) -> tuple[Difference, ...]:
    # A wanted field that is blank wants nothing; here a blank is what the box has, so each side is asked.
    differ = {*fields_differ(one, other), *fields_differ(other, one)}
    return tuple(
        Difference(column.header, getattr(one, column.header), getattr(other, column.header))
        for column in COLUMNS
        if column.header in differ
    )
