"""The lock of the sites file and the keyring."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bulkvm.files import make_private_folder
from bulkvm.files.locks import locked
from bulkvm.files.ownership import check_own_folder
from bulkvm.model.errors import FileError, LockHeld

_LOCK_TIMEOUT: Final = 20.0  # seconds, since several programs may change the file at once


@contextmanager
def lock_sites(file: Path) -> Iterator[None]:
    """Take turns with other programs that change sites or their secrets: some keyrings are files without a lock.

    Raises:
        FileError: the file of the sites cannot be written.
        LockHeld: another program is changing it.
    """
    try:
        make_private_folder(file.parent)
        check_own_folder(file.parent)
        with locked(file.with_name(f"{file.name}.lock"), _LOCK_TIMEOUT):
            yield
    except LockHeld as error:
        raise LockHeld(f"Another program is changing the sites file {file}. Try again later.") from error
    except OSError as error:
        raise FileError(
            f"The sites file {file} cannot be written: {error.strerror or error}. Check that you may write to its "
            "folder, or name another file in BULKVM_CONFIG."
        ) from error
