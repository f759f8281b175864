"""Fetches the password or token of a site from its password command, its password file, or the keyring."""

import asyncio
import os
import shlex
import signal
import stat
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bulkvm.files.ownership import can_be_changed_by_others
from bulkvm.model.errors import FileError, UsageError
from bulkvm.model.settings import Site
from bulkvm.sites.keyring_store import read_secret
from bulkvm.text import printable

_TIMEOUT: Final = 60.0  # seconds for a command
_AT_ONCE: Final = 8  # commands
_NONE: Final[Mapping[tuple[str, ...], "str | UsageError"]] = {}
_MAX_BYTES: Final = 65_536  # of a file, or of the output of a command
# Secrets of bulkvm that other programs do not get.
_SECRET: Final = frozenset({"BULKVM_TOKEN", "BULKVM_PASSWORD", "BULKVM_SIMULATOR_TOKEN", "BULKVM_SIMULATOR_PASSWORD"})
_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"  # systemd's folder for LoadCredential=


def fetch_secret(site: Site, printed: Mapping[tuple[str, ...], "str | UsageError"] = _NONE) -> str | None:
    """Fetch the secret of a site; None if its entry has no command and no file, and the keyring has none.

    Args:
        site: the entry of the site.
        printed: what password commands printed that were run before, as `run_commands` returns it.

    Raises:
        FileError, UsageError: it cannot be read.
    """
    if site.password_command:
        before = printed.get(tuple(site.password_command))
        if isinstance(before, UsageError):
            raise before
        secret: str | None = before or run_command(site.password_command)
    elif site.password_file:
        secret = read_password_file(site.password_file)
    else:
        secret = read_secret(site)
    return secret if site.user or not secret else secret.strip()  # tokens have no surrounding spaces


def split_command(text: str) -> tuple[str, ...]:
    """Split a command into words as a POSIX shell does, without variables, patterns, pipes or redirections.

    Raises:
        UsageError: it is empty, or a quotation mark is not closed.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if os.name == "nt":
        lexer.escape = ""  # the backslash separates folders there
    try:
        words = tuple(lexer)
    except ValueError:
        words = ()
    if not words:
        raise UsageError("The password_command is empty, or a quotation mark in it is not closed.")
    return words


def run_command(command: Sequence[str], *, seconds: float = _TIMEOUT) -> str:
    """Run a command without a shell and without input, and read the password that it prints.

    Raises:
        UsageError: it cannot be started, times out, fails, or prints no password. Its output is never shown.
    """
    return asyncio.run(_fetch(command, seconds))


def run_commands(
    commands: Iterable[Sequence[str]], *, seconds: float = _TIMEOUT
) -> Mapping[tuple[str, ...], str | UsageError]:
    """Run several commands as `run_command` does, each once and some at a time, and return what they print."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def fetch(command: tuple[str, ...]) -> str | UsageError:
        async with turns:
            try:
                return await _fetch(command, seconds)
            except UsageError as error:
                return error

    async def fetch_all() -> Mapping[tuple[str, ...], str | UsageError]:
        distinct = list(dict.fromkeys(map(tuple, commands)))
        return dict(zip(distinct, await asyncio.gather(*map(fetch, distinct)), strict=True))

    return asyncio.run(fetch_all())


async def _fetch(command: Sequence[str], seconds: float) -> str:
    try:
        code, out = await _run(command, seconds)
    except TimeoutError:
        raise UsageError(
            f"The password_command {printable(command[0])} took longer than {seconds:.0f} seconds and was stopped. "
            "It gets no input, so it must not prompt for any."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it contains an invalid character"
        raise UsageError(
            f"The password_command {printable(command[0])} cannot be started: {reason}. It is run without a shell; for "
            "pipes and variables, use sh -c '...'."
        ) from None
    if code:
        ending = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise UsageError(
            f"The password_command {printable(command[0])} failed with {ending}, so nothing was sent. "
            "Its error output is not shown, since it may hold a secret: run the command by hand to see it."
        )
    return _read_secret(out, f"What the password_command {printable(command[0])} prints")


async def _run(command: Sequence[str], seconds: float) -> tuple[int, bytes]:
    """Run a command, and return its exit code and its output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name not in _SECRET},
        start_new_session=os.name != "nt",  # so that its child processes can be killed with it
    )
    assert process.stdout
    try:
        async with asyncio.timeout(seconds):
            out, code = await asyncio.gather(_drain(process.stdout), process.wait())
    finally:
        if process.returncode is None:
            _kill(process)
            await process.wait()
    return code, out


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


async def _drain(stream: asyncio.StreamReader) -> bytes:
    """Read a stream to its end, and return its first bytes, one more than allowed."""
    kept = b""
    while block := await stream.read(_MAX_BYTES):
        kept = (kept + block)[: _MAX_BYTES + 1]
    return kept


def read_password_file(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Read a password from a file.

    Args:
        name: an absolute path, which may start with ~ or $CREDENTIALS_DIRECTORY.
        environment: the environment variables.

    Raises:
        FileError: it cannot be read, or other users can read or change it.
        UsageError: it contains no password.
    """
    file = expand_password_file(name, environment)
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as opened:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise FileError(
                    f"The password_file {file} is not a regular file. Name a file, or use password_command."
                )
            _check_private(file, found, environment)
            content = opened.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name contains an invalid character"
        raise FileError(f"The password_file {file} cannot be read: {reason}. Nothing was sent.") from None
    return _read_secret(content, f"The password_file {file}")


def expand_password_file(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Expand the name of a password file to its path.

    Raises:
        UsageError: it is relative, so it would depend on the current folder.
    """
    folder = environment.get(_CREDENTIALS)
    for prefix in (f"${_CREDENTIALS}", f"${{{_CREDENTIALS}}}"):
        if name.startswith(f"{prefix}/"):
            if not folder:
                raise UsageError(
                    f"The password_file {name} is a systemd credential, but this command was not started by a unit "
                    "with credentials (LoadCredential=)."
                )
            return Path(folder, name.removeprefix(f"{prefix}/"))
    try:
        file = Path(name).expanduser()
    except RuntimeError:  # no home folder
        file = Path(name)
    if not file.is_absolute():
        raise UsageError(f'The password_file "{name}" must be an absolute path, such as /etc/bulkvm/clinic.password.')
    return file


def _check_private(file: Path, found: os.stat_result, environment: Mapping[str, str]) -> None:
    """Check that only the user and root can read, change or replace a file.

    Raises:
        FileError: another user can.
    """
    if os.name != "posix":
        return
    # systemd gives the unit's user access by an access control list, which shows as read permission of the group.
    folder = environment.get(_CREDENTIALS)
    is_credential = folder is not None and found.st_uid == 0 and file.parent == Path(folder)
    others = found.st_mode & (0o037 if is_credential else 0o077)
    if found.st_uid not in {0, os.geteuid()} or others:
        raise FileError(
            f"The password_file {file} can be read or changed by other users, so it was not used. Restrict it: chown "
            f"it to the user of this command, and chmod 600 {file}"
        )
    # In a folder that others can change, they could replace the file by a link to another password of the user.
    holder = file.parent.stat()
    is_sticky = holder.st_uid in {0, os.geteuid()} and holder.st_mode & stat.S_ISVTX
    if can_be_changed_by_others(holder) and not is_sticky:
        raise FileError(
            f"Other users can replace files in the folder of the password_file {file}, so it was not used. Move it to "
            "a folder that only you can change (chown, chmod 700)."
        )


def _read_secret(content: bytes, where: str) -> str:
    """The only line of a file or output, without its line end.

    Raises:
        UsageError: it is empty, or has more than one line. The message does not contain it.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{where} is not valid UTF-8.") from None  # the cause contains the secret
    secret = text.rstrip("\r\n")
    if not secret.strip():
        raise UsageError(f"{where} is empty instead of the password. Nothing was sent.")
    if len(content) > _MAX_BYTES or len(secret.splitlines()) > 1 or "\0" in secret:
        raise UsageError(f"{where} is more than one line of text. It must be the password alone. Nothing was sent.")
    return secret
