import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkvm.errors import UsageError
from bulkvm.settings import Site
from bulkvm.sites import check_name, read_sites, write_sites
from bulkvm.tenant import Tenant, normalize_url

NAMES = st.from_regex(r"\w[\w.-]{0,63}", fullmatch=True).filter(lambda name: name != "simulator")
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]))


SOURCES = st.fixed_dictionaries({"password_file": TEXTS}) | st.fixed_dictionaries(
    {"password_command": st.lists(TEXTS.filter(lambda text: text is not None), min_size=1).map(tuple)}
)


@st.composite
def sites(draw: st.DrawFn) -> dict[str, Site]:
    """Sites of all kinds, by name."""
    urls = st.sampled_from(["https://pbx.example.com:8887", "https://[::1]:8887", "http://10.0.0.1/pbx"])
    return {
        name: Site(
            name=name,
            url=(url := draw(urls)),
            user=draw(TEXTS),
            domain=draw(TEXTS),
            tenant=draw(st.none() | st.builds(Tenant, pbx=st.just(normalize_url(url)), id=st.just("7"), name=TEXTS)),
            **draw(SOURCES),
            ca_file=draw(TEXTS),
            fingerprint=draw(TEXTS),
        )
        for name in draw(st.lists(NAMES, unique=True, max_size=4))
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(written=sites())
def test_what_was_written_is_read(tmp_path: Path, written: dict[str, Site]) -> None:
    write_sites(tmp_path / "config" / "sites.toml", written)

    assert read_sites(tmp_path / "config" / "sites.toml") == written


def test_secrets_and_what_is_dangerous_are_not_written(tmp_path: Path) -> None:
    site = Site(
        name="clinic",
        url="https://pbx",
        token="SECRET-1",
        user="a",
        password="SECRET-2",
        insecure=True,
        allow_http=True,
    )

    write_sites(tmp_path / "sites.toml", {"clinic": site})

    assert (tmp_path / "sites.toml").read_text("utf-8") == '[clinic]\nurl = "https://pbx"\nuser = "a"\n'


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_the_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "sites.toml"

    for _ in range(2):
        write_sites(file, {"clinic": Site(name="clinic", url="https://pbx")})

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_where_there_is_no_file_there_are_no_sites(tmp_path: Path) -> None:
    assert read_sites(tmp_path / "sites.toml") == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[clinic", "cannot be read"),
        ("\xff\xfe", "cannot be read"),
        ("clinic = 3", r"\[clinic\] must be a table"),
        ("[clinic]\nurl = 3", r"\[clinic\] must be a table of texts"),
        ("[clinic]\nuser = 'a'", "lacks its url"),
        ("[clinic]\nurl = 'pbx.example.com'", "not an address"),
        ("[clinic]\nurl = 'https://pbx'\npassword = 'SECRET'", "holds password; it may hold url, domain"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = 3", "no list of texts"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = []", "no list of texts"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = ['pass', 3]", "no list of texts"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = 'pass \"show'", "not closed"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = 'a'\npassword_file = '/b'", "Delete one of them"),
        ("[clinic]\nurl = 'https://pbx'\npassword_file = 3", "table of texts"),
        ("[simulator]\nurl = 'https://pbx'", "built in"),
        ('["../x"]\nurl = "https://pbx"', "cannot be the name"),
    ],
)
def test_a_file_that_is_not_one_of_sites_is_told_as_such(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "sites.toml"
    file.write_bytes(content.encode("latin-1"))

    with pytest.raises(UsageError, match=words) as refusal:
        read_sites(file)
    assert str(file) in str(refusal.value)
    assert "SECRET" not in str(refusal.value)


@pytest.mark.parametrize("name", ["clinic", "Klinik-Süd", "site_2", "a.b", "1", "x" * 64])
def test_a_name_that_a_site_may_have(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "simulator", "a b", "a/b", "..", "-x", ".x", "a\\b", "a\n", "x" * 65, "a:b"])
def test_a_name_that_no_site_may_have(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ('"pass show clinic"', ("pass", "show", "clinic")),
        ("\"op read 'PBX clinic'\"", ("op", "read", "PBX clinic")),
        ('["op", "read", "PBX clinic"]', ("op", "read", "PBX clinic")),
    ],
)
def test_a_command_is_a_list_or_one_text_that_is_split(tmp_path: Path, written: str, command: tuple[str, ...]) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(f'[clinic]\nurl = "https://pbx"\npassword_command = {written}\n', "utf-8")

    assert read_sites(file)["clinic"].password_command == command
