"""Access to the simulator's state file: for its owner only."""

import os
import stat
from collections.abc import Collection
from pathlib import Path

from bulkvm.simulator.configuration import SimulatorError


def claim_state_file(path: Path) -> None:
    """Create the state file readable by its owner only, or make an existing one so.

    SQLite opens the file and its companions (-wal, -shm) by name, so no other user may be able to replace them.

    Raises:
        SimulatorError: another user can change the file or its folder. No file is created in that case.
        OSError: the file cannot be opened or created.
    """
    path = path.resolve()
    _check_unshared(path.parent, path.parent.stat())
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise SimulatorError(f"{path} is not a regular file, so it cannot hold the simulator's state.")
        _check_unshared(path, status)
        if os.name == "posix" and status.st_mode & 0o077:
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _check_unshared(place: Path, status: os.stat_result) -> None:
    if os.name != "posix":  # Windows has other permissions
        return
    trusted = {0, os.geteuid()}
    by_group = status.st_mode & stat.S_IWGRP and _has_other_members(status.st_gid, trusted)
    if status.st_uid not in trusted or status.st_mode & stat.S_IWOTH or by_group:
        raise SimulatorError(
            f"Other users can change {place}, so it is not used for the simulator's state. Name a file in a folder "
            "that only you can change."
        )


def _has_other_members(group: int, trusted: Collection[int]) -> bool:
    """Whether users other than these belong to a group. A user's private group, common on Linux, has no others."""
    import grp  # noqa: PLC0415  (not on Windows)
    import pwd  # noqa: PLC0415  (not on Windows)

    users = pwd.getpwall()
    try:
        members = set(grp.getgrgid(group).gr_mem)
    except KeyError:  # a group that this machine does not know, as in a container
        members = set()
    members -= {user.pw_name for user in users if user.pw_uid in trusted}
    return bool(members) or any(user.pw_gid == group and user.pw_uid not in trusted for user in users)
