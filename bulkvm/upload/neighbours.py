"""Which changes concern boxes that are on one page of the list."""

from bisect import bisect
from collections.abc import Iterable

from bulkvm.model.change import Change
from bulkvm.pbx import PAGE


def order_by_number(change: Change) -> tuple[int, str]:
    """The key that sorts changes so that those of boxes on one page are consecutive."""
    return _key(change.record.extension_number)


class Neighbours:
    """Changes in the order of their numbers."""

    def __init__(self, changes: Iterable[Change], numbers: Iterable[str]) -> None:
        """Sort them.

        Args:
            changes: the changes.
            numbers: the numbers of all boxes.
        """
        self.changes = sorted(changes, key=order_by_number)
        self._numbers = sorted(map(_key, numbers))

    def on_page(self, place: int, most: int = PAGE) -> range:
        """The places of a change and of those after it that one page of the list shows, at most so many."""
        first = order_by_number(self.changes[place])
        at = bisect(self._numbers, first)
        end = place + 1
        while end < len(self.changes) and end - place < most:
            number = order_by_number(self.changes[end])
            if number[0] != first[0] or bisect(self._numbers, number) - at >= PAGE:
                break
            end += 1
        return range(place, end)


def _key(number: str) -> tuple[int, str]:
    """Numbers of one length are in the same order as texts and by value."""
    return len(number), number
