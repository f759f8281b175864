"""Waits that stopping a run cancels: for a slot, for the end of an outage or a pause, before a repeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bulkvm.model.errors import Interrupted

_GRACE: Final = 0.5  # seconds after the end in which requests in flight can finish and be looked up
_MIN_WAIT: Final = 0.1  # seconds that every wait may take


class CancellableWaits:
    """All waits of the calls to one PBX. Requests in flight are not waits."""

    def __init__(self) -> None:
        self._active: set[asyncio.Timeout] = set()
        self._end: float | None = None

    def end(self) -> None:
        """Cancel all waits, now and from now on, after a short grace period."""
        if self._end is None:
            self._end = asyncio.get_running_loop().time() + _GRACE
            for wait in self._active:
                wait.reschedule(self._end)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait, within this context.

        Raises:
            Interrupted: the waits were cancelled before this one was over.
        """
        end = None if self._end is None else max(self._end, asyncio.get_running_loop().time() + _MIN_WAIT)
        limit = asyncio.timeout_at(end)
        try:
            async with limit:
                self._active.add(limit)
                try:
                    yield
                finally:
                    self._active.discard(limit)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Interrupted("The run was stopped while this request was waiting.") from error
