"""What the keyring holds is for one PBX, domain and user."""

from dataclasses import replace

import pytest
from keyring.backend import KeyringBackend

from bulkvm.model.errors import UsageError
from bulkvm.model.settings import Site
from bulkvm.sites import forget_secret, read_secret, store_secret
from tests.keyrings import EMPTY, NONE, Broken, InMemory, UseKeyring

CLINIC = Site(name="clinic", url="https://clinic:8887", user="admin", domain="clinic.example")
PRACTICE = Site(name="practice", url="https://practice:8887")


def test_a_secret_is_kept_until_it_is_forgotten(use_keyring: UseKeyring) -> None:
    use_keyring(InMemory())

    assert read_secret(CLINIC) is None
    assert store_secret(CLINIC, "hunter2")
    assert store_secret(PRACTICE, "hunter3")
    assert (read_secret(CLINIC), read_secret(PRACTICE)) == ("hunter2", "hunter3")
    forget_secret("clinic")
    forget_secret("clinic")
    assert (read_secret(CLINIC), read_secret(PRACTICE)) == (None, "hunter3")


@pytest.mark.parametrize("keyring", [NONE, EMPTY, Broken()], ids=["none", "empty", "broken"])
def test_a_machine_without_a_working_keyring_is_distinguished_from_one_that_has_it(
    use_keyring: UseKeyring, keyring: KeyringBackend
) -> None:
    use_keyring(keyring)

    assert not store_secret(CLINIC, "hunter2")
    assert read_secret(CLINIC) is None
    forget_secret("clinic")


@pytest.mark.parametrize(
    "moved",
    [
        {"url": "https://evil:8887"},
        {"url": "http://clinic:8887"},
        {"url": "https://clinic"},
        {"domain": "other.example"},
        {"domain": None},
        {"user": "root"},
        {"user": None, "domain": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("from_before", [False, True], ids=["bound", "of 0.1.0"])
def test_a_secret_is_for_the_pbx_domain_and_user_it_was_stored_for(
    use_keyring: UseKeyring,
    moved: dict[str, str | None],
    from_before: bool,  # noqa: FBT001  (a case)
) -> None:
    ring = InMemory()
    use_keyring(ring)
    if from_before:
        ring.held["bulkvm", "clinic"] = "hunter2"
        assert read_secret(CLINIC) == "hunter2"  # which binds it
    else:
        store_secret(CLINIC, "hunter2")

    with pytest.raises(UsageError, match="is for https://clinic:8887") as refusal:
        read_secret(replace(CLINIC, **moved))  # type: ignore[arg-type]  # fields of a Site
    assert "hunter2" not in str(refusal.value)
    assert read_secret(CLINIC) == "hunter2"


@pytest.mark.parametrize("secret", ["{}", "[]", "17", '"', '{"secret": "x"}', "[" * 100_000, "p\u00e4ss \U0001f600 \n"])
@pytest.mark.parametrize("from_before", [False, True], ids=["bound", "of 0.1.0"])
def test_any_text_can_be_a_secret(use_keyring: UseKeyring, secret: str, from_before: bool) -> None:  # noqa: FBT001  (a case)
    ring = InMemory()
    use_keyring(ring)
    if from_before:
        ring.held["bulkvm", "clinic"] = secret
    else:
        store_secret(CLINIC, secret)

    assert [read_secret(CLINIC), read_secret(CLINIC)] == [secret, secret]
