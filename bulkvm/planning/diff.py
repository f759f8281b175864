"""How two lists of boxes differ."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from bulkvm.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.changes import Difference
from bulkvm.columns import COLUMNS
from bulkvm.planning.compare import fields_differ


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
    """Compare two lists of boxes, matched by extension."""
    ours, theirs = ({box.extension_number: _as_told(box) for box in boxes} for boxes in (a, b))
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


def boxes_of(records: Iterable[Record], headers: Collection[str]) -> tuple[Box, ...]:
    """The boxes that a sheet tells of, taken for an export: a column that it lacks is not known, a blank cell is blank.

    Args:
        records: the sheet's rows.
        headers: the columns that the sheet has.
    """
    return tuple(_box_of(record, headers) for record in records)


def _box_of(record: Record, headers: Collection[str]) -> Box:
    fields: dict[str, Any] = {
        column.header: getattr(record, column.header) if column.header in headers else NOT_KNOWN
        for column in COLUMNS
        if column.updatable
    }
    if fields["recipients"] is BLANK:
        fields["recipients"] = ()
    return Box(id="", extension_number=record.extension_number, **fields)


def _as_told(box: Box) -> Box:
    """The box, with NOT_KNOWN for a blank that no box can have, such as a PIN that the PBX does not show."""
    hidden: dict[str, Any] = {c.header: NOT_KNOWN for c in COLUMNS if c.needed_to and getattr(box, c.header) is BLANK}
    return replace(box, **hidden)


def _differences(one: Box, other: Box) -> tuple[Difference, ...]:
    # A wanted field that is blank wants nothing; here a blank is what the box has, so each side is asked.
    differ = {*fields_differ(one, other), *fields_differ(other, one)}
    return tuple(
        Difference(column.header, getattr(one, column.header), getattr(other, column.header))
        for column in COLUMNS
        if column.header in differ
    )
