"""Signals while a run is in progress: the first Ctrl-C stops it in good order, the second one at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from bulkvm.cli.console import Console

# SIGHUP: the terminal was closed; SIGBREAK: the same on Windows.
_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]


class StopRequest:
    """Whether a signal asked to stop. `notice` is shown at the first signal."""

    def __init__(self, console: Console) -> None:
        self.notice = "Stopping after the requests in progress. Press Ctrl-C again to stop at once."
        self._console = console
        self._is_requested = False

    def __call__(self) -> bool:
        """Whether the run should stop."""
        return self._is_requested

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal. Only a repeated Ctrl-C stops at once: SIGTERM and SIGHUP may come several times."""
        if self._is_requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self._is_requested:
            self._is_requested = True
            self._console.always(self.notice)


@contextmanager
def watch_signals(stop: StopRequest) -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and the end of the terminal into a request to stop, for as long as the context lasts."""
    handled = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop.handle) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
