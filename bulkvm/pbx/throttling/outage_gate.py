"""Holds requests back during an outage, while one request probes whether the PBX is back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bulkvm.model.errors import PbxAway

_FIRST_PAUSE: Final = 0.2  # seconds between two probes; doubles with each further one
_MAX_PAUSE: Final = 5.0


class OutageGate:
    """Whether the PBX is reachable.

    An outage is waited for only after the PBX has responded once: an address that never responded is an error at once.
    """

    def __init__(
        self,
        max_outage: float,
        probe: Callable[[], Awaitable[bool]],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start with a PBX that has not responded yet.

        Args:
            max_outage: seconds after which the run stops.
            probe: sends one request, and returns whether the PBX responded.
            clock: seconds, from any starting point.
            sleep: waits for a number of seconds.
        """
        self._max_outage = max_outage
        self._probe = probe
        self._clock = clock
        self._sleep = sleep
        self._was_reached = False
        self._suspected = False
        self._given_up = False
        self._lock = asyncio.Lock()

    def on_response(self) -> None:
        """Record that the PBX responded."""
        self._was_reached = True

    def on_failure(self) -> None:
        """Record that a request got no response."""
        self._suspected = self._was_reached

    @property
    def is_suspected(self) -> bool:
        """Whether there may be an outage to wait for."""
        return self._suspected or self._given_up

    async def wait_until_over(self) -> None:
        """Return once the PBX is reachable. During an outage, one caller sends probes and the others wait for it.

        Raises:
            PbxAway: the outage took too long.
        """
        if self._suspected:
            async with self._lock:
                if self._suspected and not self._given_up:
                    self._given_up = not await self._wait_for_response()
                    self._suspected = self._given_up
        if self._given_up:
            raise PbxAway(
                f"The PBX was unreachable for more than {self._max_outage:.0f} seconds (--max-outage). Run the same "
                "command again when it is back."
            )

    async def _wait_for_response(self) -> bool:
        began, wait = self._clock(), _FIRST_PAUSE
        while not await self._probe():
            if self._clock() - began + wait > self._max_outage:
                return False
            await self._sleep(wait)
            wait = min(2 * wait, _MAX_PAUSE)
        return True
