"""The file of the sites: changed by several programs, written wrong by hand, not writable, or without a place."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bulkvm.files import locks
from bulkvm.model.settings import Site
from bulkvm.simulator import SimulatorSettings, create_app, running
from bulkvm.sites import change_site, forget_secret, read_sites, store_secret
from tests.cli.program import SAMPLES, Bulkvm, sites_file
from tests.cli.sheet_files import rows, write_csv
from tests.cli.terminals import on_a_terminal
from tests.keyrings import InMemory
from tests.simulator.requests import BOXES

USER = SimulatorSettings()


def site(name: str, url: str = "https://pbx") -> Site:
    return Site(name=name, url=url, user=USER.user, domain=USER.domain)


def test_a_login_keeps_what_other_programs_changed_while_it_waited(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    change_site(file, "forgotten", site("forgotten"))

    with running(create_app()) as server, on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
        terminal.answer("PBX address", server.url)
        terminal.answer("Domain", USER.domain)
        terminal.wait_for("User")
        change_site(file, "other", site("other"))
        change_site(file, "forgotten", None)
        terminal.answer("", USER.user)
        terminal.answer("Password", USER.password)
        terminal.read_to_the_end()

    assert program.returncode == 0
    assert sorted(read_sites(file)) == ["clinic", "other"]


@pytest.fixture
def one_wrong(folder: Path, ring: InMemory) -> Iterator[str]:
    """Two sites, one of them written wrong by hand; the other one's address."""
    assert folder.is_dir()
    assert not ring.held
    with running(create_app()) as server:
        sites_file().write_text("[wrong]\nurl = 'pbx'\n", "utf-8")
        change_site(sites_file(), "clinic", site("clinic", server.url))
        assert store_secret(site("clinic", server.url), USER.password)
        yield server.url


@pytest.mark.usefixtures("one_wrong")
def test_a_wrong_entry_is_named_where_it_is_used_and_the_others_work(bulkvm: Bulkvm) -> None:
    good = bulkvm("plan", SAMPLES / "clinic.csv", "--site", "clinic")
    wrong = bulkvm("plan", SAMPLES / "clinic.csv", "--site", "wrong")
    all_sites = bulkvm("backup", "nights", "--all-sites", "--force")
    listed = bulkvm("sites")

    assert good.code == 0
    assert (wrong.code, all_sites.code, listed.code) == (2, 2, 2)
    message = "sites.toml: The PBX's address is not a valid URL"
    assert [printed.err.count(message) for printed in (wrong, all_sites, listed)] == [1, 1, 1]
    assert "clinic\n  address" in listed.out
    assert "2 sites: 1 backed up, 1 failed." in all_sites.err


@pytest.mark.usefixtures("one_wrong")
def test_a_wrong_entry_can_be_replaced_and_forgotten(bulkvm: Bulkvm) -> None:
    assert bulkvm("logout", "wrong").code == 0
    assert list(read_sites(sites_file())) == ["clinic"]


def test_a_site_that_variables_describe_needs_no_file(bulkvm: Bulkvm, pbx: Starlette) -> None:
    sites_file().write_text("[clinic", "utf-8")

    assert bulkvm("plan", SAMPLES / "clinic.csv").code == 0
    assert pbx.state.traffic.counts["list"]


@pytest.fixture
def no_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home folder and without an entry in the system's list of users, as in a container."""
    assert folder.is_dir()
    pwd = pytest.importorskip("pwd", reason="Windows has no such list")

    def find(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", find)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "BULKVM_CONFIG", "BULKVM_STATE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_home", "pbx")
def test_commands_that_need_no_home_folder_work_without_one(bulkvm: Bulkvm, folder: Path) -> None:
    codes = [
        bulkvm(*command).code
        for command in (["validate", SAMPLES / "clinic.csv"], ["plan", SAMPLES / "clinic.csv"], ["export", "a.csv"])
    ]

    assert codes == [0, 0, 0]
    assert [file.name for file in folder.iterdir()] == ["a.csv"]


@pytest.mark.usefixtures("no_home")
@pytest.mark.parametrize(
    ("command", "variable"),
    [
        (["import", SAMPLES / "clinic.csv", "--yes"], "BULKVM_STATE"),
        (["runs"], "BULKVM_STATE"),
        (["plan", SAMPLES / "clinic.csv", "--site", "clinic"], "BULKVM_CONFIG"),
        (["plan", SAMPLES / "clinic.csv", "--site", "simulator"], "BULKVM_STATE"),
        (["login", "clinic"], "BULKVM_CONFIG"),
        (["sites"], "BULKVM_CONFIG"),
    ],
)
def test_without_a_home_folder_the_error_names_the_variable_to_set(
    bulkvm: Bulkvm, folder: Path, pbx: Starlette, monkeypatch: pytest.MonkeyPatch, command: list[str], variable: str
) -> None:
    if "--site" in command:
        monkeypatch.delenv("BULKVM_URL")

    ended = bulkvm(*command)

    assert ended.code == 2
    assert f"Set {variable} to a folder." in ended.err
    assert pbx.state.traffic.counts["create"] == 0
    assert list(folder.iterdir()) == []


def test_an_unwritable_file_of_sites_is_reported_before_login_prompts(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites_file().with_name("sites.toml.lock").mkdir()
    asked = io.StringIO("secret\n")
    monkeypatch.setattr(sys, "stdin", asked)

    with running(create_app()) as server:
        ended = bulkvm("login", "clinic", "--url", server.url, "--token-stdin")

    assert ended.code == 2
    assert "cannot be written" in ended.err
    assert asked.read() == "secret\n"


@pytest.mark.parametrize(
    "damage", [lambda file: file.write_text("[clinic", "utf-8"), Path.mkdir], ids=["cut", "folder"]
)
def test_an_unreadable_file_of_sites_is_reported_before_login_prompts(
    bulkvm: Bulkvm, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], object]
) -> None:
    damage(sites_file())
    asked = io.StringIO("secret\n")
    monkeypatch.setattr(sys, "stdin", asked)

    with running(create_app()) as server:
        ended = bulkvm("login", "clinic", "--url", server.url, "--token-stdin")

    assert ended.code == 2
    assert ended.err.count("cannot be") == 1
    assert [printed for printed in ("Logged in", "will be replaced", "Errno") if printed in ended.err] == []
    assert asked.read() == "secret\n"


@pytest.mark.usefixtures("one_wrong")
def test_an_unwritable_file_of_sites_is_reported_before_logout_deletes_a_secret(bulkvm: Bulkvm, ring: InMemory) -> None:
    lock = sites_file().with_name("sites.toml.lock")
    lock.unlink()
    lock.mkdir()

    ended = bulkvm("logout", "clinic")

    assert ended.code == 2
    assert "cannot be written" in ended.err
    assert [name for _, name in ring.held] == ["clinic"]


def test_a_token_is_not_revoked_where_its_site_cannot_be_removed(
    bulkvm: Bulkvm, ring: InMemory, type_in: Callable[[str], None]
) -> None:
    app = create_app()
    with running(app) as server:
        type_in(USER.token)
        assert bulkvm("login", "clinic", "--url", server.url, "--token-stdin").code == 0
        lock = sites_file().with_name("sites.toml.lock")
        lock.unlink()
        lock.mkdir()

        ended = bulkvm("logout", "clinic")

    assert ended.code == 2
    assert app.state.traffic.counts["revoke"] == 0
    assert [name for _, name in ring.held] == ["clinic"]


@pytest.mark.parametrize("by_token", [True, False], ids=["token", "password"])
def test_a_logout_during_a_run_loses_nothing(
    bulkvm: Bulkvm,
    folder: Path,
    ring: InMemory,
    monkeypatch: pytest.MonkeyPatch,
    type_in: Callable[[str], None],
    by_token: bool,  # noqa: FBT001
) -> None:
    """The site and its secret go with the first create, and all tokens end with the sixth."""
    app = create_app(faults=["expire:create:6"])
    how = ("--token-stdin",) if by_token else ("--password-stdin", "--user", USER.user, "--domain", USER.domain)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if (scope.get("method"), scope["path"]) == ("POST", BOXES) and ring.held:
            change_site(sites_file(), "clinic", None)
            forget_secret("clinic")
        await app(scope, receive, send)

    sheet = write_csv(folder / "a.csv", *rows(10))
    with running(watched) as server:
        type_in(USER.token if by_token else USER.password)
        assert bulkvm("login", "clinic", "--url", server.url, *how).code == 0

        ended = bulkvm("import", sheet, "--site", "clinic", "--yes", "--json", "--concurrency", "1")

        for name, value in {
            "URL": server.url,
            "USER": USER.user,
            "DOMAIN": USER.domain,
            "PASSWORD": USER.password,
        }.items():
            monkeypatch.setenv(f"BULKVM_{name}", value)
        again = bulkvm("import", sheet, "--yes", "--json")

    done = ended.json["counts"]
    assert (ended.code, done["created"], done["not sent"]) == ((4, 5, 5) if by_token else (0, 10, 0))
    assert not by_token or "bulkvm login" in ended.err
    assert (again.code, again.json["counts"]["unchanged"]) == (0, done["created"])
    assert ring.held == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps its locks everywhere")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS], ids=errno.errorcode.get)
def test_where_the_state_is_on_a_disk_without_locks_a_run_continues_with_a_warning(
    bulkvm: Bulkvm, pbx: Starlette, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)  # as on such a share, which no test can mount
    monkeypatch.setattr(locks, "_warned_of", set())

    ended = bulkvm("import", SAMPLES / "clinic.csv", "--yes")

    assert ended.code == 0
    assert "does not support locks: run only one program at a time there" in ended.err
    assert pbx.state.traffic.counts["create"] == 42
