"""`bulkvm login` as a person meets it, on a terminal."""

from pathlib import Path

import pytest
import trustme

from bulkvm.pbx.certificate import fetch_certificate
from bulkvm.simulator import Running, SimulatorSettings, create_app, running
from tests.cli.terminals import on_a_terminal

USER = SimulatorSettings()


@pytest.mark.parametrize("agreed", [True, False])
def test_a_person_is_shown_the_certificate_and_may_pin_it(tmp_path: Path, agreed: bool) -> None:  # noqa: FBT001  (a case)
    with running(create_app(), tls=True) as server, on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
        fingerprint = fetch_certificate(server.url, 5).fingerprint
        terminal.answer("PBX address", server.url)
        terminal.answer("Domain", USER.domain)
        terminal.answer("User", USER.user)
        terminal.answer("from now on?", "y" if agreed else "n")
        if agreed:
            terminal.answer("Password", USER.password)
        terminal.read_to_the_end()

    file = tmp_path / "sites.toml"
    assert f"SHA-256      {fingerprint}" in terminal.seen
    assert program.returncode == (0 if agreed else 5)
    assert file.exists() is agreed
    if agreed:
        assert f'fingerprint = "{fingerprint}"' in file.read_text("utf-8")
        assert f"Password: {USER.password}" not in terminal.seen
    else:
        assert "nothing was saved" in " ".join(terminal.seen.split())
        assert "bulkvm login" not in terminal.seen


def test_an_address_that_comes_from_a_variable_is_shown_before_the_first_question(tmp_path: Path) -> None:
    with (
        running(create_app()) as server,
        on_a_terminal(tmp_path, "login", "clinic", BULKVM_URL=server.url) as (terminal, _),
    ):
        terminal.answer("Domain", USER.domain)
        terminal.answer("User", USER.user)
        terminal.answer("Password", USER.password)
        terminal.read_to_the_end()

    assert terminal.seen.startswith(f"The address is {server.url}, from BULKVM_URL.")


def test_pressing_enter_keeps_the_stored_value(tmp_path: Path) -> None:
    with running(create_app()) as server:
        before = f'[clinic]\nurl = "{server.url}"\ndomain = "{USER.domain}"\nuser = "{USER.user}"\n'
        (tmp_path / "sites.toml").write_text(before, "utf-8")
        with on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
            for question in ("PBX address", "Domain", "User"):
                terminal.answer(question, "")
            terminal.answer("Password", USER.password)
            terminal.read_to_the_end()

    assert program.returncode == 0
    assert (tmp_path / "sites.toml").read_text("utf-8").startswith(before)


def test_a_certificate_that_a_person_pins_replaces_a_file(tmp_path: Path) -> None:
    with running(create_app(), tls=True) as server, trustme.CA().cert_pem.tempfile() as other:
        known = (
            f'[clinic]\nurl = "{server.url}"\nuser = "{USER.user}"\ndomain = "{USER.domain}"\nca_file = \'{other}\'\n'
        )
        (tmp_path / "sites.toml").write_text(known, "utf-8")
        with on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
            for question in ("PBX address", "Domain", "User"):
                terminal.answer(question, "")
            terminal.answer("from now on?", "y")
            terminal.answer("Password", USER.password)
            terminal.read_to_the_end()

    assert program.returncode == 0
    assert "ca_file" not in (tmp_path / "sites.toml").read_text("utf-8")


def site_at(server: Running) -> str:
    return f'[clinic]\nurl = "{server.url}"\ndomain = "{USER.domain}"\nuser = "{USER.user}"\n'


@pytest.mark.parametrize(
    "command", [["export", "boxes.csv"], ["doctor", "clinic"], ["backup", "nights", "--all-sites"]], ids=str
)
def test_without_a_keyring_the_password_is_prompted_for(tmp_path: Path, command: list[str]) -> None:
    with running(create_app()) as server:
        (tmp_path / "sites.toml").write_text(site_at(server), "utf-8")
        with on_a_terminal(tmp_path, *in_folder(command, tmp_path), BULKVM_STATE=str(tmp_path / "state")) as (
            terminal,
            program,
        ):
            terminal.answer(f"Password of {USER.user} of {USER.domain} at {server.url}", USER.password)
            terminal.read_to_the_end()

    assert program.returncode == (8 if command[0] == "backup" else 0)  # the PBX has no boxes
    assert terminal.seen.count(USER.password) == terminal.seen.count(USER.domain)  # it is not shown as it is typed


def in_folder(command: list[str], folder: Path) -> list[str | Path]:
    return [folder / part if part in {"boxes.csv", "nights"} else part for part in command]


@pytest.mark.parametrize("typed", ["", "WRONG"])
def test_a_person_who_gives_no_password_or_a_wrong_one_sends_nothing(tmp_path: Path, typed: str) -> None:
    with running(create_app()) as server:
        (tmp_path / "sites.toml").write_text(site_at(server), "utf-8")
        with on_a_terminal(tmp_path, "export", tmp_path / "boxes.csv") as (terminal, program):
            terminal.answer("Password of", typed)
            terminal.read_to_the_end()

    assert program.returncode == (4 if typed else 2)
    assert not (tmp_path / "boxes.csv").exists()


def test_a_wrong_address_and_a_wrong_password_are_prompted_for_again(tmp_path: Path) -> None:
    with running(create_app()) as server, on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
        terminal.answer("PBX address", "https://")
        terminal.answer("not a valid URL", "http://localhost:9")
        terminal.answer("Domain", USER.domain)
        terminal.answer("User", USER.user)
        terminal.answer("cannot be reached", server.url)
        terminal.answer("Password", "WRONG")
        terminal.answer(f"[{USER.domain}]", "")
        terminal.answer(f"User [{USER.user}]", "")
        terminal.answer("Password", USER.password)
        terminal.read_to_the_end()

    assert program.returncode == 0
    assert "rejected the user name and password" in terminal.seen
    assert "`bulkvm login" not in terminal.seen
    assert (tmp_path / "sites.toml").read_text("utf-8").startswith(site_at(server))


def test_a_login_that_stays_wrong_ends_before_the_user_is_locked_out(tmp_path: Path) -> None:
    app = create_app()
    with running(app) as server:
        (tmp_path / "sites.toml").write_text(site_at(server), "utf-8")
        with on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
            terminal.answer("PBX address", "")
            for _ in range(3):
                terminal.answer("Domain", "")
                terminal.answer("User", "")
                terminal.answer("Password", "WRONG")
            terminal.read_to_the_end()

    assert program.returncode == 4
    assert "`bulkvm login clinic`" in terminal.seen


def test_an_address_without_a_scheme_is_one_with_https(tmp_path: Path) -> None:
    with running(create_app(), tls=True) as server, on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
        terminal.answer("PBX address", server.url.removeprefix("https://"))
        terminal.answer("Domain", USER.domain)
        terminal.answer("User", USER.user)
        terminal.answer("from now on?", "y")
        terminal.answer("Password", USER.password)
        terminal.read_to_the_end()

    assert program.returncode == 0
    assert f'url = "{server.url}"' in (tmp_path / "sites.toml").read_text("utf-8")


@pytest.mark.parametrize("command", [["export", "boxes.csv"], ["doctor"], ["backup", "nights", "--all-sites"]], ids=str)
def test_advice_to_log_in_names_the_site(tmp_path: Path, command: list[str]) -> None:
    with running(create_app(), tls=True) as server:
        (tmp_path / "sites.toml").write_text(site_at(server), "utf-8")
        known = {"BULKVM_SITE": "clinic", "BULKVM_PASSWORD": USER.password, "BULKVM_STATE": str(tmp_path / "state")}
        with on_a_terminal(tmp_path, *in_folder(command, tmp_path), **known) as (terminal, program):
            terminal.read_to_the_end()

    assert program.returncode == 5
    assert "`bulkvm login clinic`" in terminal.seen


def test_ctrl_c_at_the_prompt_for_a_password_sends_nothing(tmp_path: Path) -> None:
    with running(create_app()) as server:
        (tmp_path / "sites.toml").write_text(site_at(server), "utf-8")
        with on_a_terminal(tmp_path, "export", tmp_path / "boxes.csv") as (terminal, program):
            terminal.wait_for("Password of")
            terminal.interrupt(program)
            terminal.read_to_the_end()

    assert program.returncode == 130
    assert "Stopped. Nothing was sent." in terminal.seen
