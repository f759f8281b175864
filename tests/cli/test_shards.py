"""`bulkvm backup --shard`: each PBX is backed up by one shard alone."""

from pathlib import Path

import pytest

from bulkvm.model.shard import Shard
from bulkvm.simulator import SimulatorSettings, create_app, running
from tests.cli.program import Bulkvm, sites_file
from tests.keyrings import NONE, UseKeyring


@pytest.fixture
def hosts(folder: Path, use_keyring: UseKeyring) -> dict[str, str]:
    """The hosts of twelve sites, whose passwords nothing knows, by the name of the site. Two are on one host."""
    assert folder.is_dir()
    use_keyring(NONE)
    hosts = {f"site-{n:02}": f"pbx{max(n, 1)}.example.com" for n in range(12)}
    tables = [f"[{name}]\nurl = 'https://{host}:{8887 + n}'\n" for n, (name, host) in enumerate(hosts.items())]
    sites_file().write_text("".join(tables))
    return hosts


def test_each_site_is_in_one_shard_and_those_of_one_host_in_the_same(bulkvm: Bulkvm, hosts: dict[str, str]) -> None:
    shards = [bulkvm("backup", "nights", "--all-sites", "--shard", f"{number}/4") for number in range(1, 5)]

    tried = [[line.partition(":")[0] for line in ended.err.splitlines()[:-1]] for ended in shards]
    assert sorted(name for names in tried for name in names) == sorted(hosts)
    assert [ended.err.splitlines()[-1] for ended in shards] == [
        f"{len(names)} site{'s' * (len(names) != 1)}: 0 backed up, {len(names)} failed." for names in tried
    ]
    assert [names for names in tried if {"site-00", "site-01"} & set(names)] == [
        names for names in tried if {"site-00", "site-01"} <= set(names)
    ]


def test_a_pbx_is_in_one_shard_however_its_address_is_written() -> None:
    spellings = [
        ["localhost", "127.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"],
        ["pbx.example.com", "PBX.example.com."],
        ["telefon.müller.example", "telefon.xn--mller-kva.example"],
        ["[2001:db8::1]", "[2001:0db8:0::1]"],
    ]

    shards = [{Shard(1, 99999).of_same_count(f"https://{host}:8887") for host in hosts} for hosts in spellings]

    assert [len(found) for found in shards] == [1] * len(spellings)


@pytest.mark.usefixtures("hosts")
def test_a_site_with_invalid_settings_is_reported_by_one_shard(bulkvm: Bulkvm) -> None:
    sites_file().write_text("[broken]\nurl = 3\n")

    ended = [bulkvm("backup", "nights", "--all-sites", "--shard", f"{number}/3") for number in (1, 2, 3)]

    assert sorted(one.code for one in ended) == [0, 0, 2]


def test_the_tenants_of_a_pbx_are_in_its_shard(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, use_keyring: UseKeyring
) -> None:
    use_keyring(NONE)
    user = SimulatorSettings()
    with running(create_app(settings=SimulatorSettings(tenants=3))) as server:
        for name, value in (("URL", server.url), ("USER", user.system_user), ("PASSWORD", user.system_password)):
            monkeypatch.setenv(f"BULKVM_{name}", value)
        theirs = Shard(1, 2).of_same_count(server.url)
        other = Shard(3 - theirs.number, 2)

        ended = {
            shard: bulkvm("backup", "nights", "--all-tenants", "--force", "--shard", shard) for shard in (theirs, other)
        }

    assert [one.code for one in ended.values()] == [0, 0]
    assert ended[theirs].err == "3 tenants: 3 backed up, 0 failed.\n"
    assert ended[other].err == f"The PBX of 127.0.0.1 is in shard {theirs}, so shard {other} backs up no tenants.\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--all-sites", "--shard", "0/4"),
            '"0/4" is not a shard. Write it as 3/20: the third of 20, which are counted',
        ),
        (("--all-tenants", "--shard", "5/4"), '"5/4" is not a shard.'),
        (("--site", "site-01", "--shard", "1/4"), "--shard is a share of all sites or tenants. Add --all-sites or"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("hosts")
def test_a_shard_of_nothing_is_an_error(bulkvm: Bulkvm, options: tuple[str, ...], message: str) -> None:
    ended = bulkvm("backup", "nights", *options)

    assert (ended.code, message in ended.err) == (2, True)
