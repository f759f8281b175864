"""Ctrl-C: the first ends a run in good order, the second at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from bulkvm.cli.screen import Screen


@contextmanager
def stopping(screen: Screen) -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a wish to stop, and tell the person that it was heard.

    Yields:
        A function that says whether somebody wishes to stop.
    """
    wished = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal wished
        if wished and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not wished:
            wished = True
            screen.insist("Stopping: what is under way is finished first. Ctrl-C again stops at once.")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: wished
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
