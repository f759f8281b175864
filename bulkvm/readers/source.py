"""Opening the input file or standard input."""

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from bulkvm.model.errors import FileError, UsageError

STANDARD_INPUT: Final = Path("-")

_LOCK_FILE: Final = re.compile(r"(?:(~\$)|\.~lock\.)(.+?)(?(1)|#?)")  # beside a workbook that is open
_MAX_IN_MEMORY: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """An open file, and its name for messages."""

    path: Path
    name: str
    stream: IO[bytes]

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        place = self.stream.tell()
        size = self.stream.seek(0, os.SEEK_END)
        self.stream.seek(place)
        return size


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a file, or standard input if the path is `-`.

    Raises:
        UsageError: the file does not exist.
        FileError: the file cannot be opened.
    """
    if path == STANDARD_INPUT:
        with tempfile.SpooledTemporaryFile(_MAX_IN_MEMORY) as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
            stream.seek(0)
            yield Source(path, "Standard input", stream)
        return
    if lock := _LOCK_FILE.fullmatch(path.name):
        program = "Excel" if lock[1] else "LibreOffice"
        raise UsageError(f"{path} is the lock file of a workbook that is open in {program}. Choose {lock[2]}.")
    try:
        file = _open(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _file_error(path, error) from error
    with file:
        yield Source(path, path.name, file)


def _open(path: Path) -> IO[bytes]:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):  # checked first, since opening a pipe may block
        raise UsageError(f"{path} is a device or a pipe, not a file. To read another program's output, use -.")
    return path.open("rb")


def _file_error(path: Path, error: OSError | ValueError) -> FileError | UsageError:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return UsageError(f"There is no file {path}. Check its name and its folder ({path.absolute().parent}).")
        case IsADirectoryError():
            return UsageError(f"{path} is a folder. Give a file in it.")
        case PermissionError():
            return FileError(
                f"Permission to read {path} was denied. If it is open in Excel, close it there; "
                "otherwise ask its owner for permission to read it."
            )
        case OSError():
            return FileError(f"{path} cannot be opened: {os.strerror(error.errno) if error.errno else error}.")
        case _:
            return UsageError(f"{str(path)!r} is not a valid file name.")
