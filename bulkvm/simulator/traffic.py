"""Traffic of the simulated PBX: counts, a request log without bodies, latency and rate limit."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from bulkvm.simulator.configuration import SimulatorSettings

_MINUTE: Final = 60.0
_MAX_LOG_ENTRIES: Final = 100_000


class LogEntry(NamedTuple):
    """One request in the log. `status` is 0 if no response was sent."""

    method: str
    path: str
    status: int


class Traffic:
    """Counts and logs requests.

    Attributes:
        counts: number of requests by operation.
        log: the latest requests, in the order in which they finished.
        in_flight: number of requests in progress; `most_in_flight` is the highest it has been.
    """

    def __init__(self, settings: SimulatorSettings) -> None:
        self.counts: Counter[str] = Counter()
        self.log: deque[LogEntry] = deque(maxlen=_MAX_LOG_ENTRIES)
        self.in_flight = 0
        self.most_in_flight = 0
        self._settings = settings
        self._accepted: deque[float] = deque()

    @contextmanager
    def request(self, operation: str) -> Iterator[None]:
        """Count a request, and keep it in flight within the context."""
        self.counts[operation] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    def delay(self) -> float:
        """Return the latency in seconds at the present load."""
        knee = self._settings.knee
        return self._settings.latency * (max(1.0, self.in_flight / knee) if knee else 1.0)

    def over_limit(self) -> bool:
        """Return whether the rate limit is reached; if not, count this request against it."""
        if self._settings.rate_limit is None:
            return False
        now = time.monotonic()
        while self._accepted and self._accepted[0] <= now - _MINUTE:
            self._accepted.popleft()
        if len(self._accepted) >= self._settings.rate_limit:
            return True
        self._accepted.append(now)
        return False
