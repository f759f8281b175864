"""Values that a PBX shows in place of the real ones."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from bulkvm.columns import COLUMNS
from bulkvm.columns.mask_digits import may_be_mask
from bulkvm.model.box import NOT_KNOWN, Box, Value

_SEVERAL: Final = 2


class Masks:
    """The masks of one PBX, as far as its answers have shown them.

    A value that no box may have is a mask if several boxes are shown with it. One box alone may really have it, from a
    time of other rules.
    """

    def __init__(self) -> None:
        self._ids: defaultdict[tuple[str, Value], set[str]] = defaultdict(set)

    def remove(self, boxes: Iterable[Box]) -> tuple[Box, ...]:
        """The boxes with NOT_KNOWN for every value that is a mask by all that was seen so far, these included."""
        listed = [(box, doubtful_values(box)) for box in boxes]
        for box, doubtful in listed:
            for field in doubtful.items():
                if len(self._ids[field]) < _SEVERAL:
                    self._ids[field].add(box.id)
        return tuple(self._without_masks(box, doubtful) if doubtful else box for box, doubtful in listed)

    def _without_masks(self, box: Box, doubtful: dict[str, Value]) -> Box:
        masked: dict[str, Any] = {
            header: NOT_KNOWN for header, value in doubtful.items() if len(self._ids[header, value]) >= _SEVERAL
        }
        return replace(box, **masked)


def doubtful_values(box: Box) -> dict[str, Value]:
    """The values of a box, by field, that may be masks."""
    values = ((column, getattr(box, column.header)) for column in COLUMNS if column.updatable)
    return {column.header: value for column, value in values if may_be_mask(column, value)}
