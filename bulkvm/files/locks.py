"""File locks, between the programs of this machine and of machines that share its disk."""

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
_QUIET: Final = 3.0  # seconds; a longer wait is reported

_log: Final = logging.getLogger(__name__)
_held: Final[set[Path]] = set()  # by this program; waiting for itself is not reported
_warned_of: Final[set[Path]] = set()  # folders, once each
_in_this_program: Final = threading.Lock()  # used instead on a disk without locks


@asynccontextmanager
async def locked_in_turn(file: Path, what: str, max_wait: float) -> AsyncIterator[None]:
    """Hold the lock of a file. The operating system releases it when this program ends, even if it is killed.

    On a disk without locks, only the tasks of this program exclude each other, and a warning is logged. A wait ends at
    once when its task is cancelled.

    Args:
        file: the lock file; it is created if necessary.
        what: holds the lock, for messages, such as "another backup in /backups".
        max_wait: seconds to wait for another program.

    Raises:
        LockHeld: another program held it longer.
        OSError: the file cannot be opened.
    """
    lock: FileLock | threading.Lock
    if supports_locks(file):
        lock = FileLock(file, mode=0o600)
    else:
        lock = _in_this_program
        _warn_of_no_locks(file)
    await _acquire(lock, file, what, max_wait)
    _held.add(file)
    try:
        yield
    finally:
        _held.discard(file)
        lock.release()


@contextmanager
def locked(file: Path, max_wait: float = 0) -> Iterator[None]:
    """Hold the lock of a file. On a disk without locks, nothing is locked, and a warning is logged.

    Args:
        file: the lock file; it is created if necessary.
        max_wait: seconds to wait for another program.

    Raises:
        LockHeld: another program held it longer.
        OSError: the file cannot be opened.
    """
    if not supports_locks(file):
        _warn_of_no_locks(file)
        yield
        return
    lock = FileLock(file, mode=0o600)
    try:
        lock.acquire(timeout=max_wait)
    except Timeout as error:
        raise _lock_held(file) from error
    try:
        yield
    finally:
        lock.release()


def _lock_held(file: Path) -> LockHeld:
    return LockHeld(f"Another program is using {file.parent} (lock {file.name}). Try again when it has finished.")


def supports_locks(file: Path) -> bool:
    """Whether the disk of a file, which is created if necessary, supports locks. Some network shares do not.

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
        _log.warning("The file system of %s does not support locks: run only one program at a time there.", file.parent)


async def _acquire(lock: "FileLock | threading.Lock", file: Path, what: str, max_wait: float) -> None:
    began = time.monotonic()
    is_reported = False
    while not _try(lock):
        if file in _held:
            began = time.monotonic()
        waited = time.monotonic() - began
        if waited >= min(_QUIET, max_wait) and not is_reported:
            is_reported = True
            _log.warning("Waiting for %s to end, for up to %s.", what, _in_words(max_wait))
        if waited >= max_wait:
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


def lock_at_once(handle: int) -> bool:
    """Lock an open file until it is closed, unless another program holds its lock or the disk has none."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
