"""Where a site's password comes from, and that it goes to no other PBX."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from bulkvm.simulator import Running, SimulatorSettings, create_app, running
from tests.altered_pbx import AlteredPbx
from tests.cli.program import SAMPLES, Bulkvm, CommandResult, sites_file
from tests.keyrings import NONE, InMemory

pytestmark = pytest.mark.usefixtures("ring")

USER = SimulatorSettings(password="OPEN-SESAME-1", token="OPEN-SESAME-2")
LOGIN = ("--user", USER.user, "--domain", USER.domain)
PATIENCE = ("--retries", "1", "--max-outage", "0", "--timeout", "5")

COMMANDS: list[list[str | Path]] = [
    ["plan", SAMPLES / "clinic.csv"],
    ["import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv"],
    ["export", "boxes.csv"],
    ["backup", "nights"],
    ["diff", "boxes.csv"],
    ["undo", "last", "--yes"],
]


@pytest.fixture
def clinic() -> Iterator[Running]:
    with running(create_app(settings=USER)) as server:
        yield server


@pytest.fixture
def stranger() -> AlteredPbx:
    """A PBX of someone else, which keeps all that was sent to it."""
    return AlteredPbx(create_app())


@pytest.fixture
def elsewhere(stranger: AlteredPbx) -> Iterator[Running]:
    with running(stranger) as server:
        yield server


@pytest.fixture
def password_file(folder: Path) -> Path:
    file = folder / "clinic.password"
    file.touch(mode=0o600)
    file.write_text(f"{USER.password}\n")
    return file


def set_up(*entries: str) -> None:
    sites_file().write_text("\n".join(entries), "utf-8")


def entry(name: str, url: str, more: str = "") -> str:
    return f"[{name}]\nurl = '{url}'\nuser = '{USER.user}'\ndomain = '{USER.domain}'\n{more}"


def option_for(way: str, file: Path) -> tuple[str, ...]:
    if way == "file":
        return ("--password-file", str(file))
    return ("--password-command", shlex.join([sys.executable, "-c", f"print(open({str(file)!r}).read())"]))


@pytest.mark.parametrize("way", ["file", "command"])
def test_a_site_whose_password_comes_from_elsewhere_is_used_by_every_command_without_a_keyring(
    bulkvm: Bulkvm, clinic: Running, password_file: Path, way: str
) -> None:
    keyring.set_keyring(NONE)

    ended = [bulkvm("login", "clinic", "--url", clinic.url, *LOGIN, *option_for(way, password_file))]
    ended += [bulkvm(*command, "-v") for command in COMMANDS]
    ended += [bulkvm("doctor", "clinic"), bulkvm("template", "t.xlsx", "--from-site", "clinic")]
    ended += [bulkvm("backup", "nights", "--all-sites", "--force"), bulkvm("login", "clinic", "-v")]

    assert [end.code for end in ended] == [0] * len(ended)
    assert USER.password not in repr(ended) + sites_file().read_text("utf-8")


@pytest.mark.parametrize("way", ["file", "command"])
def test_a_list_of_sites_shows_where_the_password_comes_from_and_gets_none(
    bulkvm: Bulkvm, clinic: Running, password_file: Path, way: str
) -> None:
    bulkvm("login", "clinic", "--url", clinic.url, *LOGIN, *option_for(way, password_file))
    password_file.unlink()

    reported, document = bulkvm("sites").out, bulkvm("sites", "--json").json

    assert (f"is in {password_file}" if way == "file" else f"from the command {sys.executable}") in reported
    assert document["sites"][0]["secret_from"] == f"password_{way}"
    assert bulkvm("logout", "clinic").code == 0


@pytest.mark.parametrize("way", ["file", "command"])
@pytest.mark.parametrize("changed", ["--url", "--user", "--domain"])
def test_a_site_that_becomes_another_login_does_not_send_the_password_of_the_former_one(
    bulkvm: Bulkvm,
    clinic: Running,
    stranger: AlteredPbx,
    elsewhere: Running,
    password_file: Path,
    way: str,
    changed: str,
) -> None:
    bulkvm("login", "clinic", "--url", clinic.url, *LOGIN, *option_for(way, password_file))
    entry_before = sites_file().read_text("utf-8")
    new = (changed, elsewhere.url if changed == "--url" else "another")

    refused = bulkvm("login", "clinic", *new)
    entry_after, sent_before = sites_file().read_text("utf-8"), list(stranger.asked)
    given_again = bulkvm("login", "clinic", *new, *option_for(way, password_file))

    assert refused.code == 2
    assert f"the user {USER.user} of {USER.domain} at {clinic.url}" in refused.err
    assert (entry_after, sent_before) == (entry_before, [])
    assert given_again.code == 4  # it is sent where that is asked for, and not right there
    assert (USER.password in repr(stranger.asked)) is (changed == "--url")


@pytest.mark.parametrize("way", ["file", "command"])
def test_a_password_that_cannot_be_fetched_fails_one_site_only_and_doctor_checks_the_rest(
    bulkvm: Bulkvm, clinic: Running, password_file: Path, way: str
) -> None:
    bulkvm("login", "one", "--url", clinic.url, *LOGIN, *option_for(way, password_file))
    bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv")
    two = password_file.rename(password_file.with_name("two"))
    bulkvm("login", "two", "--url", clinic.url, *LOGIN, *option_for(way, two))

    alone, both, checked = (
        bulkvm("export", "--site", "one", "boxes.csv"),
        bulkvm("backup", "nights", "--all-sites"),
        bulkvm("doctor", "one", "--json"),
    )

    assert (alone.code, both.code, checked.code) == (2, 2, 2)
    assert f"The password_{way} " in alone.err
    assert both.err.splitlines()[-1] == "2 sites: 1 backed up, 1 failed."
    assert both.err.startswith("one: No backup was made. ")
    assert [(check["check"], check["ok"]) for check in checked.json["checks"]] == [
        ("name", True),
        ("port", True),
        ("TLS", True),
        ("clock", True),
        ("login", False),
    ]


def test_a_login_with_a_password_replaces_a_command_or_file_and_the_other_way_round(
    bulkvm: Bulkvm, clinic: Running, password_file: Path, ring: InMemory, type_in: Callable[[str], None]
) -> None:
    login = ("login", "clinic", "--url", clinic.url, *LOGIN)
    type_in(USER.password)
    stored = (bulkvm(*login, "--password-stdin").code, len(ring.held), sites_file().read_text("utf-8"))

    by_file = (bulkvm(*login, "--password-file", password_file).code, len(ring.held))
    by_command = (
        bulkvm(*login, *option_for("command", password_file)).code,
        "password_file" in sites_file().read_text(),
    )
    type_in(USER.password)
    again = (bulkvm(*login, "--password-stdin").code, len(ring.held), sites_file().read_text("utf-8"))

    assert (by_file, by_command) == ((0, 0), (0, False))
    assert stored == again
    assert stored[:2] == (0, 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--password-file", "x", "--password-stdin"], "--password-stdin or --password-file"),
        (["--password-file", "x", "--password-command", "y"], "--password-command or --password-file"),
        (["--password-command", "y", "--token-stdin"], "--token-stdin or --password-command"),
        (["--password-command", ""], "is empty"),
        (["--password-file", ""], "is empty"),
        (["--password-file", "not-there"], "cannot be read"),
        (["--password-command", "echo WRONG"], "rejected the user name and password"),
        ([], "--password-command or --password-file"),
    ],
)
def test_a_login_by_a_source_that_gives_no_password_leaves_nothing_behind(
    bulkvm: Bulkvm, clinic: Running, options: list[str], words: str
) -> None:
    ended = bulkvm("login", "clinic", "--url", clinic.url, *LOGIN, *options)

    assert ended.code in {2, 4}
    assert words in ended.err
    assert not sites_file().exists()


MOVED = ["in the file", "keyring of 0.1.0", "another site by option", "the only site", "leftover address"]


@pytest.mark.parametrize("how", MOVED)
def test_no_secret_goes_to_another_pbx(
    bulkvm: Bulkvm,
    clinic: Running,
    elsewhere: Running,
    stranger: AlteredPbx,
    ring: InMemory,
    monkeypatch: pytest.MonkeyPatch,
    type_in: Callable[[str], None],
    how: str,
) -> None:
    other: list[str | Path] = []
    type_in(USER.password)
    assert bulkvm("login", "clinic", "--url", clinic.url, *LOGIN, "--password-stdin").code == 0
    assert bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--result", "first.csv").code == 0
    assert bulkvm("export", "boxes.csv").code == 0
    stored = json.loads(ring.held["bulkvm", "clinic"])
    match how:
        case "in the file":
            set_up(entry("clinic", elsewhere.url))
        case "keyring of 0.1.0":
            ring.held["bulkvm", "clinic"] = stored["secret"]
            bulkvm("doctor", "clinic")
            set_up(entry("clinic", elsewhere.url))
        case "another site by option":
            set_up(entry("clinic", clinic.url), entry("other", elsewhere.url))
            monkeypatch.setenv("BULKVM_SITE", "clinic")
            monkeypatch.setenv("BULKVM_PASSWORD", USER.password)
            other = ["other"]
        case "the only site":
            set_up(entry("other", elsewhere.url))
            monkeypatch.setenv("BULKVM_TOKEN", USER.token)
        case "leftover address":
            monkeypatch.setenv("BULKVM_URL", elsewhere.url)
            monkeypatch.setenv("BULKVM_SITE", "clinic")

    to_other = ["--site", *other] if other else []
    ended = [bulkvm(*command, *to_other, *PATIENCE) for command in COMMANDS]
    ended.append(bulkvm("doctor", *other, *PATIENCE))
    everywhere = bulkvm("backup", "nights", "--all-sites", *PATIENCE)

    assert [end.code for end in ended] == [2] * len(ended)
    assert everywhere.code in ({0, 2} if how == "leftover address" else {2})
    reported = repr([stranger.asked, *ended, everywhere])
    assert not any(secret in reported for secret in (USER.password, USER.token, "grant_type"))


def test_the_token_of_a_site_that_moved_is_forgotten_and_sent_nowhere(
    bulkvm: Bulkvm,
    clinic: Running,
    elsewhere: Running,
    stranger: AlteredPbx,
    ring: InMemory,
    type_in: Callable[[str], None],
) -> None:
    type_in(USER.token)
    assert bulkvm("login", "clinic", "--url", clinic.url, "--token-stdin").code == 0
    set_up(f"[clinic]\nurl = '{elsewhere.url}'\n")

    ended = bulkvm("logout", "clinic")

    assert ended.code == 0
    assert (ring.held, stranger.asked) == ({}, [])


def test_a_leftover_address_does_not_move_a_site_that_is_set_up_again(
    bulkvm: Bulkvm,
    clinic: Running,
    elsewhere: Running,
    stranger: AlteredPbx,
    monkeypatch: pytest.MonkeyPatch,
    type_in: Callable[[str], None],
) -> None:
    set_up(entry("clinic", clinic.url))
    type_in(USER.password)
    monkeypatch.setenv("BULKVM_URL", elsewhere.url)

    ended = bulkvm("login", "clinic", "--password-stdin")

    assert ended.code == 2
    assert "BULKVM_URL names another PBX" in ended.err
    assert stranger.asked == []
    type_in(USER.password)
    assert bulkvm("login", "clinic", "--password-stdin", "--url", clinic.url).code == 0


def test_a_pinned_certificate_is_not_ignored(
    bulkvm: Bulkvm, stranger: AlteredPbx, type_in: Callable[[str], None], ring: InMemory
) -> None:
    with running(stranger, tls=True) as server:
        set_up(entry("clinic", server.url, f"fingerprint = '{'AB' * 32}'\n"))
        ring.held["bulkvm", "clinic"] = USER.password
        ended: list[CommandResult] = [bulkvm(*command, "--insecure") for command in COMMANDS[:4]]
        type_in(USER.password)
        ended += [bulkvm("doctor", "clinic", "--insecure"), bulkvm("login", "clinic", "--password-stdin", "--insecure")]

    assert {end.code for end in ended} == {2}
    assert all("is pinned, so --insecure" in end.err for end in ended)
    assert stranger.asked == []
