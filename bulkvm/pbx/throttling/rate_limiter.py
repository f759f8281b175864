"""Limits how fast requests follow each other."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bulkvm.model.errors import PbxAway

_DAY: Final = 86_400  # seconds

_FIRST_BACKOFF: Final = 0.5  # seconds after a 429 without Retry-After; doubles with each further one
_MAX_BACKOFF: Final = 10.0
_REDUCTION: Final = 0.7  # of the rate after such a 429, as CUBIC's multiplicative decrease (RFC 9438, 4.6)
_GROWTH: Final = 1.1  # each second after that
_MIN_REDUCED: Final = 10.0  # requests a second, below the lowest limit of a PBX (1,000 a minute before 16.2)
_UNLIMITED: Final = 200.0  # requests a second from which a rate without a limit is reduced
_MAX_SECONDS: Final = 100.0  # of growth, after which any reduced rate has been regained


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
        self._reduced = math.inf  # the reduced rate at the time of its reduction
        self._reduced_at = 0.0
        self._refused_at = -math.inf
        self._backoff = 0.0
        self._was_accepted = False  # whether any request was, since the last refusal

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
        interval = max(1 / max_rps if max_rps else 0.0 for max_rps in self._limits)
        if self._reduced < math.inf:
            seconds = min(max(self.clock() - self._reduced_at, 0.0), _MAX_SECONDS)
            reduced = 1 / (self._reduced * math.pow(_GROWTH, seconds))
            if reduced > (interval or 1 / _UNLIMITED):
                return reduced
            self._reduced = math.inf
        return interval

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
        slot = self.take_slot()
        while (wait := max(slot, self._paused_until) - self.clock()) > 0:
            await self.sleep(wait)
            self.check_pause(max_pause)
            if slot < self._paused_until:  # else all that have waited for the end of the pause are sent at once
                slot = self.take_slot()

    def take_slot(self) -> float:
        """Take the next time slot, without waiting for it. Returns its time."""
        slot = max(self._next, self.clock())
        self._next = slot + self._interval
        return slot

    @property
    def is_paused(self) -> bool:
        """Whether the PBX asks for a pause now."""
        return self._paused_until > self.clock()

    async def wait_out_pause(self, max_pause: float) -> None:
        """Wait for the end of the pause, without a time slot. Takes and raises the same as `acquire`."""
        self.check_pause(max_pause)
        while self.is_paused:
            await self.sleep(self._paused_until - self.clock())
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

    def on_accepted(self) -> None:
        """Record that a request was not refused."""
        self._was_accepted = True
        self._backoff = 0.0

    def back_off(self, sent_at: float) -> float:
        """The pause, in seconds, after a 429 that names none. It doubles with each one before which none was accepted.

        If requests were accepted before, there were too many of them: the rate is reduced, and grows again.

        Args:
            sent_at: when the refused request was sent. Those that were in flight together count once.
        """
        if sent_at <= self._refused_at:
            return 0.0
        self._refused_at = self.clock()
        self._backoff = min(2 * self._backoff or _FIRST_BACKOFF, _MAX_BACKOFF)
        if self._was_accepted:
            rate = 1 / (self._interval or 1 / _UNLIMITED)
            self._reduced = min(rate, max(_REDUCTION * rate, _MIN_REDUCED))
            self._reduced_at = self._refused_at + self._backoff
            self._was_accepted = False
        return self._backoff
