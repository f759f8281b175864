"""Keyrings for the tests: one in memory, and ones that do not do what a keyring should."""

from collections.abc import Callable

from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import PasswordDeleteError

NONE = fail.Keyring()  # type: ignore[no-untyped-call]  # the library's
EMPTY = null.Keyring()  # type: ignore[no-untyped-call]  # the same; it takes everything and keeps nothing


UseKeyring = Callable[[KeyringBackend], None]


class InMemory(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library's
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.held:
            raise PasswordDeleteError(username)
        del self.held[service, username]


class Broken(KeyringBackend):
    """Fails with an error of its own, as those over D-Bus or Windows do."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library's

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        raise OSError(service, username)
