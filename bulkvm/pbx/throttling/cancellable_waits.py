"""Waiting that a person can end: for a turn, for a PBX that is away or asks for silence, before a repeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bulkvm.model.errors import Interrupted

_GRACE: Final = 0.5  # seconds that go on after the end, so that what is under way can be finished and asked about
_LEAST: Final = 0.1  # seconds that a wait has in any case


class CancellableWaits:
    """All waits of the calls to one PBX. Requests that are under way are none of them."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Timeout] = set()
        self._end: float | None = None

    def end(self) -> None:
        """Let nobody wait any longer than a moment, from now on."""
        if self._end is None:
            self._end = asyncio.get_running_loop().time() + _GRACE
            for wait in self._under_way:
                wait.reschedule(self._end)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait, within this context.

        Raises:
            Interrupted: the waits were ended, and this one was not over then.
        """
        end = None if self._end is None else max(self._end, asyncio.get_running_loop().time() + _LEAST)
        limit = asyncio.timeout_at(end)
        try:
            async with limit:
                self._under_way.add(limit)
                try:
                    yield
                finally:
                    self._under_way.discard(limit)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Interrupted("The run was stopped while this waited.") from error
