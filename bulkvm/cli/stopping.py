"""Ctrl-C: the first ends a run in good order, the second at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping(said: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Turn Ctrl-C and SIGTERM into a wish to stop.

    Args:
        said: called at the first wish, to tell the person that it was heard.

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
            said()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: wished
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
