"""Tracks which undocumented fields an update is known to preserve."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bulkvm.pbx import WholeBox, is_nothing, undocumented

# Two values: a PBX that resets a field to its default preserves the default, and no other value.
_MIN_VALUES: Final = 2


class PreservedFields:
    """The undocumented fields that had the same value after an update as before, with these values.

    A box with any other undocumented field must be updated alone, and read back.
    """

    def __init__(self) -> None:
        self._values: defaultdict[str, set[str]] = defaultdict(set)
        self._lock = asyncio.Lock()

    def cover(self, box: WholeBox) -> bool:
        """Whether an update is known to preserve all undocumented fields of a box."""
        return all(
            value in self._values[name] or len(self._values[name]) >= _MIN_VALUES for name, value in _values(box)
        )

    def add(self, box: WholeBox) -> None:
        """Record that an update preserved the fields of a box."""
        for name, value in _values(box):
            if len(self._values[name]) < _MIN_VALUES:
                self._values[name].add(value)

    @asynccontextmanager
    async def alone(self, box: WholeBox) -> AsyncIterator[bool]:
        """Wait until no other box is updated alone, and yield whether this one still has to be."""
        async with self._lock:
            yield not self.cover(box)


def _values(box: WholeBox) -> list[tuple[str, str]]:
    return [(name, repr(value)) for name, value in undocumented(box.fields).items() if not is_nothing(value)]
