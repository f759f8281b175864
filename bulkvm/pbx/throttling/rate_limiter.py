"""Limits how fast requests follow each other."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bulkvm.model.errors import PbxAway

_DAY: Final = 86_400  # seconds


class RateLimiter:
    """Spaces requests evenly, and sends none while the PBX asks for a pause (Retry-After)."""

    def __init__(
        self,
        max_rps: float = 0.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a limiter that is not in use yet.

        Args:
            max_rps: requests a second, at most; 0 for no limit.
            clock: seconds, from any starting point.
            sleep: waits for a number of seconds.
        """
        self._limits = [max_rps]
        self.clock = clock
        self.sleep = sleep
        self._next = 0.0
        self._paused_until = 0.0

    @contextmanager
    def limited_to(self, max_rps: float) -> Iterator[None]:
        """Apply another limit within this context. The lowest one counts."""
        self._limits.append(max_rps)
        try:
            yield
        finally:
            self._limits.remove(max_rps)

    @property
    def _interval(self) -> float:
        return max(1 / max_rps if max_rps else 0.0 for max_rps in self._limits)

    def try_acquire(self) -> bool:
        """Take the next time slot if it is now."""
        now = self.clock()
        is_now = max(self._next, self._paused_until) <= now
        if is_now:
            self._next = now + self._interval
        return is_now

    async def acquire(self, max_pause: float = math.inf) -> None:
        """Take the next time slot, and wait for it.

        Slots are assigned in advance, so that a late wake-up delays one request and not those after it.

        Args:
            max_pause: the longest pause, in seconds, that is waited for.

        Raises:
            PbxAway: the PBX asks for a longer pause.
        """
        self.check_pause(max_pause)
        slot = max(self._next, self.clock())
        self._next = slot + self._interval
        while (wait := max(slot, self._paused_until) - self.clock()) > 0:
            await self.sleep(wait)
            self.check_pause(max_pause)

    def check_pause(self, max_pause: float) -> None:
        """Check that the PBX asks for no longer pause than this, in seconds.

        Raises:
            PbxAway: it does.
        """
        seconds = round(self._paused_until - self.clock(), 3)
        if seconds > max_pause:
            how_long = f"{math.ceil(seconds)} seconds" if seconds <= _DAY else "more than a day"
            raise PbxAway(
                f"The PBX asks to wait for {how_long}, which is longer than --max-outage. Run the same command again "
                "after that time, or with a longer --max-outage."
            )

    def pause(self, seconds: float) -> None:
        """Send nothing for some seconds; requests that have a time slot already wait too."""
        self._paused_until = max(self._paused_until, self.clock() + seconds)
        self._next = max(self._next, self._paused_until)
