"""Being the only one at work, among all programs of this machine and of those that share its disk."""

import asyncio
import errno
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bulkvm.model.errors import LockHeld

if sys.platform != "win32":
    import fcntl

_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})
_POLL: Final = 0.1  # seconds
_PATIENCE: Final = 3.0  # seconds: so long a wait needs no word

_log: Final = logging.getLogger(__name__)
_held: Final[set[Path]] = set()  # by this program, whose parts wait for each other without a word
_warned_of: Final[set[Path]] = set()  # folders, once each
_in_this_program: Final = threading.Lock()  # what is left on a disk that keeps no locks


@asynccontextmanager
async def locked_in_turn(file: Path, what: str, longest: float) -> AsyncIterator[None]:
    """Hold the lock of a file, which the operating system takes back however this program ends.

    On a disk that keeps no locks, only this program's own parts take turns, and a warning says so. A wait ends at
    once when its task is cancelled.

    Args:
        file: is made if need be.
        what: the lock protects, for messages, such as "another backup in /backups".
        longest: seconds to wait for another program.

    Raises:
        LockHeld: it was not let go in that time.
        OSError: the file cannot be opened.
    """
    lock: FileLock | threading.Lock
    if keeps_locks(file):
        lock = FileLock(file, mode=0o600)
    else:
        lock = _in_this_program
        _warn_of_no_locks(file)
    await _acquire(lock, file, what, longest)
    _held.add(file)
    try:
        yield
    finally:
        _held.discard(file)
        lock.release()


@contextmanager
def locked(file: Path, longest: float = 0) -> Iterator[None]:
    """Hold the lock of a file. On a disk that keeps no locks nothing is held, and a warning says so.

    Args:
        file: is made if need be.
        longest: seconds to wait for another program.

    Raises:
        LockHeld: it was not let go in that time.
        OSError: the file cannot be opened.
    """
    if not keeps_locks(file):
        _warn_of_no_locks(file)
        yield
        return
    lock = FileLock(file, mode=0o600)
    try:
        lock.acquire(timeout=longest)
    except Timeout as error:
        raise _lock_held(file) from error
    try:
        yield
    finally:
        lock.release()


def _lock_held(file: Path) -> LockHeld:
    return LockHeld(f"Another program is using {file.parent} (lock {file.name}). Try again when it has finished.")


def keeps_locks(file: Path) -> bool:
    """Whether the disk of a file, which is made if need be, keeps locks. Some network shares do not.

    Raises:
        OSError: the file cannot be opened.
    """
    if sys.platform == "win32":
        return True
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCKS
    finally:
        os.close(handle)
    return True


def _warn_of_no_locks(file: Path) -> None:
    if file.parent not in _warned_of:
        _warned_of.add(file.parent)
        _log.warning(
            "The disk of %s keeps no locks: make sure that only one program at a time works there.", file.parent
        )


async def _acquire(lock: "FileLock | threading.Lock", file: Path, what: str, longest: float) -> None:
    began = time.monotonic()
    is_said = False
    while not _try(lock):
        if file in _held:
            began = time.monotonic()
        waited = time.monotonic() - began
        if waited >= min(_PATIENCE, longest) and not is_said:
            is_said = True
            _log.warning("Waiting for %s to end, for up to %s.", what, _in_words(longest))
        if waited >= longest:
            raise _lock_held(file)
        await asyncio.sleep(_POLL)


def _try(lock: "FileLock | threading.Lock") -> bool:
    if not isinstance(lock, FileLock):
        return lock.acquire(blocking=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"  # noqa: PLR2004
