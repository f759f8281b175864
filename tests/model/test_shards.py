"""Every PBX is in exactly one shard, and in the same one with every version of Python."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkvm.model.errors import UsageError
from bulkvm.model.shard import Shard, parse_shard


@given(
    url=st.text() | st.from_regex(r"https://[a-z0-9.-]{1,30}(:[0-9]{1,5})?(/x)?", fullmatch=True),
    count=st.integers(1, 50),
)
def test_every_pbx_is_in_exactly_one_shard(url: str, count: int) -> None:
    assert [Shard(number, count).has(url) for number in range(1, count + 1)].count(True) == 1


def test_the_shard_of_a_pbx_never_changes() -> None:
    hosts = ("pbx.example.com", "10.0.0.7", "[2001:db8::1]", "téléphone.example")

    assert [str(Shard(1, 20).of_same_count(f"https://{host}")) for host in hosts] == ["11/20", "16/20", "10/20", "5/20"]


def test_each_loopback_address_but_the_usual_ones_is_a_host_of_its_own() -> None:
    shards = {Shard(1, 99999).of_same_count(f"https://{host}:8887") for host in ("localhost", "127.0.0.2", "127.0.0.3")}

    assert len(shards) == 3


def test_only_the_host_decides() -> None:
    urls = (
        "https://pbx.example.com", "http://PBX.example.com.:8887", "https://pbx.example.com:8900/pbx2",
    )  # fmt: skip

    assert len({Shard(1, 1000).of_same_count(url) for url in urls}) == 1


def test_a_thousand_pbxs_are_spread_over_all_shards() -> None:
    counts = [sum(Shard(n, 10).has(f"https://pbx{i}.example.com") for i in range(1000)) for n in range(1, 11)]

    assert min(counts) > 70
    assert max(counts) < 130


@pytest.mark.parametrize("text", ["0/4", "5/4", "4", "1/0", "-1/4", "1/4/2", "a/b", "1.5/4", "٣/٤", "1 / 4", "/"])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a shard\. Write it as 3/20"):
        parse_shard(text)


def test_a_shard_is_read_as_it_is_printed() -> None:
    assert str(parse_shard(" 3/20 ")) == "3/20"
