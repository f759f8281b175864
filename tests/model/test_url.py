import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bulkvm.model.errors import UsageError
from bulkvm.model.url import check_url, is_loopback


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
        ("HTTPS://pbx.example.com:443", "https://pbx.example.com"),
        ("http://pbx.example.com:80/pbx", "http://pbx.example.com/pbx"),
        ("https://pbx.example.com:80", "https://pbx.example.com:80"),
        ("https://pbx_2.intern.:8887", "https://pbx_2.intern.:8887"),
        ("https://[fe80::1%eth0]:8887", "https://[fe80::1%eth0]:8887"),
        ("https://TELEFON.Müller.example:8887", "https://telefon.müller.example:8887"),
        ("https://xn--mller-kva.example", "https://xn--mller-kva.example"),
    ],
)
def test_an_address_is_normalised(written: str, base: str) -> None:
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
        "https://[v1.x]:8887",
        "[::1]:8887",
        "pbx.example.com:8887",
        "https:/pbx",
        "https://pbx:0",
        "https://pbx:65536",
        "https://pbx:-1",
        "https://pbx: 8887",
        "https://p bx",
        "https://pbx\\x",
        "https://p\u200bbx",
        "https://pbx,other",
        "https://xn--a",
        "https://☃.example",
        "https://pbx:port",
        "https://pbx..example.com:8887",
        "https://10.0.0.08:8887",
        "https://0177.0.0.1",
        "https://300.1.1.1",
        f"https://{'x' * 70}.example.com",
        "https://u:SECRET@pbx",
        "u:SECRET@pbx",
    ],
)
def test_an_invalid_pbx_address_is_refused_and_not_quoted(written: str) -> None:
    with pytest.raises(UsageError) as refusal:
        check_url(written)
    assert "SECRET" not in str(refusal.value)


PARTS = st.sampled_from([*"aZß☃._-:/\\@[]% ?#8", "xn--", "::1", "1.2", "0.0", "\u200b", "。", "mller-kva", "8887"])


@given(st.lists(PARTS, max_size=8).map("".join))
def test_every_accepted_address_can_be_called(rest: str) -> None:
    try:
        base = check_url(f"https://{rest}")
    except UsageError:
        return

    assert check_url(base) == base
    assert httpx.URL(f"{base}/api").host
    assert URL(str(httpx.URL(f"{base}/api"))).host


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "127.1", "0x7f000001", "::1", "0:0::1", "::ffff:127.0.0.1"],
)
def test_loopback_addresses_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "pbx",
        "localhost.",
        "pbx.localhost",
        "localhost.example.com",
        "10.0.0.1",
        "0.0.0.0",
        "::",
        "127.0.0.1.nip.io",
        "",
    ],
)
def test_other_addresses_are_another_machine(host: str) -> None:
    assert not is_loopback(host)
