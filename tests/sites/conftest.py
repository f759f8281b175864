"""A keyring of the tests' own."""

from collections.abc import Callable, Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend

UseKeyring = Callable[[KeyringBackend], None]


@pytest.fixture
def use_keyring() -> Iterator[UseKeyring]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)
