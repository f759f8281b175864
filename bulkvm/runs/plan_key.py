"""The key that seals plan files: only with the state folder that holds it can a plan be made or imported."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final

from bulkvm.files import writing
from bulkvm.files.locks import locked
from bulkvm.model.errors import FileError
from bulkvm.paths import state_folder, writing_state

Seal = Callable[[bytes], str]

_BYTES: Final = 32


def plan_seal() -> Seal:
    """Return a function that computes the seal of a content. The key is made at the first call, and kept.

    Raises:
        FileError: the state folder cannot be written to, or the key is damaged.
    """
    file = state_folder() / "plan.key"
    with writing_state(), locked(file.with_suffix(".lock"), max_wait=60):
        if not file.exists():
            with writing(file, overwrite=True) as new:
                new.file.write(secrets.token_bytes(_BYTES))
        key = file.read_bytes()
    if len(key) != _BYTES:
        raise FileError(f"{file} is damaged. Delete it, and make new plans: those that exist cannot be imported.")
    return lambda content: hmac.new(key, content, hashlib.sha256).hexdigest()
