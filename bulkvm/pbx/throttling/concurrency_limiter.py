"""How many requests may be under way at once, so that calls do not suffer."""

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from typing import Final

_START: Final = 2.0
_LEAST: Final = 8  # answers of a round, whose times are looked at together ...
_LEAST_AT_FIRST: Final = 4  # ... and until the first sign of strain
_HOLDS: Final = 1.15  # answers up to so much slower than at rest: the PBX has room
_JITTER: Final = 0.005  # seconds that say nothing, on a network or a busy machine
_DOUBT: Final = 1.5  # how far from the truth a round's median may be, in quartile ranges by the root of its answers
_GROWTH: Final = 0.1  # of the size, after a good round under strain
_SHRINKS: Final = 0.8  # to so much of the size in one round, at most: a machine that stalls once is no strain


class ConcurrencyLimiter:
    """Admits as many requests as the PBX answers without slowing down, up to a ceiling.

    It starts low and doubles with every round of good answers until the first sign of strain. From then on it takes
    a small step up after a round that was as fast as at rest. After one that was slower it shrinks towards what would
    have been as fast: a PBX that takes twice as long for twice as many gains nothing by them. It halves when the PBX
    refuses or does not answer in time.

    Times that vary by themselves are no strain: a round counts as slower only where chance does not explain it.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._size = min(_START, ceiling)
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._strained = False
        self._at_rest: dict[str, float] = {}
        self._rounds: dict[str, list[float]] = {}
        self._was_full = False
        self._older = 0  # requests under way that began before the size changed, and tell nothing about it
        self._shrunk_at = 0
        self._answers = 0

    @property
    def size(self) -> float:
        """How many requests may be under way now; only whole ones are admitted."""
        return self._size

    def enter_at_once(self) -> bool:
        """Take a place if nobody has to be waited for."""
        is_free = not self._waiting and self._in_flight < int(self._size)
        self._in_flight += is_free
        return is_free

    async def enter(self) -> None:
        """Wait for a place, in turn."""
        if self.enter_at_once():
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was handed over at the same moment
                self.leave()
            raise

    def leave(self) -> None:
        """Hand a place over to the one who waits longest."""
        self._in_flight -= 1
        self._admit()

    def answered(self, kind: str, seconds: float) -> None:
        """Hear of a good answer to a request of some kind, and how long it took."""
        self._answers += 1
        if self._older > 0:
            self._older -= 1
            return
        self._was_full = self._was_full or self._in_flight >= int(self._size)
        times = self._rounds.setdefault(kind, [])
        times.append(seconds)
        if len(times) >= max(_LEAST if self._strained else _LEAST_AT_FIRST, int(self._size)):
            del self._rounds[kind]
            self._judge(kind, times)

    def refused(self) -> None:
        """Hear that the PBX asks for less, or did not answer in time. Counts once for all requests under way."""
        self._strained = True
        if self._answers >= self._shrunk_at:
            self._resize(self._size / 2)
            self._shrunk_at = self._answers + int(self._size)

    def _judge(self, kind: str, times: Sequence[float]) -> None:
        """Grow or shrink after a round of answers."""
        median, doubt = _median(times)
        slowest = median + doubt
        at_rest = self._at_rest.get(kind, math.inf)
        if self._size <= _START and slowest > at_rest < math.inf:
            # As few as this are no load: so long the PBX takes now.
            at_rest, self._strained = slowest, False
        self._at_rest[kind] = at_rest = min(at_rest, slowest)
        room = (_HOLDS * at_rest + _JITTER) / max(median - doubt, _JITTER)
        if room < 1:
            self._strained = True
            self._resize(self._size * max(room, _SHRINKS))
        elif self._was_full:
            self._resize(self._size + (max(1.0, _GROWTH * self._size) if self._strained else self._size))

    def _resize(self, size: float) -> None:
        self._size = max(1.0, min(self._ceiling, size))
        self._older = self._in_flight - 1  # but for the one that is being answered
        self._was_full = False
        self._rounds.clear()
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._in_flight < int(self._size):
            place = self._waiting.popleft()
            if not place.done():
                self._in_flight += 1
                place.set_result(None)


def _median(times: Sequence[float]) -> tuple[float, float]:
    """The median of a round, and how far it may be from that of ever so many answers."""
    ordered, n = sorted(times), len(times)
    quartiles = ordered[3 * n // 4] - ordered[n // 4]
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2, _DOUBT * quartiles / math.sqrt(n)
