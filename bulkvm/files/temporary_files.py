"""Temporary files: creating them exclusively, and deleting what killed programs left."""

import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bulkvm.files.ownership import is_ours

_READ_BY_OWNER: Final = 0o600
_READ_BY_ALL: Final = 0o644  # minus the umask; no other user may write
# Without O_BINARY, Windows converts line ends.
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_TEMPORARY: Final = re.compile(r"\.bulkvm-[0-9a-f]{12}(\.\w{1,8})?")
_SCRATCH_PREFIX: Final = "bulkvm-parts-"
_SCRATCH: Final = re.compile(rf"{_SCRATCH_PREFIX}\w{{8}}")
_ABANDONED: Final = 24 * 3600  # seconds; writing a file never takes as long


def create(file: Path, *, private: bool = True) -> int:
    """Create a new file exclusively, and return its descriptor. An existing link is an error too."""
    return os.open(file, _NEW, _READ_BY_OWNER if private else _READ_BY_ALL)


def name_temporary(target: Path) -> Path:
    """A unique temporary name beside the target."""
    return target.with_name(f".bulkvm-{secrets.token_hex(6)}.tmp")


def is_temporary_name(name: str) -> bool:
    """Whether a name is that of a temporary file."""
    return _TEMPORARY.fullmatch(name) is not None


def sweep(folder: Path) -> None:
    """Delete the temporary files that killed programs of this user left in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if is_temporary_name(entry.name):
                with suppress(OSError):
                    if _is_abandoned(entry.stat(follow_symlinks=False), stat.S_ISREG):
                        Path(entry.path).unlink()


@contextmanager
def scratch_folder() -> Iterator[str]:
    """Create a temporary folder for the parts of a file, and delete it afterwards.

    The parts may contain PINs, so folders that killed programs of this user left are deleted first.
    """
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if _SCRATCH.fullmatch(entry.name) and _is_abandoned(entry.stat(follow_symlinks=False), stat.S_ISDIR):
                shutil.rmtree(entry.path, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX, ignore_cleanup_errors=True) as folder:
        yield folder


def _is_abandoned(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether a temporary file or folder was left by a killed program of this user."""
    return is_kind(found.st_mode) and is_ours(found) and time.time() - found.st_mtime > _ABANDONED
