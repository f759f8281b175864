"""The SHA-256 fingerprint of a certificate, as bytes and as a person compares it."""

from typing import Final

from bulkvm.model.errors import UsageError

_BYTES: Final = 32


def show_fingerprint(digest: bytes) -> str:
    """A fingerprint as browsers and openssl show it."""
    return digest.hex(":").upper()


def read_fingerprint(text: str) -> bytes:
    """A fingerprint with or without colons, in any case.

    Raises:
        UsageError: it is none.
    """
    try:
        digest = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        digest = b""
    if len(digest) != _BYTES:
        raise UsageError(
            f'"{text}" is not a SHA-256 fingerprint, which has {_BYTES} pairs of hexadecimal digits. Pin the '
            "certificate anew with `bulkvm login SITE`."
        )
    return digest
