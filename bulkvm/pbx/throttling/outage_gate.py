"""While the PBX is away, one request asks whether it is back, and all others wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bulkvm.model.errors import StoppedEarly

_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 5.0


class OutageGate:
    """Knows whether the PBX is there.

    It waits only for a PBX that has answered before: one that never did is told at once.
    """

    def __init__(
        self,
        longest: float,
        probe: Callable[[], Awaitable[bool]],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Begin with a PBX that has not answered yet.

        Args:
            longest: seconds after which it is given up.
            probe: asks once, and says whether the PBX answered.
            clock: seconds, from any beginning.
            sleep: waits for so many seconds.
        """
        self._longest = longest
        self._probe = probe
        self._clock = clock
        self._sleep = sleep
        self._seen = False
        self._suspected = False
        self._given_up = False
        self._lock = asyncio.Lock()

    def answered(self) -> None:
        """Hear that the PBX answered."""
        self._seen = True

    def suspect(self) -> None:
        """Hear that a connection failed."""
        self._suspected = self._seen

    @property
    def is_suspected(self) -> bool:
        """Whether there may be something to wait for."""
        return self._suspected or self._given_up

    async def wait_until_over(self) -> None:
        """Let a request go if the PBX is there. If that is in doubt, one caller asks and the others wait for it.

        Raises:
            StoppedEarly: it stayed away too long.
        """
        if self._suspected:
            async with self._lock:
                if self._suspected and not self._given_up:
                    self._given_up = not await self._comes_back()
                    self._suspected = self._given_up
        if self._given_up:
            raise StoppedEarly(
                f"The PBX stayed away for more than {self._longest:.0f} seconds, so the run ended. "
                "Run the same command again to go on when it is back."
            )

    async def _comes_back(self) -> bool:
        began, wait = self._clock(), _FIRST_WAIT
        while not await self._probe():
            if self._clock() - began + wait > self._longest:
                return False
            await self._sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
        return True
