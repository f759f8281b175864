"""The secrets of the sites, in the operating system's keyring. A machine may have none, as most servers."""

from contextlib import suppress
from typing import Final

_SERVICE: Final = "bulkvm"


def read_secret(name: str) -> str | None:
    """The password or token of a site; None where none is stored, or where there is no keyring."""
    import keyring  # noqa: PLC0415  (a tenth of a second, for the sites that are kept in it)

    with suppress(Exception):  # each keyring fails with errors of its own
        return keyring.get_password(_SERVICE, name)
    return None


def store_secret(name: str, secret: str) -> bool:
    """Store the password or token of a site; False where there is no keyring that keeps it."""
    import keyring  # noqa: PLC0415  (the same)

    with suppress(Exception):  # the same
        keyring.set_password(_SERVICE, name, secret)
    return read_secret(name) == secret  # there are keyrings that take everything and keep nothing


def forget_secret(name: str) -> None:
    """Forget the password or token of a site, if one is stored."""
    import keyring  # noqa: PLC0415  (the same)

    with suppress(Exception):  # the same; there may be none to forget
        keyring.delete_password(_SERVICE, name)
