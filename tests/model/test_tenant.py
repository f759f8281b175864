"""One tenant has one name, however its address is written."""

from typing import Any

import pytest

from bulkvm.model.tenant import Tenant, name_distinctly, normalize_url

PBX = "https://pbx.example.com:8887"


@pytest.mark.parametrize(
    ("written", "normalized"),
    [
        ("https://PBX.Example.com:8887", PBX),
        ("https://pbx.example.com.:8887/", PBX),
        ("https://pbx.example.com", "https://pbx.example.com:443"),
        ("http://pbx.example.com", "http://pbx.example.com:80"),
        ("https://pbx.example.com:8887/Second", f"{PBX}/Second"),
        ("https://müller.example:8887", "https://xn--mller-kva.example:8887"),
        ("https://[2001:DB8:0:0::1]:8887", "https://[2001:db8::1]:8887"),
        ("https://[::ffff:10.0.0.1]:8887", "https://10.0.0.1:8887"),
        ("https://10.0.0.1:8887", "https://10.0.0.1:8887"),
        *((f"https://{host}:8887", "https://localhost:8887") for host in (
            "localhost", "LOCALHOST.", "pbx.localhost", "127.0.0.1", "127.0.0.2", "127.1", "0x7f000001", "2130706433",
            "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
        )),
    ],
)  # fmt: skip
def test_all_spellings_of_an_address_are_equal(written: str, normalized: str) -> None:
    assert normalize_url(written) == normalized
    assert normalize_url(normalized) == normalized


def tenant(**known: Any) -> Tenant:
    return Tenant(**({"pbx": PBX} | known))


@pytest.mark.parametrize(
    ("one", "other", "same_key", "contradicts"),
    [
        ({"id": "7", "domain": "a"}, {"id": "7", "domain": "renamed"}, True, False),
        ({"id": "7", "domain": "a"}, {"id": "8", "domain": "a"}, False, True),
        ({"domain": "a.example"}, {"domain": "A.Example"}, True, False),
        ({"domain": "a"}, {"domain": "b"}, False, True),
        ({"id": "7", "domain": "a"}, {"domain": "A"}, False, False),
        ({"id": "7", "domain": "a"}, {"domain": "b"}, False, True),
        ({"id": "7"}, {"token_hash": "ab"}, False, False),
        ({"token_hash": "ab"}, {"token_hash": "cd"}, False, False),
        ({"id": "7"}, {"id": "7", "pbx": "https://other:8887"}, False, True),
        ({}, {}, True, False),
    ],
)
def test_two_tenants_are_distinguished_by_what_is_known_of_both(
    one: dict[str, str],
    other: dict[str, str],
    same_key: bool,  # noqa: FBT001
    contradicts: bool,  # noqa: FBT001
) -> None:
    assert (tenant(**one).key == tenant(**other).key) is same_key
    assert tenant(**one).contradicts(tenant(**other)) is contradicts
    assert tenant(**other).contradicts(tenant(**one)) is contradicts


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ({"name": "Clinic", "domain": "clinic.example", "id": "7"}, "Clinic (clinic.example) on pbx.example.com"),
        ({"domain": "clinic.example", "id": "7"}, "clinic.example on pbx.example.com"),
        ({"name": "Clinic"}, "Clinic on pbx.example.com"),
        ({"id": "7"}, "tenant 7 on pbx.example.com"),
        ({"token_hash": "ab"}, "pbx.example.com"),
        ({"domain": "a", "pbx": "http://[2001:db8::1]:8080/two"}, "a on [2001:db8::1]:8080/two"),
        ({"name": "A\x1b[2J\u202e"}, "A\ufffd[2J\ufffd on pbx.example.com"),
    ],
)  # fmt: skip
def test_a_tenant_is_shown_with_all_that_a_person_knows_it_by(known: dict[str, str], shown: str) -> None:
    assert str(tenant(**known)) == shown


def test_tenants_that_look_the_same_are_named_with_their_ids() -> None:
    one, other, third = (tenant(id=number, name="Clinic", domain=domain) for number, domain in ("1a", "2a", "3b"))

    assert name_distinctly(one, third) == [str(one), str(third)]
    assert name_distinctly(one, other) == [f"{one} (id 1)", f"{other} (id 2)"]
