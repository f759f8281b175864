"""The password or token of a site, from where its entry says: a command, a file, or else the keyring."""

import asyncio
import os
import shlex
import signal
import stat
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bulkvm.files import can_be_changed_by_others
from bulkvm.masking import mask
from bulkvm.model.errors import FileError, UsageError
from bulkvm.model.settings import Site
from bulkvm.sites.keyring_store import read_secret
from bulkvm.text import printable

_SECONDS: Final = 60.0  # that a command may take
_LONGEST: Final = 65_536  # bytes of a file, or of what a command prints
_SHOWN: Final = 300  # characters of a command's error output
# Secrets of bulkvm, which are not for other programs.
_SECRET: Final = frozenset({"BULKVM_TOKEN", "BULKVM_PASSWORD", "BULKVM_SIMULATOR_TOKEN", "BULKVM_SIMULATOR_PASSWORD"})
_CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"  # systemd's folder for LoadCredential=


def fetch_secret(site: Site) -> str | None:
    """The secret of a site; None where its entry names no command or file, and the keyring has none.

    Raises:
        UsageError: it cannot be had.
    """
    if site.password_command:
        secret: str | None = run_command(site.password_command)
    elif site.password_file:
        secret = read_password_file(site.password_file)
    else:
        secret = read_secret(site)
    return secret if site.user or not secret else secret.strip()  # a token has no spaces around it


def split_command(text: str) -> tuple[str, ...]:
    """The words of a command, as a POSIX shell splits them; no variables, patterns, pipes or redirections.

    Raises:
        UsageError: there are none, or a quote is not closed.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if os.name == "nt":
        lexer.escape = ""  # it separates folders there
    try:
        words = tuple(lexer)
    except ValueError:
        words = ()
    if not words:
        raise UsageError("The password_command is empty, or a quotation mark in it is not closed.")
    return words


def run_command(command: Sequence[str], *, seconds: float = _SECONDS) -> str:
    """Run a command without a shell and without input; what it prints is the password.

    Raises:
        UsageError: it cannot be started, takes too long, fails, or prints no password. What it printed is never shown.
    """
    try:
        code, out, err = asyncio.run(_run(command, seconds))
    except TimeoutError:
        raise UsageError(
            f"The password_command {printable(command[0])} took longer than {seconds:.0f} seconds and was ended. "
            "It gets no input and must not ask for any."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds a character that no command can hold"
        raise UsageError(
            f"The password_command {printable(command[0])} cannot be started: {reason}. It is run without a shell; for "
            "pipes and variables write sh -c '...'."
        ) from None
    if code:
        said = printable(mask(err.decode("utf-8", "replace"), [out.decode("utf-8", "replace")]))[:_SHOWN]
        ending = f"exit code {code}" if code > 0 else f"signal {-code}"
        raise UsageError(
            f"The password_command {printable(command[0])} failed with {ending}, so nothing was sent."
            + (f' It said: "{said}".' if said else "")
        )
    return _read_secret(out, f"What the password_command {printable(command[0])} prints")


async def _run(command: Sequence[str], seconds: float) -> tuple[int, bytes, bytes]:
    """Run a command; its exit code, what it printed, and its error output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name not in _SECRET},
        start_new_session=os.name != "nt",  # so that what it starts itself can be ended with it
    )
    assert process.stdout
    assert process.stderr
    try:
        async with asyncio.timeout(seconds):
            out, err, code = await asyncio.gather(_drain(process.stdout), _drain(process.stderr), process.wait())
    finally:
        if process.returncode is None:
            _kill(process)
            await process.wait()
    return code, out, err


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


async def _drain(stream: asyncio.StreamReader) -> bytes:
    """The first bytes of a stream, one more than may be used, after it has ended."""
    kept = b""
    while block := await stream.read(_LONGEST):
        kept = (kept + block)[: _LONGEST + 1]
    return kept


def read_password_file(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The password that a file holds.

    Args:
        name: an absolute path, which may begin with ~ or $CREDENTIALS_DIRECTORY.
        environment: the variables.

    Raises:
        FileError: it cannot be read, or other users can read or change it.
        UsageError: it holds no password.
    """
    file = expand_password_file(name, environment)
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as opened:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise FileError(f"The password_file {file} is not a file. Give a file, or use password_command.")
            _check_private(file, found, environment)
            content = opened.read(_LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name holds a character that no name can hold"
        raise FileError(f"The password_file {file} cannot be read: {reason}. Nothing was sent.") from None
    return _read_secret(content, f"The password_file {file}")


def expand_password_file(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The path that the name of a password file means.

    Raises:
        UsageError: it is not absolute, so that it would depend on the folder where a command is run.
    """
    folder = environment.get(_CREDENTIALS)
    for prefix in (f"${_CREDENTIALS}", f"${{{_CREDENTIALS}}}"):
        if name.startswith(f"{prefix}/"):
            if not folder:
                raise UsageError(
                    f"The password_file {name} is a credential of a systemd unit, and this command is not run by one "
                    "that has credentials (LoadCredential=)."
                )
            return Path(folder, name.removeprefix(f"{prefix}/"))
    try:
        file = Path(name).expanduser()
    except RuntimeError:  # there is no home folder
        file = Path(name)
    if not file.is_absolute():
        raise UsageError(f'The password_file "{name}" must be an absolute path, such as /etc/bulkvm/clinic.password.')
    return file


def _check_private(file: Path, found: os.stat_result, environment: Mapping[str, str]) -> None:
    """Make sure that nobody but the user and root can read, change or replace a file.

    Raises:
        FileError: another user can.
    """
    if os.name != "posix":
        return
    # systemd lets the unit's user read by an access control list, which shows as the group's right to read.
    folder = environment.get(_CREDENTIALS)
    is_credential = folder is not None and found.st_uid == 0 and file.parent == Path(folder)
    others = found.st_mode & (0o037 if is_credential else 0o077)
    if found.st_uid not in {0, os.geteuid()} or others:
        raise FileError(
            f"The password_file {file} can be read or changed by other users, so it was not used. Make it yours alone: "
            f"chown it to the user of this command, and chmod 600 {file}"
        )
    # In a folder that others can change, they could put a link there to another password of the user.
    holder = file.parent.stat()
    is_sticky = holder.st_uid in {0, os.geteuid()} and holder.st_mode & stat.S_ISVTX
    if can_be_changed_by_others(holder) and not is_sticky:
        raise FileError(
            f"Other users can replace files in the folder of the password_file {file}, so it was not used. Keep it in "
            "a folder that is yours alone (chown, chmod 700)."
        )


def _read_secret(content: bytes, where: str) -> str:
    """The one line that there is, without its end.

    Raises:
        UsageError: there is none, or more than that. The text does not repeat it.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{where} is not in UTF-8.") from None  # the cause holds the secret
    secret = text.rstrip("\r\n")
    if not secret.strip():
        raise UsageError(f"{where} is empty, and should be the password. Nothing was sent.")
    if len(content) > _LONGEST or len(secret.splitlines()) > 1 or "\0" in secret:
        raise UsageError(f"{where} is more than one line of text, and should be the password alone. Nothing was sent.")
    return secret
