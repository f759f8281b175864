"""The file itself: found, opened, and readable from any place in it."""

import os
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

# What Excel and LibreOffice keep beside a workbook that somebody has open.
_LOCKS: Final = ("~$", ".~lock.")
_IN_MEMORY: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """An open file. `name` is what messages call it."""

    path: Path
    name: str
    stream: IO[bytes]

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        place = self.stream.tell()
        size = self.stream.seek(0, os.SEEK_END)
        self.stream.seek(place)
        return size


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a file, or standard input where the path is `-`.

    Raises:
        UsageError: there is no such file.
        FileError: it cannot be opened.
    """
    if path == STANDARD_INPUT:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
            stream.seek(0)
            yield Source(path, "Standard input", stream)
        return
    if path.name.startswith(_LOCKS):
        raise UsageError(
            f"{path} is not a sheet: Excel or LibreOffice keeps it beside a file that somebody has open. "
            "Name the file without the signs in front of it."
        )
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
    if not stat.S_ISREG(mode):  # before it is opened, since opening a pipe may wait for ever
        raise UsageError(f"{path} is a device or a pipe, not a file. To read what another program writes, give -.")
    return path.open("rb")


def _file_error(path: Path, error: OSError | ValueError) -> FileError | UsageError:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return UsageError(f"There is no file {path}. Check its name and its folder ({path.absolute().parent}).")
        case IsADirectoryError():
            return UsageError(f"{path} is a folder. Name a file in it.")
        case PermissionError():
            return FileError(
                f"{path} may not be read. If it is open in Excel, close it there; "
                "otherwise ask its owner for the permission to read it."
            )
        case OSError():
            return FileError(f"{path} cannot be opened: {os.strerror(error.errno) if error.errno else error}.")
        case _:
            return UsageError(f"{str(path)!r} is not the name of a file. Check it.")
