"""The SHA-256 fingerprint of a certificate, as bytes and as text."""

from typing import Final

from bulkvm.model.errors import UsageError

_BYTES: Final = 32


def show_fingerprint(digest: bytes) -> str:
    """Format a fingerprint as browsers and openssl do."""
    return digest.hex(":").upper()


def read_fingerprint(text: str) -> bytes:
    """Parse a fingerprint with or without colons, in upper or lower case.

    Raises:
        UsageError: it is not a fingerprint.
    """
    try:
        digest = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        digest = b""
    if len(digest) != _BYTES:
        raise UsageError(
            f'"{text}" is not a SHA-256 fingerprint, which has {_BYTES} pairs of hexadecimal digits. Pin the '
            "certificate again with `bulkvm login SITE`."
        )
    return digest
