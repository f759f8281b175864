"""Sites through the command line: set up, listed, used, checked, forgotten; and no secret where none belongs."""

import io
import json
import logging
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import keyring
import platformdirs
import pytest
from starlette.applications import Starlette

import bulkvm.cli.main as commands
from bulkvm import paths as places
from bulkvm.cli.main import COMMANDS
from bulkvm.files.locks import locked
from bulkvm.model.errors import LockHeld
from bulkvm.model.tenant import normalize_url
from bulkvm.simulator import FaultRules, Running, SimulatorSettings, create_app, running
from tests.cli.program import SAMPLES, Bulkvm, CommandResult, sites_file
from tests.keyrings import NONE, InMemory
from tests.pbx.servers import Overheard

USER = SimulatorSettings()
NAMED = ("--user", USER.user, "--domain", USER.domain)

SHOWN = f"{USER.tenant_name} ({USER.domain}) on localhost"

Login = Callable[..., CommandResult]


@pytest.fixture
def secure(app: Starlette) -> Iterator[Running]:
    with running(app, tls=True) as server:
        yield server


@pytest.fixture
def login(bulkvm: Bulkvm, ring: InMemory, secure: Running, monkeypatch: pytest.MonkeyPatch) -> Login:
    """`bulkvm login` of this name at the secure PBX, with the secret on standard input."""
    assert not ring.held

    def log_in(name: str, *options: str, secret: str = USER.password) -> CommandResult:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{secret}\n"))
        how = options if "--token-stdin" in options else (*NAMED, "--password-stdin", *options)
        return bulkvm("login", name, "--url", secure.url, "--ca-file", str(secure.certificate), *how)

    return log_in


def held(ring: InMemory) -> dict[str, str]:
    """The secrets in a keyring, by the site's name."""
    return {name: json.loads(entry)["secret"] for (_, name), entry in ring.held.items()}


class Turns(InMemory):
    """Records whether another program could have changed the same file at each change of the keyring."""

    def __init__(self, lock: Path) -> None:
        super().__init__()
        self._lock = lock
        self.could_change: list[bool] = []

    def _record(self) -> None:
        try:
            with locked(self._lock):
                self.could_change.append(True)
        except LockHeld:
            self.could_change.append(False)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._record()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        self._record()
        super().delete_password(service, username)


def test_logins_and_logouts_take_turns_at_the_keyring(bulkvm: Bulkvm, login: Login) -> None:
    file = sites_file()
    turns = Turns(file.with_name(f"{file.name}.lock"))
    keyring.set_keyring(turns)

    assert (login("clinic").code, login("other").code, bulkvm("logout", "other").code) == (0, 0, 0)

    assert turns.could_change == [False, False, False]
    assert held(turns) == {"clinic": USER.password}


def test_an_entry_of_0_1_0_is_bound_in_turn_with_logins(bulkvm: Bulkvm, login: Login, ring: InMemory) -> None:
    login("clinic")
    file = sites_file()
    turns = Turns(file.with_name(f"{file.name}.lock"))
    turns.held = dict.fromkeys(ring.held, USER.password)
    keyring.set_keyring(turns)

    assert bulkvm("export", "boxes.csv").code == 0

    assert turns.could_change == [False]
    assert held(turns) == {"clinic": USER.password}


@pytest.mark.parametrize(
    ("options", "secret"), [((), USER.password), (("--token-stdin",), USER.token)], ids=["password", "token"]
)
def test_a_site_that_was_set_up_is_used_by_its_name(
    bulkvm: Bulkvm, login: Login, ring: InMemory, options: tuple[str, ...], secret: str
) -> None:
    assert login("clinic", *options, secret=secret).code == 0

    assert held(ring) == {"clinic": secret}
    assert secret not in tomllib.loads(sites_file().read_text("utf-8"))["clinic"].values()
    assert bulkvm("import", SAMPLES / "clinic.csv", "--site", "clinic", "--yes", "--result", "r.csv").code == 0
    assert bulkvm("export", "boxes.csv").code == 0  # the only site needs no name
    assert bulkvm("doctor", "clinic").code == 0


def test_sites_are_listed_with_how_they_are_trusted_and_without_their_secrets(
    bulkvm: Bulkvm, login: Login, ring: InMemory, secure: Running
) -> None:
    login("clinic", "--max-rps", "150", "--concurrency", "16")
    login("practice", "--token-stdin", secret=USER.token)
    del ring.held["bulkvm", "practice"]

    reported, as_json = bulkvm("sites"), bulkvm("sites", "--json").json

    assert reported.out.count(secure.url) == 2
    assert f"admin of {USER.domain}; the password is in the keyring" in reported.out
    assert "no token is stored" in reported.out
    assert str(secure.certificate) in reported.out
    assert reported.out.count("at most  150 requests per second, 16 at once") == 1
    assert reported.out.count(f"tenant   {SHOWN}") == 2
    tenant = {"pbx": normalize_url(secure.url), "id": USER.tenant_id, "name": USER.tenant_name, "domain": USER.domain}
    assert as_json == {
        "schema": 1,
        "sites": [
            {"name": "clinic", "url": secure.url, "domain": USER.domain, "user": "admin", "switch_to": None,
             "ca_file": str(secure.certificate), "fingerprint": None, "max_rps": 150, "concurrency": 16,
             "tenant": tenant, "secret_stored": True, "secret_from": "keyring"},
            {"name": "practice", "url": secure.url, "domain": None, "user": None, "switch_to": None,
             "ca_file": str(secure.certificate), "fingerprint": None, "max_rps": None, "concurrency": None,
             "tenant": tenant, "secret_stored": False, "secret_from": None},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "shown"),
    [((), "at most 20 requests"), (("--max-rps", "5"), "at most 5 requests"), (("--max-rps", "0"), "is not limited")],
)
def test_the_limits_of_a_site_apply_unless_others_are_given(
    bulkvm: Bulkvm, login: Login, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], shown: str
) -> None:
    monkeypatch.delenv("BULKVM_MAX_RPS", raising=False)
    login("clinic", "--max-rps", "20")
    login("clinic")  # keeps them

    assert shown in bulkvm("doctor", "clinic", *options).out


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", SAMPLES / "clinic.csv"],
        ["import", SAMPLES / "clinic.csv", "--yes"],
        ["export", "boxes.csv"],
        ["backup", "backups"],
        ["diff", SAMPLES / "clinic.csv"],
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("by", [(), ("--token-stdin",)], ids=["by password", "by token"])
def test_a_site_whose_login_reaches_another_tenant_than_at_its_setup_is_refused_before_anything_is_read(
    bulkvm: Bulkvm, login: Login, app: Starlette, folder: Path, by: tuple[str, ...], arguments: list[str | Path]
) -> None:
    assert login("clinic", *by, secret=USER.token if by else USER.password).code == 0
    listed = app.state.traffic.counts["list"]
    app.state.faults = FaultRules(["other-tenant:tenant:1-99"])

    refused = bulkvm(*arguments)

    assert refused.code == 4
    assert SHOWN in refused.err
    assert "bulkvm login" in refused.err
    assert app.state.traffic.counts["list"] == listed
    assert app.state.traffic.counts["create"] == 0
    assert not [*folder.glob("boxes.csv"), *folder.glob("backups/*.csv")]

    changed = login("clinic", *by, secret=USER.token if by else USER.password)

    assert changed.code == 0
    assert f"The site clinic was {SHOWN}" in changed.err
    assert bulkvm(*arguments).code != 4


def test_a_pbx_that_does_not_show_its_tenant_is_used_as_before(bulkvm: Bulkvm, login: Login, app: Starlette) -> None:
    app.state.faults = FaultRules(["403:tenant:1-99"])
    for name, by in (("clinic", ()), ("practice", ("--token-stdin",))):
        assert login(name, *by, secret=USER.token if by else USER.password).code == 0

    reported = bulkvm("sites").out

    assert f"tenant   {USER.domain} on localhost" in reported
    assert "tenant   not known" in reported
    for name in ("clinic", "practice"):
        assert bulkvm("import", SAMPLES / "clinic.csv", "--yes", "--site", name).code == 0
    assert bulkvm("undo", "last", "--yes", "--site", "practice").code == 0


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        ("", "the system's certificate authorities"),
        ("fingerprint = 'AB:CD'", "only the certificate AB:CD"),
        ("ca_file = '/pbx.pem'", "the certificates in /pbx.pem"),
    ],
)
def test_a_list_of_sites_shows_how_each_is_trusted(bulkvm: Bulkvm, ring: InMemory, trust: str, words: str) -> None:
    sites_file().write_text(f"[clinic]\nurl = 'https://pbx'\n{trust}", "utf-8")

    assert not ring.held
    assert f"trusts   {words}" in bulkvm("sites").out


def test_a_list_without_sites_is_reported(bulkvm: Bulkvm, ring: InMemory) -> None:
    ended = bulkvm("sites")

    assert (ended.code, ended.out, ring.held) == (0, "", {})
    assert "bulkvm login" in ended.err


def test_logout_revokes_a_token_and_forgets_the_site(
    bulkvm: Bulkvm, login: Login, ring: InMemory, app: Starlette
) -> None:
    login("clinic")
    login("practice", "--token-stdin", secret=USER.token)

    assert bulkvm("logout", "practice").code == 0
    assert app.state.traffic.counts["revoke"] == 1
    assert bulkvm("export", "boxes.csv", "--site", "practice").code == 2
    assert login("again", "--token-stdin", secret=USER.token).code == 4  # it can no longer be used
    assert bulkvm("logout", "clinic").code == 0
    assert (ring.held, sites_file().read_text("utf-8")) == ({}, "")
    assert bulkvm("logout", "clinic").code == 2


def test_an_expired_token_is_not_revoked(bulkvm: Bulkvm, login: Login, ring: InMemory, app: Starlette) -> None:
    login("clinic", "--token-stdin", secret=USER.token)
    app.state.faults = FaultRules(["expire:revoke:1"])

    assert bulkvm("logout", "clinic").code == 0
    assert ring.held == {}


def test_a_site_whose_pbx_is_gone_is_forgotten_and_its_token_reported_as_still_valid(
    bulkvm: Bulkvm, ring: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(create_app()) as server:
        monkeypatch.setattr(sys, "stdin", io.StringIO(USER.token))
        bulkvm("login", "clinic", "--url", server.url, "--token-stdin")

    ended = bulkvm("logout", "clinic")

    assert ended.code == 5
    assert "could not be revoked" in ended.err
    assert (ring.held, sites_file().read_text("utf-8")) == ({}, "")


@pytest.mark.parametrize(
    ("options", "secret"), [((), "WRONG"), (("--token-stdin",), "WRONG")], ids=["password", "token"]
)
def test_a_login_that_is_refused_leaves_nothing_behind(
    login: Login, ring: InMemory, options: tuple[str, ...], secret: str
) -> None:
    ended = login("clinic", *options, secret=secret)

    assert ended.code == 4
    assert "WRONG" not in ended.err
    assert not sites_file().exists()
    assert ring.held == {}


def test_a_login_that_is_refused_leaves_a_site_as_it_was(bulkvm: Bulkvm, login: Login) -> None:
    login("clinic")
    before = sites_file().read_bytes()

    assert login("clinic", "--user", "other", secret="WRONG").code == 4
    assert sites_file().read_bytes() == before
    assert bulkvm("doctor", "clinic").code == 0


def test_logging_in_again_needs_only_the_password(
    bulkvm: Bulkvm, login: Login, ring: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    login("clinic")
    ring.held.clear()
    monkeypatch.setattr(sys, "stdin", io.StringIO(USER.password))

    assert bulkvm("login", "clinic", "--password-stdin").code == 0
    assert held(ring) == {"clinic": USER.password}


@pytest.mark.parametrize(
    ("given", "options", "kept"),
    [
        (f"\ufeff{USER.token}\r\n", ("--token-stdin",), USER.token),
        (f"  {USER.token}\t\n", ("--token-stdin",), USER.token),
        (f"\ufeff{USER.password}\r\n", (), USER.password),
    ],
    ids=["a token by PowerShell", "a token that was pasted", "a password by PowerShell"],
)
def test_white_space_and_a_byte_order_mark_around_a_secret_are_removed(
    login: Login, ring: InMemory, given: str, options: tuple[str, ...], kept: str
) -> None:
    assert login("clinic", *options, secret=given).code == 0
    assert held(ring) == {"clinic": kept}


def test_a_blank_at_the_end_of_a_password_is_part_of_it(login: Login, ring: InMemory) -> None:
    assert login("clinic", secret=f"{USER.password} ").code == 4
    assert ring.held == {}


@pytest.mark.parametrize("how", [("--token-stdin",), (*NAMED, "--password-stdin")])
def test_a_secret_in_another_encoding_is_reported_and_not_shown(
    bulkvm: Bulkvm, secure: Running, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SESAM\xff\n"), "utf-8"))

    ended = bulkvm("login", "clinic", "--url", secure.url, "--ca-file", str(secure.certificate), *how, "--debug")

    assert ended.code == 2
    assert "not valid UTF-8" in ended.err
    assert "SESAM" not in ended.err


def test_without_a_keyring_a_site_is_used_with_a_variable(
    bulkvm: Bulkvm, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.set_keyring(NONE)

    assert "BULKVM_TOKEN" in login("practice", "--token-stdin", secret=USER.token).err
    ended = login("clinic")
    without = bulkvm("export", "boxes.csv", "--site", "clinic")
    monkeypatch.setenv("BULKVM_PASSWORD", USER.password)
    unnamed = bulkvm("export", "boxes.csv", "--site", "clinic")
    monkeypatch.setenv("BULKVM_SITE", "clinic")

    assert ended.code == 0
    assert "no working keyring" in ended.err
    assert "BULKVM_PASSWORD" in ended.err
    assert (without.code, unnamed.code) == (2, 2)
    assert "BULKVM_PASSWORD" in without.err
    assert "Set BULKVM_SITE=clinic" in unnamed.err
    assert bulkvm("export", "boxes.csv", "--site", "clinic").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["simulator", "--password-stdin"], "built-in"),
        (["a/b", "--password-stdin"], "not a valid name"),
        (["clinic", "--password-stdin", "--token-stdin"], "not both"),
        (["clinic", "--password-stdin"], "--url"),
        (["clinic", "--url", "https://pbx:port", "--token-stdin"], "not a valid URL"),
        (["clinic", "--url", "https://pbx.invalid", "--password-stdin"], "--user"),
        (["clinic", "--url", "http://pbx.invalid", "--token-stdin"], "--allow-http"),
    ],
)
def test_an_invalid_combination_of_login_options_is_refused(
    bulkvm: Bulkvm, ring: InMemory, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("simulator"))

    ended = bulkvm("login", *arguments)

    assert (ended.code, ended.out, ring.held) == (2, "", {})
    assert words in ended.err


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [("", ("--token-stdin",), "No password or token was given"), ("x", NAMED, "--password-stdin")],
)
def test_a_login_without_a_secret_is_refused(
    bulkvm: Bulkvm, secure: Running, monkeypatch: pytest.MonkeyPatch, given: str, options: tuple[str, ...], words: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))

    ended = bulkvm("login", "clinic", "--url", secure.url, "--ca-file", str(secure.certificate), *options)

    assert ended.code == 2
    assert words in ended.err


def test_without_a_person_a_certificate_of_an_unknown_authority_is_not_pinned(
    bulkvm: Bulkvm, ring: InMemory, secure: Running, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(USER.token))

    ended = bulkvm("login", "clinic", "--url", secure.url, "--token-stdin")

    assert ended.code == 5
    assert not sites_file().exists()
    assert (ring.held, len(app.state.traffic.log)) == ({}, 0)


CALLING: list[list[str | Path]] = [
    ["plan", SAMPLES / "clinic.csv"],
    ["import", SAMPLES / "clinic.csv", "--yes", "--result", "r.csv"],
    ["export", "boxes.csv"],
    ["backup", "nights"],
    ["backup", "nights", "--all-sites"],
    ["diff", "boxes.csv"],
    ["template", "boxes.xlsx", "--from-site", "clinic"],
    ["undo", "last", "--yes"],
    ["doctor", "clinic"],
    ["login", "clinic", "--password-stdin"],
    ["logout", "clinic"],
]


@pytest.mark.parametrize("by", ["option", "variable"])
def test_insecure_causes_a_warning_at_every_use(
    bulkvm: Bulkvm, login: Login, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    login("clinic")
    if by == "variable":
        monkeypatch.setenv("BULKVM_INSECURE", "1")
    printed = ["--insecure"] if by == "option" else []

    for command in CALLING:
        monkeypatch.setattr(sys, "stdin", io.StringIO(USER.password))
        ended = bulkvm(*command, "--quiet", *printed)
        assert ended.code == 0, command
        assert "WARNING: --insecure" in ended.err, command
    assert "insecure" not in sites_file().read_text("utf-8")


def test_no_other_command_calls_a_pbx() -> None:
    context = click.Context(commands.bulkvm)
    calling = {name for name in COMMANDS if "--insecure" in _options(commands.bulkvm.get_command(context, name))}

    assert calling == {str(command[0]) for command in CALLING} | {"tenants"}  # for system administrators


def _options(command: click.Command | None) -> list[str]:
    return [option for parameter in command.params for option in parameter.opts] if command else []


def test_a_certificate_file_replaces_a_pin(bulkvm: Bulkvm, login: Login) -> None:
    sites_file().write_text(f"[clinic]\nurl = 'https://pbx'\nfingerprint = '{'AB' * 32}'\n", "utf-8")

    assert login("clinic").code == 0
    assert "fingerprint" not in sites_file().read_text("utf-8")
    assert bulkvm("doctor", "clinic").code == 0


def test_the_sites_are_kept_where_the_platform_keeps_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BULKVM_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    file = places.sites_file()

    assert file == platformdirs.user_config_path("bulkvm", appauthor=False) / "sites.toml"
    assert file.is_relative_to(tmp_path) is (sys.platform not in {"win32", "darwin"})


@pytest.mark.parametrize(("site", "code"), [("clinic", 0), ("simulator", 0), ("hospital", 2)])
def test_doctor_reports_each_check_in_json_too(bulkvm: Bulkvm, login: Login, site: str, code: int) -> None:
    login("clinic")

    ended = bulkvm("doctor", site, "--json")

    assert ended.code == code
    if code == 0:
        assert ended.json["site"] == site
        assert {check["ok"] for check in ended.json["checks"]} == {True}
        assert all(f"ok      {check['check']}" in ended.err for check in ended.json["checks"])


def test_doctor_ends_with_the_code_of_the_first_failure(bulkvm: Bulkvm, login: Login, ring: InMemory) -> None:
    login("clinic")
    ring.held["bulkvm", "clinic"] = json.dumps(json.loads(ring.held["bulkvm", "clinic"]) | {"secret": "WRONG"})

    ended = bulkvm("doctor", "clinic", "--json")

    assert ended.code == 4
    assert [check["check"] for check in ended.json["checks"] if not check["ok"]] == ["login"]
    assert "FAILED  login" in ended.err


PASSWORD, TOKEN = "OPEN-SESAME-PASSWORD", "OPEN-SESAME-TOKEN"


def test_no_secret_is_in_anything_that_is_printed_logged_or_written(
    bulkvm: Bulkvm, ring: InMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    app = create_app(
        settings=SimulatorSettings(password=PASSWORD, token=TOKEN),
        faults=["expire:policy:every=2", "503:login:4", "401:list:9"],
    )
    pbx = Overheard(app)
    printed = []
    with running(pbx, tls=True) as server:
        monkeypatch.setenv("BULKVM_CA_FILE", str(server.certificate))
        for name, secret, how in (("one", PASSWORD, (*NAMED, "--password-stdin")), ("two", TOKEN, ("--token-stdin",))):
            monkeypatch.setattr(sys, "stdin", io.StringIO(secret))
            printed.append(bulkvm("login", name, "--url", server.url, *how, "-v"))
            printed.append(bulkvm("sites", "--json"))
            printed.append(bulkvm("doctor", name, "--json", "-v"))
            printed.append(bulkvm("doctor", name, "--insecure", "-v"))
            printed.append(bulkvm("export", f"{name}.json", "--site", name, "-v", "--retries", "1"))
            printed.append(
                bulkvm("import", SAMPLES / "clinic.csv", "--site", name, "--yes", "-v", "--result", f"{name}.csv")
            )
            printed.append(bulkvm("logout", name, "-v"))

    files = "".join(file.read_text("utf-8", "replace") for file in tmp_path.rglob("*") if file.is_file())
    everything = files + "".join(map(repr, printed)) + caplog.text + str(app.state.traffic.log)
    assert len(set(pbx.tokens)) > 6
    assert {ended.code for ended in printed} > {0}  # some commands fail, so that error messages are checked too
    assert [secret for secret in (PASSWORD, TOKEN, *pbx.tokens) if secret in everything] == []
    assert not ring.held
