"""Results of imports that sent nothing: the next result replaces one that was not changed, so that one is left."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from bulkvm.files import writing
from bulkvm.model.errors import BulkvmError
from bulkvm.paths import state_folder

_MOST: Final = 50  # files that are remembered


def remember(result: Path) -> None:
    """Remember the result of an import that sent nothing. A failure only leaves the file where it is."""
    with suppress(OSError, BulkvmError):
        known = {**_read(), str(result.absolute()): _digest(result)}
        with writing(_file(), overwrite=True) as new:
            new.file.write(json.dumps(dict(list(known.items())[-_MOST:])).encode())


def is_unchanged(result: Path) -> bool:
    """Whether a file is such a result, as it was written."""
    try:
        known = _read().get(str(result.absolute()))
        return known is not None and result.is_file() and known == _digest(result)  # a pipe would block
    except (OSError, BulkvmError):
        return False


def _read() -> dict[str, str]:
    try:
        known = json.loads(_file().read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _file() -> Path:
    return state_folder() / "refused-results.json"
