"""Ctrl-C: the first ends a run in good order, the second at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from bulkvm.cli.console import Console

# SIGHUP says that the terminal is closed; SIGBREAK, that the console of Windows is.
_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]


class Stop:
    """Whether somebody wishes to stop. `notice` is what the first Ctrl-C is answered."""

    def __init__(self, console: Console) -> None:
        self.notice = "Stopping: what is under way is finished first. Ctrl-C again stops at once."
        self._screen = console
        self._is_wished = False

    def __call__(self) -> bool:
        """Say so."""
        return self._is_wished

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal. Only Ctrl-C, which a person presses, ends anything at once."""
        if self._is_wished and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self._is_wished:
            self._is_wished = True
            self._screen.always(self.notice)


@contextmanager
def stopping(console: Console) -> Iterator[Stop]:
    """Turn Ctrl-C, SIGTERM, and the end of the terminal into a wish to stop, and tell the person that it was heard.

    Yields:
        A function that says whether somebody wishes to stop.
    """
    stop = Stop(console)
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop.note) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
