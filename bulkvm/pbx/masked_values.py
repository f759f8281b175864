"""Recognises masks: values that a PBX shows instead of the real ones."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from bulkvm.columns import COLUMNS
from bulkvm.columns.mask_digits import may_be_mask
from bulkvm.model.box import NOT_KNOWN, Box, Value

_MIN_BOXES: Final = 2


class Masks:
    """The masks of one PBX, as found in its answers so far.

    A value that the rules forbid is a mask if several boxes show it. A single box may really have it, from before the
    rules changed.
    """

    def __init__(self) -> None:
        self._ids: defaultdict[tuple[str, Value], set[str]] = defaultdict(set)

    def remove(self, boxes: Iterable[Box]) -> tuple[Box, ...]:
        """Replace masks by NOT_KNOWN, judged by all boxes so far, these included."""
        listed = [(box, doubtful_values(box)) for box in boxes]
        for box, doubtful in listed:
            for field in doubtful.items():
                if len(self._ids[field]) < _MIN_BOXES:
                    self._ids[field].add(box.id)
        return tuple(self._without_masks(box, doubtful) if doubtful else box for box, doubtful in listed)

    def _without_masks(self, box: Box, doubtful: dict[str, Value]) -> Box:
        masked: dict[str, Any] = {
            header: NOT_KNOWN for header, value in doubtful.items() if len(self._ids[header, value]) >= _MIN_BOXES
        }
        return replace(box, **masked)


def doubtful_values(box: Box) -> dict[str, Value]:
    """The values of a box that may be masks, by field."""
    values = ((column, getattr(box, column.header)) for column in COLUMNS if column.updatable)
    return {column.header: value for column, value in values if may_be_mask(column, value)}


def without_doubtful(box: Box, known: Box) -> Box:
    """A box with NOT_KNOWN for each value that may be a mask, unless the known box has it."""
    masked: dict[str, Any] = {
        header: NOT_KNOWN for header, value in doubtful_values(box).items() if value != getattr(known, header)
    }
    return replace(box, **masked)


def fill_from_list(fetched: Box, listed: Box) -> Box:
    """A fetched box, completed from the list. What may be a mask gives way to a value that the list shows."""
    in_doubt = doubtful_values(listed)
    masked: dict[str, Any] = {
        header: NOT_KNOWN
        for header, value in doubtful_values(fetched).items()
        if header not in in_doubt and getattr(listed, header) not in {NOT_KNOWN, value}
    }
    return replace(fetched, **masked).filled_from(listed, blanks=True)
