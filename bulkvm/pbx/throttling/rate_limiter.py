"""How fast requests may follow each other, those of reads and logins included."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class RateLimiter:
    """Gives each request its turn: evenly spaced, and none while the PBX asks for silence."""

    def __init__(
        self,
        max_rps: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Begin at rest.

        Args:
            max_rps: requests a second, at most; 0 for no limit.
            clock: seconds, from any beginning.
            sleep: waits for so many seconds.
        """
        self._interval = 1 / max_rps if max_rps else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._silent_until = 0.0

    def leave_at_once(self) -> bool:
        """Take the next turn if it is now."""
        now = self._clock()
        is_now = max(self._next, self._silent_until) <= now
        if is_now:
            self._next = now + self._interval
        return is_now

    async def wait_turn(self) -> None:
        """Wait until the next request may leave.

        Turns are given away in advance, so that a late wake-up delays one request and not those after it.
        """
        turn = max(self._next, self._clock())
        self._next = turn + self._interval
        while (wait := max(turn, self._silent_until) - self._clock()) > 0:
            await self._sleep(wait)

    def be_silent(self, seconds: float) -> None:
        """Let no request leave for so long; those that have their turn already wait too."""
        self._silent_until = max(self._silent_until, self._clock() + seconds)
        self._next = max(self._next, self._silent_until)
