import os
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkvm.model.errors import FileError, UsageError
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.sites import change_site, check_name, read_sites

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
            ca_file=draw(st.none() | st.just(str(Path("/etc/ca.pem").absolute()))),
            fingerprint=draw(TEXTS),
            max_rps=draw(st.none() | st.floats(0, 1e5) | st.integers(0, 1000)),
            concurrency=draw(st.none() | st.integers(1, 256)),
        )
        for name in draw(st.lists(NAMES, unique=True, max_size=4))
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(written=sites())
def test_written_sites_are_read_back_unchanged(tmp_path: Path, written: dict[str, Site]) -> None:
    file = tmp_path / "config" / "sites.toml"
    for name in read_sites(file):
        change_site(file, name, None)

    for name, site in written.items():
        change_site(file, name, site)

    assert dict(read_sites(file)) == written


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

    change_site(tmp_path / "sites.toml", "clinic", site)

    assert (tmp_path / "sites.toml").read_text("utf-8") == '[clinic]\nurl = "https://pbx"\nuser = "a"\n'


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_the_file_and_its_folder_are_private_to_their_owner(tmp_path: Path) -> None:
    file = tmp_path / "new" / "sites.toml"

    for _ in range(2):
        change_site(file, "clinic", Site(name="clinic", url="https://pbx"))

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(file.parent.iterdir()) == [file, file.with_name("sites.toml.lock")]


def test_without_a_file_there_are_no_sites(tmp_path: Path) -> None:
    assert dict(read_sites(tmp_path / "sites.toml")) == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[clinic", "cannot be read"),
        ("\xff\xfe", "cannot be read"),
        ("clinic = 3", r"\[clinic\] must be a table"),
        ("[clinic]\nurl = 3", r"\[clinic\] must be a table of strings"),
        ("[clinic]\nuser = 'a'", "has no url"),
        ("[clinic]\nurl = 'pbx.example.com'", "not a valid URL"),
        (
            "[clinic]\nurl = 'https://pbx'\npassword = 'SECRET'",
            "has the unknown keys password. Valid keys are url, domain",
        ),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = 3", "not a list of strings"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = []", "not a list of strings"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = ['pass', 3]", "not a list of strings"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = 'pass \"show'", "not closed"),
        ("[clinic]\nurl = 'https://pbx'\npassword_command = 'a'\npassword_file = '/b'", "Delete one of them"),
        ("[clinic]\nurl = 'https://pbx'\npassword_file = 3", "table of strings"),
        ("[clinic]\nurl = 'https://pbx'\nmax_rps = '75'", "max_rps that is not a number"),
        ("[clinic]\nurl = 'https://pbx'\nmax_rps = -1", "max_rps that is not a number"),
        ("[clinic]\nurl = 'https://pbx'\nmax_rps = nan", "max_rps that is not a number"),
        ("[clinic]\nurl = 'https://pbx'\nconcurrency = true", "concurrency that is not a number"),
        ("[clinic]\nurl = 'https://pbx'\nconcurrency = 2.5", "concurrency that is not a number"),
        ("[clinic]\nurl = 'https://pbx'\nconcurrency = 0", "not a number from 1 to 256"),
        ("[clinic]\nurl = 'https://pbx'\nconcurrency = 257", "not a number from 1 to 256"),
        ("[clinic]\nurl = 'https://pbx'\nmax_rps = 1e6", "not a number from 0 to 100000"),
        ("[simulator]\nurl = 'https://pbx'", "built-in"),
        ('["../x"]\nurl = "https://pbx"', "not a valid name"),
    ],
)
def test_a_file_that_is_not_one_of_sites_is_reported_as_such(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "sites.toml"
    file.write_bytes(content.encode("latin-1"))

    with pytest.raises(UsageError, match=words) as refusal:
        dict(read_sites(file))
    assert str(file) in str(refusal.value)
    assert "SECRET" not in str(refusal.value)


WRONG = "[wrong]\nurl = 'https://pbx'\ncolour = 'red'\n\n[clinic]\nurl = 'https://pbx'\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_a_pipe_in_place_of_the_file_is_reported_and_not_taken_for_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sites.toml", 0o600)

    with pytest.raises(FileError, match="cannot be read: it is not a regular file"):
        read_sites(tmp_path / "sites.toml")


def test_a_wrong_entry_is_named_where_it_is_used_and_the_others_work(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(WRONG, "utf-8")

    sites = read_sites(file)

    assert list(sites) == ["wrong", "clinic"]
    assert sites["clinic"] == Site(name="clinic", url="https://pbx")
    with pytest.raises(UsageError, match=r"sites\.toml: \[wrong\] has the unknown keys colour"):
        sites["wrong"]


def test_a_change_leaves_all_other_entries_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(WRONG, "utf-8")

    change_site(file, "new", Site(name="new", url="https://new"))
    change_site(file, "clinic", None)

    assert tomllib.loads(file.read_text("utf-8")) == {
        "wrong": {"url": "https://pbx", "colour": "red"},
        "new": {"url": "https://new"},
    }


def test_a_file_that_begins_with_the_mark_of_utf_8_is_read(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text("[clinic]\nurl = 'https://pbx'\n", "utf-8-sig")

    assert list(read_sites(file)) == ["clinic"]


def test_programs_that_change_the_file_at_once_lose_no_site(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    names = [f"site-{number}" for number in range(16)]

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: change_site(file, name, Site(name=name, url=f"https://{name}")), names))

    assert sorted(read_sites(file)) == sorted(names)


def test_a_certificate_file_is_sought_beside_the_file_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text("[clinic]\nurl = 'https://pbx'\nca_file = 'ca.pem'\n", "utf-8")

    assert read_sites(file)["clinic"].ca_file == str(tmp_path / "ca.pem")


@pytest.mark.skipif(os.name == "nt", reason="not every user of Windows may make links")
def test_a_link_in_place_of_the_file_of_sites_stays_a_link(tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.touch()
    (tmp_path / "sites.toml").symlink_to(kept)

    change_site(tmp_path / "sites.toml", "clinic", Site(name="clinic", url="https://pbx"))

    assert (tmp_path / "sites.toml").is_symlink()
    assert list(read_sites(kept)) == ["clinic"]


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
