"""Which undocumented fields an update is known to keep."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bulkvm.columns import COLUMN_OF_HEADER
from bulkvm.pbx import WholeBox, is_nothing

# A PBX that resets a field to its default seems to keep it in a box that has the default, and in no other one.
_ENOUGH: Final = 2


class KeptFields:
    """The undocumented fields that read back as they were after an update, with their values.

    A box with a field that is not known to be kept is to be updated alone, and read back.
    """

    def __init__(self) -> None:
        self._kept: defaultdict[str, set[str]] = defaultdict(set)
        self._lock = asyncio.Lock()

    def cover(self, box: WholeBox) -> bool:
        """Whether an update is known to keep all undocumented fields of a box."""
        return all(value in self._kept[name] or len(self._kept[name]) >= _ENOUGH for name, value in _values(box))

    def add(self, box: WholeBox) -> None:
        """Note that an update kept the fields of a box."""
        for name, value in _values(box):
            if len(self._kept[name]) < _ENOUGH:
                self._kept[name].add(value)

    @asynccontextmanager
    async def alone(self, box: WholeBox) -> AsyncIterator[bool]:
        """Wait until no other box is updated alone; whether this one still has to be."""
        async with self._lock:
            yield not self.cover(box)


def _values(box: WholeBox) -> list[tuple[str, str]]:
    found = ((name, value) for name, value in box.fields.items() if name not in COLUMN_OF_HEADER)
    return [(name, repr(value)) for name, value in found if not is_nothing(value)]
