"""Where bulkvm keeps settings and state."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from bulkvm.files import DISK_FULL, make_private_folder
from bulkvm.files.ownership import check_own_folder
from bulkvm.model.errors import DiskFull, FileError, UsageError
from bulkvm.model.tenant import Tenant


def state_folder() -> Path:
    """The folder for state, created if necessary: BULKVM_STATE, or the platform's default."""
    folder = _find_folder("BULKVM_STATE", platformdirs.user_state_path)
    try:
        make_private_folder(folder)
        check_own_folder(folder)
    except OSError as error:
        raise FileError(
            f"The state folder {folder} cannot be created: {error.strerror}. Set BULKVM_STATE to another folder."
        ) from error
    return folder


@contextmanager
def writing_state() -> Iterator[None]:
    """Turn an error of the state folder into a message, before anything is sent.

    Raises:
        FileError: the folder is not writable.
    """
    try:
        yield
    except (OSError, DiskFull) as error:
        is_full = isinstance(error, DiskFull) or error.errno in DISK_FULL
        reason = os.strerror(errno.ENOSPC) if isinstance(error, DiskFull) else error.strerror
        raise (DiskFull if is_full else FileError)(
            f"The state folder {state_folder()} cannot be written to: {reason}. Nothing was sent. "
            "Free some space there, or set BULKVM_STATE to another folder."
        ) from error


def sites_file() -> Path:
    """The sites file, in the folder for settings: BULKVM_CONFIG, or the platform's default."""
    return _find_folder("BULKVM_CONFIG", platformdirs.user_config_path) / "sites.toml"


def _find_folder(variable: str, usual: Callable[..., Path]) -> Path:
    """The folder that a variable names, or the platform's default.

    Raises:
        UsageError: this user has no home folder, as in some containers.
    """
    chosen = os.environ.get(variable)
    try:
        folder = Path(chosen).expanduser() if chosen else usual("bulkvm", appauthor=False)
    except (RuntimeError, OSError, KeyError):
        folder = Path("~")
    if str(folder).startswith("~"):  # `~` was not expanded: the home folder is not known
        raise UsageError(f"This user has no home folder. Set {variable} to a folder.")
    return folder


def simulator_state() -> Path:
    """The boxes of `--site simulator`."""
    return state_folder() / "simulator.sqlite3"


def runs_folder() -> Path:
    """The journals of all runs."""
    return state_folder() / "runs"


def tenant_lock_files(tenant: Tenant) -> list[Path]:
    """The lock files of a tenant, one for each detail that identifies it."""
    folder = state_folder() / "locks"
    make_private_folder(folder)
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", urlsplit(tenant.pbx).netloc)
    return [folder / f"{host}-{sha256(key.encode()).hexdigest()[:16]}.lock" for key in tenant.keys]
