"""Passwords from commands and files: used as they are, never shown, and from files that are private alone."""

import os
import stat
import sys
from functools import partial
from pathlib import Path

import pytest

from bulkvm.model.errors import FileError, UsageError
from bulkvm.sites.passwords import read_password_file, run_command, run_commands, split_command

posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")


def printing(text: str) -> list[str]:
    """A command that prints a text as it is."""
    return [sys.executable, "-c", f"import sys; sys.stdout.buffer.write({text.encode()!r})"]


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "clinic.password"
    file.touch(mode=0o600)
    return file


GOOD = {
    "sesame": "sesame",
    "sesame\n": "sesame",
    "sesame\r\n": "sesame",
    "sesame\n\n": "sesame",
    " sesame ": " sesame ",
    "\ufeffsesame": "sesame",
    "$HOME `id` 'ü' \\n": "$HOME `id` 'ü' \\n",
}
BAD = {
    "": "is empty",
    "\n": "is empty",
    " \t\n": "is empty",
    "sesame\nuser: admin\n": "more than one line",
    "sesame\0": "more than one line",
    "s" * 70_000: "more than one line",
}


@pytest.mark.parametrize("text", GOOD)
def test_the_output_of_a_password_command_is_the_password(text: str) -> None:
    assert run_command(printing(text)) == GOOD[text]


@pytest.mark.parametrize("text", GOOD)
def test_the_content_of_a_password_file_is_the_password(password_file: Path, text: str) -> None:
    password_file.write_bytes(text.encode())

    assert read_password_file(str(password_file)) == GOOD[text]


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_an_invalid_password_is_refused_and_not_shown(password_file: Path, text: str) -> None:
    password_file.write_bytes(text.encode())

    for refused in (partial(run_command, printing(text)), partial(read_password_file, str(password_file))):
        with pytest.raises(UsageError, match=BAD[text]) as refusal:
            refused()
        assert "sesame" not in str(refusal.value)


def test_bytes_in_no_encoding_are_refused_and_not_shown(password_file: Path) -> None:
    password_file.write_bytes(b"sesame\xff")
    command = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'sesame\\xff')"]

    for refused in (partial(run_command, command), partial(read_password_file, str(password_file))):
        with pytest.raises(UsageError, match="not valid UTF-8") as refusal:
            refused()
        assert "sesame" not in str(refusal.value) + str(refusal.value.__cause__)


@posix_only
def test_several_commands_run_at_once_and_each_one_once(tmp_path: Path) -> None:
    """Each command waits for the others."""
    wait = " -a ".join(f"-e {tmp_path}/{name}" for name in "abc")
    script = f"echo x >> {tmp_path}/$0; until [ {wait} ]; do sleep 0.01; done; echo $0"
    commands = [["sh", "-c", script, name] for name in "abca"]

    printed = run_commands([*commands, ["false"]], seconds=30)

    assert list(printed.values())[:3] == ["a", "b", "c"]
    assert isinstance(printed[("false",)], UsageError)
    assert (tmp_path / "a").read_text() == "x\n"


def test_nothing_that_a_failing_command_prints_is_repeated() -> None:
    code = "import sys; print('half'); sys.stderr.write('+ vault --token sesame\\nno password\\n'); sys.exit(3)"

    with pytest.raises(UsageError, match=r"exit code 3.*run the command by hand") as refusal:
        run_command([sys.executable, "-c", code])
    assert not any(word in str(refusal.value) for word in ("sesame", "half", "vault"))


@pytest.mark.parametrize("command", [["bulkvm-has-no-such-program"], ["/"], ["a\0b"], [str(Path(__file__))]])
def test_a_command_that_cannot_be_started_is_reported(command: list[str]) -> None:
    with pytest.raises(UsageError, match="cannot be started"):
        run_command(command)


@posix_only
def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    script = f"sleep 600 & echo $! > {tmp_path / 'pid'}; wait"

    with pytest.raises(UsageError, match="took longer than"):
        run_command(["sh", "-c", script], seconds=2)
    started = int((tmp_path / "pid").read_text())
    assert not _runs(started)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@posix_only
def test_a_command_gets_no_input_and_no_shell() -> None:
    assert run_command(["sh", "-c", "cat; echo sesame"]) == "sesame"
    assert run_command(["echo", "$HOME;", "|", "*"]) == "$HOME; | *"


@pytest.mark.parametrize(
    "name", ["BULKVM_TOKEN", "BULKVM_PASSWORD", "BULKVM_SIMULATOR_TOKEN", "BULKVM_SIMULATOR_PASSWORD"]
)
def test_a_command_gets_no_secret_from_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "meant-for-bulkvm")
    monkeypatch.setenv("VAULT", "clinic")
    script = f"import os; print(os.environ.get({name!r}), os.environ['VAULT'])"

    assert run_command([sys.executable, "-c", script]) == "None clinic"


@posix_only
def test_a_command_that_never_stops_printing_costs_little_memory() -> None:
    with pytest.raises(UsageError, match="more than one line"):
        run_command(["head", "-c", "300000000", "/dev/zero"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pass show bulkvm/clinic", ("pass", "show", "bulkvm/clinic")),
        ("op read 'op://Office/PBX clinic/password'", ("op", "read", "op://Office/PBX clinic/password")),
        ('sh -c "a | b"', ("sh", "-c", "a | b")),
        ("a#b $HOME *", ("a#b", "$HOME", "*")),
    ],
)
def test_a_command_is_split_as_a_shell_splits_it_and_nothing_else(text: str, words: tuple[str, ...]) -> None:
    assert split_command(text) == words


@pytest.mark.parametrize("text", ["", "  ", "pass 'show", '"'])
def test_a_command_of_no_words_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not closed"):
        split_command(text)


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o660, 0o644, 0o666, 0o777])
def test_a_file_that_others_may_read_or_change_is_refused(password_file: Path, mode: int) -> None:
    password_file.write_text("sesame")
    password_file.chmod(mode)

    with pytest.raises(FileError, match="chmod 600") as refusal:
        read_password_file(str(password_file))
    assert "sesame" not in str(refusal.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(password_file: Path) -> None:
    password_file.write_text("sesame")
    os.chown(password_file, 12345, -1)

    with pytest.raises(FileError, match="chown"):
        read_password_file(str(password_file))


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_link_to_an_own_file_is_followed(password_file: Path, mode: int) -> None:
    password_file.write_text("sesame")
    password_file.chmod(mode)
    link = password_file.with_name("link")
    link.symlink_to(password_file)

    assert read_password_file(str(link)) == "sesame"


@posix_only
@pytest.mark.parametrize(("mode", "is_read"), [(0o777, False), (0o702, False), (0o1777, True), (0o755, True)])
def test_a_file_that_others_can_replace_is_refused(password_file: Path, mode: int, *, is_read: bool) -> None:
    password_file.write_text("sesame")
    named = password_file.parent / "place" / "password"
    named.parent.mkdir()
    named.symlink_to(password_file)  # as it might be to the password of another PBX
    named.parent.chmod(mode)

    if is_read:
        assert read_password_file(str(named)) == "sesame"
    else:
        with pytest.raises(FileError, match="Other users can replace files in the folder") as refusal:
            read_password_file(str(named))
        assert "sesame" not in str(refusal.value)


@posix_only
def test_a_password_file_that_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)

    for name in ("pipe", "none", "."):
        with pytest.raises(FileError, match=r"is not a regular file|cannot be read"):
            read_password_file(str(tmp_path / name))
    with pytest.raises(FileError, match="cannot be read"):
        read_password_file(f"{tmp_path}/a\0b")


@pytest.mark.parametrize("name", ["clinic.password", "", "./x", "$HOME/x", "$CREDENTIALS_DIRECTORYx/y"])
def test_a_relative_name_is_refused_since_it_would_depend_on_the_folder(name: str) -> None:
    with pytest.raises(UsageError, match="absolute path"):
        read_password_file(name, {"CREDENTIALS_DIRECTORY": "/run"})


@posix_only
@pytest.mark.parametrize("name", ["$CREDENTIALS_DIRECTORY/clinic.password", "${CREDENTIALS_DIRECTORY}/clinic.password"])
def test_a_credential_of_a_systemd_unit_is_read_as_systemd_makes_it(password_file: Path, name: str) -> None:
    password_file.write_text("sesame")
    password_file.chmod(
        0o440 if os.geteuid() == 0 else 0o400
    )  # root's, with an access control list for the unit's user

    assert read_password_file(name, {"CREDENTIALS_DIRECTORY": str(password_file.parent)}) == "sesame"
    with pytest.raises(UsageError, match="LoadCredential="):
        read_password_file(name, {})
    password_file.chmod(0o444)
    with pytest.raises(FileError, match="other users"):
        read_password_file(name, {"CREDENTIALS_DIRECTORY": str(password_file.parent)})


@posix_only
def test_the_home_folder_can_be_written_as_a_tilde(password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    password_file.write_text("sesame")
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    monkeypatch.setenv("HOME", str(password_file.parent))

    assert read_password_file("~/clinic.password") == "sesame"
