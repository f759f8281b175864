"""Limits how many requests are in flight, so that voice calls on the PBX do not suffer.

An adaptive limit, as TCP's congestion control (RFC 5681) and Netflix's concurrency-limits have it: slow start, then
small steps up while response times hold, and a cut when they do not. The measure is the response time without load:
by Little's law, a PBX that takes twice as long for twice as many requests gains nothing from them.
"""

import asyncio
import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

# Factors without a source are held by the simulated PBXs in tests/pbx/throttling/test_throttling.py.
_INITIAL_LIMIT: Final = 2.0  # as TCP's initial window of two segments (RFC 5681, 3.1)
_OVERLOAD_FACTOR: Final = 0.5  # after 429, 503 or a timeout: TCP's multiplicative decrease (RFC 5681, 3.1)
_MIN_FACTOR: Final = 0.8  # of one round of slow responses, since one stall is not an overload
_GROWTH: Final = 0.1  # of the limit, after a good round: small steps, as in congestion avoidance (RFC 5681, 3.1)
_TOLERANCE: Final = 1.15  # times the response time without load: still no queue; Netflix's Gradient2 allows 1.5
_JITTER: Final = 0.005  # seconds, below the resolution of a busy machine's timers and network: no evidence of load
# Half the notch of a median: McGill, Tukey and Larsen, "Variations of Box Plots" (1978), use 1.57 IQR / sqrt(n).
_NOTCH: Final = 1.5
_SAMPLES: Final = 8  # responses that make a round; a median of fewer has no useful notch ...
_SAMPLES_IN_SLOW_START: Final = 4  # ... but slow start should end within the first few dozen rows
_TRIAL: Final = 8  # responses after a cut that show whether it helped
_MAX_RANDOM_SHARE: Final = 0.5  # of the requests; a PBX that refuses more of them is overloaded or down
_MEMORY: Final = 64  # responses over which the share of refused requests is measured
_IMPROBABLE: Final = 0.01  # a series of refusals that is less probable than this is not random


class ConcurrencyLimiter:
    """Admits as many requests as the PBX handles without slowing down, up to a maximum.

    The limit doubles after each round of responses until the first sign of load (slow start). From then on it grows by
    a small step after a round that was as fast as without load, and shrinks in proportion to the slowdown after a
    slower one. It halves when the PBX asks to wait or does not respond in time. If that does not reduce the share of
    refused requests, they are refused at random and not because of the load: the cut is undone.

    Response times vary: a round counts as slower only if random variation does not explain it.
    """

    def __init__(self, maximum: int) -> None:
        self._maxima = [maximum]
        self._limit = min(_INITIAL_LIMIT, maximum)
        self._in_flight = 0
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._queue: deque[asyncio.Future[None]] = deque()
        self._is_loaded = False
        self._unloaded: dict[str, float] = {}
        self._rounds: dict[str, list[float]] = {}
        self._was_full = False
        self._stale = 0  # requests in flight that were sent under the former limit, so their times do not count
        self._next_cut = 0
        self._responses = 0
        self._answered = 0  # since the last cut, refused ones included
        self._refused = 0
        self._before_cut: tuple[float, float] | None = None  # the limit and the share of refused requests
        self._random_share = 0.0  # of requests that are refused regardless of the limit
        self._series = 0  # refusals since the last other response

    @contextmanager
    def limited_to(self, maximum: int) -> Iterator[None]:
        """Apply another maximum within this context. The lowest one counts."""
        self._maxima.append(maximum)
        self._limit = min(self._limit, maximum)
        try:
            yield
        finally:
            self._maxima.remove(maximum)

    @property
    def limit(self) -> float:
        """How many requests may be in flight now; only whole ones are admitted."""
        return self._limit

    def try_acquire(self) -> bool:
        """Take a slot if one is free and no other request waits."""
        is_free = not self._urgent and not self._queue and self._in_flight < int(self._limit)
        self._in_flight += is_free
        return is_free

    async def acquire(self, *, urgent: bool = False) -> None:
        """Wait for a slot, first come, first served; `urgent` requests come before others."""
        if self.try_acquire():
            return
        slot = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._queue).append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            if not slot.cancelled():  # it was assigned at the same moment
                self.release()
            raise

    def release(self) -> None:
        """Free a slot for the request that has waited longest."""
        self._in_flight -= 1
        self._admit()

    def on_response(self, kind: str, seconds: float) -> None:
        """Record the response time of a request; times are compared within one kind of request."""
        self._responses += 1
        self._series = 0
        if self._take_stale():
            return
        self._count(refused=False)
        self._was_full = self._was_full or self._in_flight >= int(self._limit)
        times = self._rounds.setdefault(kind, [])
        times.append(seconds)
        if self._is_round(kind, times):
            del self._rounds[kind]
            self._adapt(kind, times)

    def _is_round(self, kind: str, times: Sequence[float]) -> bool:
        """Whether responses are enough to judge a limit. In slow start, half are if none of them was slow."""
        if self._is_loaded:
            return len(times) >= max(_SAMPLES, int(self._limit))
        if len(times) >= max(_SAMPLES_IN_SLOW_START, int(self._limit)):
            return True
        is_half = len(times) >= max(_SAMPLES_IN_SLOW_START, int(self._limit) // 2)
        return is_half and max(times) <= _TOLERANCE * self._unloaded.get(kind, 0.0) + _JITTER

    def on_overload(self) -> bool:
        """Halve the limit: the PBX asked to wait, or did not respond in time. Counts once for all in flight.

        The limit stays if no more requests are refused than at random.

        Returns:
            Whether this request was refused at random, so that others need not wait. Of a series of refusals, only the
            first few are.
        """
        self._is_loaded = True
        self._responses += 1
        self._series += 1
        if not self._take_stale():
            self._count(refused=True)
            self._cut()
        return self._is_random() and self._random_share**self._series >= _IMPROBABLE

    def _cut(self) -> None:
        if self._before_cut is None and self._responses > self._next_cut and not self._is_random():
            self._before_cut = self._limit, self._refused / self._answered
            self._answered = self._refused = 0
            self._set_limit(_OVERLOAD_FACTOR * self._limit)
            self._next_cut = self._responses + int(self._limit)

    def _take_stale(self) -> bool:
        """Whether a response counts as one to a request that was sent under the former limit."""
        is_stale = self._stale > 0
        self._stale -= is_stale
        return is_stale

    def _count(self, *, refused: bool) -> None:
        """Count a response; after a cut, judge whether it reduced the share of refused requests."""
        self._answered += 1
        self._refused += refused
        if self._before_cut and self._answered >= _TRIAL:
            limit, former = self._before_cut
            share = self._refused / self._answered
            self._before_cut = None
            self._random_share = share if former / 2 <= share <= _MAX_RANDOM_SHARE else 0.0
            if self._random_share:
                self._set_limit(max(limit, self._limit))
        elif self._answered >= _MEMORY:
            self._answered, self._refused = self._answered // 2, self._refused // 2

    def _is_random(self) -> bool:
        """Whether no more requests are refused than at random. Too few responses are not evidence of more."""
        if not self._random_share:
            return False
        return self._answered < _TRIAL or self._refused / self._answered <= min(
            2 * self._random_share, _MAX_RANDOM_SHARE
        )

    def _adapt(self, kind: str, times: Sequence[float]) -> None:
        """Raise or lower the limit after a round of responses."""
        median, notch = _median_and_notch(times)
        slowest = median + notch
        unloaded = self._unloaded.get(kind, math.inf)
        if self._limit <= _INITIAL_LIMIT and slowest > unloaded < math.inf:
            # So few requests do not load it: the PBX itself has become slower.
            unloaded, self._is_loaded = slowest, False
        self._unloaded[kind] = unloaded = min(unloaded, slowest)
        headroom = (_TOLERANCE * unloaded + _JITTER) / max(median - notch, _JITTER)
        if headroom < 1:
            self._is_loaded = True
            self._set_limit(self._limit * max(headroom, _MIN_FACTOR))
        elif self._was_full:
            self._set_limit(self._limit + (max(1.0, _GROWTH * self._limit) if self._is_loaded else self._limit))

    def _set_limit(self, limit: float) -> None:
        self._limit = max(1.0, min(*self._maxima, limit))
        self._stale = self._in_flight - 1  # all but the one whose response is being handled
        self._was_full = False
        self._rounds.clear()
        self._admit()

    def _admit(self) -> None:
        while (queue := self._urgent or self._queue) and self._in_flight < int(self._limit):
            slot = queue.popleft()
            if not slot.done():
                self._in_flight += 1
                slot.set_result(None)


def _median_and_notch(times: Sequence[float]) -> tuple[float, float]:
    """The median of a round, and how far from it the true median may be."""
    ordered, n = sorted(times), len(times)
    quartiles = ordered[3 * n // 4] - ordered[n // 4]
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2, _NOTCH * quartiles / math.sqrt(n)
