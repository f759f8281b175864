"""Atomic, private writes: a file is complete or absent, never written through a link, and never replaced unasked.

A file is created exclusively under a temporary name beside its target, and written through that descriptor, so that
other users of the folder cannot substitute another file or a link. Before and after it is renamed, it is checked to be
the file that was created.
"""

import errno
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO, Final

from bulkvm.files.ownership import warn_of_shared_folder
from bulkvm.files.temporary_files import create, name_temporary, sweep
from bulkvm.model.errors import DiskFull, FileError, UsageError

_PRIVATE_FOLDER: Final = 0o700

_IS_WINDOWS: Final = os.name == "nt"
_NO_FOLDER: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_HARD_LINKS: Final = frozenset(
    {errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
)

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class NewFile:
    """A file that is being written to `file`. Afterwards, `path` is its name, which may differ from the target."""

    file: BinaryIO
    path: Path


@dataclass(frozen=True, slots=True)
class Reservation:
    """A name that is reserved for a later file: by an empty placeholder, or by permission to replace the old file."""

    path: Path
    placeholder: os.stat_result | None
    handle: int | None = None  # of the placeholder, which is locked


@contextmanager
def writing(target: Path, *, private: bool = True, overwrite: "bool | Reservation" = False) -> Iterator[NewFile]:
    """Write a file atomically: it gets its name once it is complete and flushed to disk.

    If another file took the name in the meantime, or Excel has it open, an unused name like it is chosen. After a
    failure, an existing file is unchanged and no new one remains.

    Args:
        target: the name of the file.
        private: whether only its owner may read it, as for PINs.
        overwrite: whether an existing file may be replaced; or the reservation of the name.

    Raises:
        FileError: the file cannot be written there; DiskFull if there is no room for it.
        UsageError: the name is taken, or there is no such folder.
    """
    check_target(target, overwrite=bool(overwrite))
    sweep(target.parent)
    temporary = name_temporary(target)
    try:
        with os.fdopen(create(temporary, private=private), "w+b") as file:
            new = NewFile(file, target)
            try:
                _warn_of_other_users(target, os.fstat(file.fileno()), private=private)
                yield new
                file.flush()
                os.fsync(file.fileno())
                new.path = _publish(file, temporary, target, overwrite)
            finally:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _file_error(target, error) from error
    flush_folder(target.parent)


@contextmanager
def reserve(target: Path, *, overwrite: bool = False, unused: bool = False) -> Iterator[Reservation]:
    """Reserve a name for a file that is written later, so that no other program takes it first.

    The empty placeholder is deleted if nothing was written. A killed program leaves it, without its lock.

    Args:
        target: the name.
        overwrite: whether an existing file may be replaced; it is unchanged until then.
        unused: whether to choose an unused name like it, such as clinic.result-2.xlsx, if the name is taken.

    Yields:
        The reservation with its path, to pass to `writing` as `overwrite`.

    Raises:
        FileError: the folder takes no new file.
        UsageError: the name is taken, or there is no such folder.
    """
    check_target(target, overwrite=overwrite or unused)
    reservation = _reserve(target, overwrite=overwrite, unused=unused)
    try:
        yield reservation
    finally:
        if _is_placeholder(reservation):
            with suppress(OSError):
                reservation.path.unlink()
        if reservation.handle is not None:
            os.close(reservation.handle)


def check_local(target: Path) -> None:
    """Check that the path of an output is no URL, as which a local folder would be created.

    Raises:
        UsageError: it is one.
    """
    if len(target.parts) > 1 and target.parts[0].endswith(":") and not target.drive:
        raise UsageError(
            "The name of the output is a URL. Only a backup is written to a store: name a file or folder on this "
            "machine."
        )


def check_target(target: Path, *, overwrite: bool = False) -> None:
    """Check that a file can be written, by creating a temporary one: no other check is reliable on every system.

    Raises:
        FileError: the file cannot be written there; DiskFull if there is no room for it.
        UsageError: the name is taken or a URL, or there is no such folder.
    """
    check_local(target)
    if not target.name:
        raise UsageError("The name of the output file is empty, or is that of a folder. Name a file.")
    if check_kind(target) and not overwrite:
        raise _taken(target)
    temporary = name_temporary(target)
    try:
        os.close(create(temporary))
        temporary.unlink()
    except OSError as error:
        raise _file_error(target, error) from error


def check_kind(target: Path) -> bool:
    """Check that an output is a file, if it exists, and return whether it exists.

    Raises:
        FileError: it cannot be looked up.
        UsageError: it is a folder, a link, a device or a pipe.
    """
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _file_error(target, error) from error
    if stat.S_ISDIR(mode):
        raise UsageError(f"{target} is a folder. Name a file in it.")
    if stat.S_ISLNK(mode):
        raise UsageError(f"{target} is a link, and bulkvm does not write through links. Name the file itself.")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{target} is a device or a pipe. Name a file.")
    return True


def make_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents, with access for their owner only, regardless of the umask."""
    for place in reversed((folder, *folder.parents)):
        if not place.is_dir():
            place.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to disk, on systems that support it (not on Windows)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _taken(target: Path) -> UsageError:
    is_empty = False
    with suppress(OSError):
        is_empty = target.stat().st_size == 0
    reserved = " and is empty: a run that was killed, or is in progress, reserved the name" if is_empty else ""
    return UsageError(f"{target} already exists{reserved}. Name another file, or add --overwrite to replace it.")


def _reserve(target: Path, *, overwrite: bool, unused: bool) -> Reservation:
    from bulkvm.files.locks import lock_at_once  # noqa: PLC0415  (slow to import, and reading does without)

    for name in _candidate_names(target) if unused else (target,):
        try:
            handle = create(name)
        except FileExistsError as error:
            if unused and (abandoned := _take_over(name)):
                return abandoned
            if unused:
                continue
            if overwrite:
                break
            raise _file_error(name, error) from error
        except OSError as error:
            raise _file_error(name, error) from error
        if not _IS_WINDOWS:  # where a file that is open cannot be replaced
            lock_at_once(handle)
            return Reservation(name, os.fstat(handle), handle)
        placeholder = os.fstat(handle)
        os.close(handle)
        return Reservation(name, placeholder)
    return Reservation(target, None)


def _take_over(name: Path) -> Reservation | None:
    """Take the placeholder of a killed program: an empty file of this user whose lock is free."""
    from bulkvm.files.locks import lock_at_once  # noqa: PLC0415  (slow to import, and reading does without)

    if _IS_WINDOWS:
        return None
    with suppress(OSError):
        handle = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        there = os.fstat(handle)
        is_empty = stat.S_ISREG(there.st_mode) and there.st_size == 0 and there.st_uid == os.getuid()
        if is_empty and lock_at_once(handle):
            taken = Reservation(name, there, handle)
            if _is_placeholder(taken):
                return taken
        os.close(handle)
    return None


def _is_placeholder(reservation: Reservation) -> bool:
    """Whether the file under a reserved name is still the placeholder."""
    try:
        there = reservation.path.lstat()
    except OSError:
        return False
    holder = reservation.placeholder
    return holder is not None and os.path.samestat(holder, there) and there.st_size == 0


def _publish(file: BinaryIO, temporary: Path, target: Path, overwrite: "bool | Reservation") -> Path:
    """Rename a complete file to its target, and check that it was this file that was renamed."""
    made = os.fstat(file.fileno())
    if _IS_WINDOWS:
        file.close()  # Windows cannot rename an open file
    _check_same(temporary, made, target)
    if isinstance(overwrite, Reservation):
        may_replace = overwrite.placeholder is None or _is_placeholder(overwrite)
    else:
        may_replace = overwrite
    path = _rename(temporary, target, may_replace=may_replace)
    _check_same(path, made, target)
    return path


def _check_same(name: Path, made: os.stat_result, target: Path) -> None:
    try:
        is_same = os.path.samestat(name.lstat(), made)
    except FileNotFoundError:
        is_same = False
    if not is_same:
        raise FileError(
            f"{target} was not written: another program replaced the new file in {target.absolute().parent}. "
            "Name a file in a folder that only you can change."
        )


def _rename(temporary: Path, target: Path, *, may_replace: bool) -> Path:
    if may_replace:
        with suppress(PermissionError):  # Windows, while Excel has the target open
            return temporary.replace(target)
    for name in _candidate_names(target):
        try:
            rename_exclusively(temporary, name)
        except FileExistsError:
            continue
        return name
    raise AssertionError("the names are endless")


def rename_exclusively(temporary: Path, name: Path) -> None:
    """Rename a file, without replacing another one.

    Raises:
        FileExistsError: another file has the name.
    """
    if _IS_WINDOWS:
        temporary.rename(name)  # replaces no file on Windows
        return
    try:
        name.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        os.close(create(name))
        temporary.replace(name)
    else:
        temporary.unlink()


def _candidate_names(target: Path) -> Iterator[Path]:
    return chain([target], (target.with_stem(f"{target.stem}-{number}") for number in count(2)))


def _warn_of_other_users(target: Path, made: os.stat_result, *, private: bool) -> None:
    """Warn if other users can read or replace a file with PINs, despite the mode it was created with."""
    if _IS_WINDOWS or not private:
        return
    folder = target.absolute().parent
    if stat.S_IMODE(made.st_mode) & 0o077:
        _log.warning(
            "The file system of %s does not support file permissions: other users may be able to read %s.",
            folder,
            target,
        )
    else:
        warn_of_shared_folder(folder, str(target))


def _file_error(target: Path, error: OSError) -> FileError | UsageError:
    """The error for a file that cannot be written."""
    if isinstance(error, FileExistsError):
        return _taken(target)
    if error.errno in _NO_FOLDER:
        return UsageError(f"There is no folder {target.absolute().parent}. Create it first, or name another folder.")
    if error.errno in DISK_FULL:
        return DiskFull(f"The disk is full: {target} was not written. Free some space, or name a file on another disk.")
    if error.errno in _NOT_ALLOWED:
        return FileError(f"You may not write to the folder {target.absolute().parent}. Name a file in another folder.")
    return FileError(f"{target} could not be written: {error.strerror or error}. Name another file.")
