"""Files that are whole or not there at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from bulkvm.errors import UsageError

_READ_BY_OWNER: Final = 0o600
_READ_BY_ALL: Final = 0o666  # less what the umask takes away

_NO_FOLDER: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
_DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(slots=True)
class NewFile:
    """A file in the making: write to `temporary`. Afterwards `path` is its name, which may not be the one asked for."""

    temporary: Path
    path: Path


@contextmanager
def writing(target: Path, *, private: bool = True) -> Iterator[NewFile]:
    """Give a temporary file beside the target, which takes the target's name once it is complete and on the disk.

    Where Excel holds the target open, a free name beside it is used. After a failure the former file stands as it
    was and nothing new is there.

    Args:
        target: what the file shall be called.
        private: whether only its owner may read it, as befits PINs.

    Raises:
        UsageError: the file cannot be written there.
    """
    new = NewFile(_name_temporary(target), target)
    try:
        _create(new.temporary, _READ_BY_OWNER if private else _READ_BY_ALL)
        try:
            yield new
            _flush(new.temporary)
            new.path = _rename(new.temporary, target)
        finally:
            new.temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(_in_words(target, error)) from error
    flush_folder(target.parent)


def check_folder(target: Path) -> None:
    """Refuse a target whose folder takes no new file: only making one tells, on every system.

    Raises:
        UsageError: the file cannot be written there.
    """
    temporary = _name_temporary(target)
    try:
        _create(temporary, _READ_BY_OWNER)
        temporary.unlink()
    except OSError as error:
        raise UsageError(_in_words(target, error)) from error


def _name_temporary(target: Path) -> Path:
    """A name beside the target that no other file has."""
    if target.is_dir():
        raise UsageError(f"{target} is a folder. Name a file in it.")
    return target.with_name(f".bulkvm-{secrets.token_hex(6)}{target.suffix}")


def _create(file: Path, mode: int) -> None:
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def _flush(file: Path) -> None:
    with file.open("rb+") as written:
        os.fsync(written.fileno())


def flush_folder(folder: Path) -> None:
    """Make the new name outlive a power cut, where the system has a call for it (Windows has not)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _rename(temporary: Path, target: Path) -> Path:
    try:
        return temporary.replace(target)
    except PermissionError:
        # Windows, while Excel has the target open. A name that exists may be open as well.
        names = (target.with_stem(f"{target.stem}-{n}") for n in count(2))
        return temporary.replace(next(name for name in names if not name.exists()))


def _in_words(target: Path, error: OSError) -> str:
    if error.errno in _NO_FOLDER:
        return f"There is no folder {target.absolute().parent}. Make it first, or name another one."
    if error.errno in _DISK_FULL:
        return f"The disk is full: {target} was not written. Make room, or name a file on another disk."
    if error.errno in _NOT_ALLOWED:
        return f"You may not write in the folder {target.absolute().parent}. Name a file in another folder."
    return f"{target} could not be written: {error.strerror or error}. Name another file."
