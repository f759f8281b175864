"""How many requests may be under way at once, so that calls do not suffer."""

import asyncio
from collections import deque
from typing import Final

_START: Final = 2.0
_SMOOTH: Final = 0.2  # weight of the newest answer in the average
_HOLDS: Final = 1.2  # answers up to so much slower than at rest: the PBX has room
_SUFFERS: Final = 1.4  # answers more than so much slower: too many are under way
_JITTER: Final = 0.008  # seconds that say nothing, on a network or a busy machine


class Window:
    """Admits as many requests as the PBX answers without slowing down, up to a ceiling.

    It starts low and doubles with every round of good answers until the first sign of strain; from then on it grows
    by one a round, shrinks by one while answers are slow, and halves when the PBX refuses or does not answer in time.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = ceiling
        self._size = min(_START, ceiling)
        self._in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._strained = False
        self._at_rest: dict[str, float] = {}
        self._average: dict[str, float] = {}
        self._shrunk_at = 0
        self._answers = 0

    @property
    def size(self) -> float:
        """How many requests may be under way now; only whole ones are admitted."""
        return self._size

    async def enter(self) -> None:
        """Wait for a place, in turn."""
        if not self._waiting and self._in_flight < int(self._size):
            self._in_flight += 1
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
        average = self._average.get(kind, seconds)
        self._average[kind] = average = average + _SMOOTH * (seconds - average)
        at_rest = min(self._at_rest.get(kind, average), average)
        if self._size <= _START:  # as few as this are no load: so long the PBX takes now
            at_rest = average
        self._at_rest[kind] = at_rest
        if average > _SUFFERS * at_rest + _JITTER:
            self._strained = True
            self._size = max(1.0, self._size - 1 / self._size)
        elif average < _HOLDS * at_rest + _JITTER and self._in_flight >= int(self._size):
            self._size = min(self._ceiling, self._size + (1 / self._size if self._strained else 1))
        self._admit()

    def refused(self) -> None:
        """Hear that the PBX asks for less, or did not answer in time. Counts once for all requests under way."""
        self._strained = True
        if self._answers >= self._shrunk_at:
            self._size = max(1.0, self._size / 2)
            self._shrunk_at = self._answers + int(self._size)

    def _admit(self) -> None:
        while self._waiting and self._in_flight < int(self._size):
            place = self._waiting.popleft()
            if not place.done():
                self._in_flight += 1
                place.set_result(None)
