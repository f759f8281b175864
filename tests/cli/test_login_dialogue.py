"""`bulkvm login` as a person meets it, on a terminal."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bulkvm.pbx.certificate import fetch_certificate
from bulkvm.simulator import Settings, create_app, running

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")

USER = Settings()
_LONG = 30  # seconds; only a program that hangs takes them


class Terminal:
    """A program on a terminal."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.seen = ""

    def answer(self, question: str, text: str) -> None:
        """Wait until the program asks, and type."""
        asked_at = len(self.seen)
        while question not in self.seen[asked_at:]:
            self.seen += self._read() or pytest.fail(f"{question!r} was not asked: {self.seen}")
        os.write(self._handle, f"{text}\n".encode())

    def read_to_the_end(self) -> None:
        while more := self._read():
            self.seen += more

    def _read(self) -> str:
        if not select.select([self._handle], [], [], _LONG)[0]:
            pytest.fail(f"It waits for something: {self.seen}")
        try:
            return os.read(self._handle, 10_000).decode()
        except OSError:  # Linux's way to say that nobody writes any more
            return ""


@contextmanager
def on_a_terminal(folder: Path, *arguments: str) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    outer, inner = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BULKVM_")}
    environment |= {"BULKVM_CONFIG": str(folder), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    command = [sys.executable, "-m", "bulkvm", *arguments]
    with subprocess.Popen(
        command, stdin=inner, stdout=inner, stderr=inner, env=environment, start_new_session=True
    ) as program:
        os.close(inner)
        try:
            yield Terminal(outer), program
        finally:
            os.close(outer)  # a program that still asks is told that nobody is there


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


def test_a_person_keeps_what_is_known_by_pressing_enter(tmp_path: Path) -> None:
    with running(create_app()) as server:
        before = f'[clinic]\nurl = "{server.url}"\ndomain = "{USER.domain}"\nuser = "{USER.user}"\n'
        (tmp_path / "sites.toml").write_text(before, "utf-8")
        with on_a_terminal(tmp_path, "login", "clinic") as (terminal, program):
            for question in ("PBX address", "Domain", "User"):
                terminal.answer(question, "")
            terminal.answer("Password", USER.password)
            terminal.read_to_the_end()

    assert program.returncode == 0
    assert (tmp_path / "sites.toml").read_text("utf-8") == before
