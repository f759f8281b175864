"""Which other users can change a file or a folder. What controls bulkvm, or contains PINs, is refused if any can."""

import errno
import logging
import os
import stat
from collections.abc import Collection
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import Final

from bulkvm.model.errors import FileError

_IS_WINDOWS: Final = os.name == "nt"

_log: Final = logging.getLogger(__name__)


def is_ours(found: os.stat_result) -> bool:
    """Whether a file or folder belongs to the current user. Always True on Windows, whose rules differ."""
    return _IS_WINDOWS or found.st_uid == os.geteuid()


def can_be_changed_by_others(found: os.stat_result) -> bool:
    """Whether another user than root may write to a file or folder. Always False on Windows, whose rules differ."""
    if _IS_WINDOWS:
        return False
    mine = {0, os.geteuid()}
    if found.st_uid not in mine or found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and _has_other_members(found.st_gid, mine)


def check_own_folder(folder: Path) -> None:
    """Check that only the user and root can change the files in a folder.

    Raises:
        FileError: another user can.
        OSError: it does not exist.
    """
    _check_unshared(folder, folder.stat())


def read_own_file(file: Path) -> bytes:
    """Read a file that only the user and root can change.

    Raises:
        FileError: another user can change it.
        OSError: it cannot be read.
    """
    with open_regular(file) as opened:
        _check_unshared(file, os.fstat(opened.fileno()))
        return opened.read()


def open_regular(file: Path) -> BufferedReader:
    """Open a regular file for reading. A pipe, which may block forever, or a device is refused.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return open(handle, "rb")  # noqa: PTH123  (by its descriptor, for the caller to close)


def warn_of_shared_folder(folder: Path, what: str) -> None:
    """Warn of a folder in which every user can delete or replace files.

    Such a folder is not refused, since every folder on Windows drives under WSL and on many shares looks like that.
    Write permission of a group is not reported: it was given on purpose, or it is the user's own group.
    """
    with suppress(OSError):
        mode = folder.stat().st_mode
        if not _IS_WINDOWS and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            _log.warning("Every user can write to the folder %s, so others can delete or replace %s.", folder, what)


def _has_other_members(group: int, mine: Collection[int]) -> bool:
    """Whether a group has other members. Many systems give each user a group of their own, which has none."""
    import grp  # noqa: PLC0415  (not available on Windows)
    import pwd  # noqa: PLC0415  (the same)

    try:
        named = set(grp.getgrgid(group).gr_mem)
    except KeyError:  # as in a container: the group has no name here
        named = set()
    known = pwd.getpwall()
    own = {user.pw_name for user in known if user.pw_uid in mine}
    return bool(named - own) or any(user.pw_gid == group and user.pw_uid not in mine for user in known)


def _check_unshared(place: Path, found: os.stat_result) -> None:
    if not can_be_changed_by_others(found):
        return
    kind, mode = ("folder", "700") if stat.S_ISDIR(found.st_mode) else ("file", "600")
    raise FileError(
        f"The {kind} {place} can be changed by other users, so it is not used: it controls bulkvm, or contains "
        f"PINs. Restrict it to yourself (chown, chmod {mode}), or name another place."
    )
