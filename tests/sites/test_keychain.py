import pytest
from keyring.backend import KeyringBackend

from bulkvm.sites import forget_secret, read_secret, store_secret
from tests.sites.conftest import UseKeyring
from tests.sites.keyrings import EMPTY, NONE, Broken, InMemory


def test_a_secret_is_kept_until_it_is_forgotten(use_keyring: UseKeyring) -> None:
    use_keyring(InMemory())

    assert read_secret("clinic") is None
    assert store_secret("clinic", "hunter2")
    assert store_secret("practice", "hunter3")
    assert (read_secret("clinic"), read_secret("practice")) == ("hunter2", "hunter3")
    forget_secret("clinic")
    forget_secret("clinic")
    assert (read_secret("clinic"), read_secret("practice")) == (None, "hunter3")


@pytest.mark.parametrize("keyring", [NONE, EMPTY, Broken()], ids=["none", "empty", "broken"])
def test_a_machine_without_a_working_keyring_is_told_from_one_that_has_it(
    use_keyring: UseKeyring, keyring: KeyringBackend
) -> None:
    use_keyring(keyring)

    assert not store_secret("clinic", "hunter2")
    assert read_secret("clinic") is None
    forget_secret("clinic")
