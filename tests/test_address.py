import pytest

from bulkvm.address import check_url, is_loopback
from bulkvm.errors import UsageError


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://pbx.example.com:8887", "https://pbx.example.com:8887"),
        (" https://pbx.example.com:8887/ ", "https://pbx.example.com:8887"),
        ("https://pbx.example.com:8887/api/", "https://pbx.example.com:8887"),
        ("https://PBX.example.com/pbx/api", "https://pbx.example.com/pbx"),
        ("http://10.0.0.1", "http://10.0.0.1"),
        ("https://[2001:DB8::1]:8887", "https://[2001:db8::1]:8887"),
        ("https://pbx.example.com:8887?x=1#y", "https://pbx.example.com:8887"),
    ],
)
def test_an_address_is_taken_as_it_was_meant(written: str, base: str) -> None:
    assert check_url(written) == base
    assert check_url(base) == base


@pytest.mark.parametrize(
    "written",
    [
        "",
        "pbx.example.com",
        "ftp://pbx",
        "https://",
        "https://[::1",
        "https://pbx:port",
        "https://pbx..example.com:8887",
        f"https://{'x' * 70}.example.com",
        "https://u:SECRET@pbx",
        "u:SECRET@pbx",
    ],
)
def test_what_is_no_address_of_a_pbx_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(UsageError) as refusal:
        check_url(written)
    assert "SECRET" not in str(refusal.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["pbx", "localhost.example.com", "10.0.0.1", "0.0.0.0", "::", "127.0.0.1.nip.io"])
def test_another_machine(host: str) -> None:
    assert not is_loopback(host)
