"""What goes through the simulated PBX: counts, a log without bodies, and how fast it is let through."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from bulkvm.simulator.configuration import SimulatorSettings

_MINUTE: Final = 60.0
_KEPT: Final = 100_000


class LogEntry(NamedTuple):
    """One request of the log. `status` is 0 where no answer was given."""

    method: str
    path: str
    status: int


class Traffic:
    """The requests so far.

    Attributes:
        counts: how many there were, by call.
        log: the last ones, in the order of their ends.
        in_flight: how many are being answered now; `most_in_flight`, how many ever were at once.
    """

    def __init__(self, settings: SimulatorSettings) -> None:
        self.counts: Counter[str] = Counter()
        self.log: deque[LogEntry] = deque(maxlen=_KEPT)
        self.in_flight = 0
        self.most_in_flight = 0
        self._settings = settings
        self._let_through: deque[float] = deque()

    @contextmanager
    def request(self, call: str) -> Iterator[None]:
        """Count a request for as long as it is being answered."""
        self.counts[call] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    def delay(self) -> float:
        """Seconds that an answer takes at this load."""
        knee = self._settings.knee
        return self._settings.latency * (max(1.0, self.in_flight / knee) if knee else 1.0)

    def over_limit(self) -> bool:
        """Whether the minute that ends now has had its requests already; if not, this one is one of them."""
        if self._settings.rate_limit is None:
            return False
        now = time.monotonic()
        while self._let_through and self._let_through[0] <= now - _MINUTE:
            self._let_through.popleft()
        if len(self._let_through) >= self._settings.rate_limit:
            return True
        self._let_through.append(now)
        return False
