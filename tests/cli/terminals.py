"""A program on a terminal, as a person meets it."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
termios = pytest.importorskip("termios")

_SHORT = 3  # seconds, after which a person tries again
_LONG = 30  # seconds; only a program that hangs takes them


class Terminal:
    """A program on a terminal."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.seen = ""

    def answer(self, question: str, text: str) -> None:
        """Wait until the program asks, and type."""
        self.wait_for(question)
        os.write(self._handle, f"{text}\n".encode())

    def wait_for(self, question: str) -> None:
        asked_at = len(self.seen)
        while question not in self.seen[asked_at:]:
            self.seen += self._read() or pytest.fail(f"{question!r} was not asked: {self.seen}")

    def interrupt(self, program: "subprocess.Popen[bytes]") -> None:
        """Press Ctrl-C, and again where nothing comes of it: between the prompt and the read, Python ignores it."""
        program.send_signal(signal.SIGINT)
        while not select.select([self._handle], [], [], _SHORT)[0]:
            program.send_signal(signal.SIGINT)

    def read_to_the_end(self) -> None:
        while more := self._read():
            self.seen += more

    def _read(self) -> str:
        if not select.select([self._handle], [], [], _LONG)[0]:
            pytest.fail(f"It waits for something: {self.seen}")
        try:
            return os.read(self._handle, 10_000).decode()
        except OSError:  # on Linux, this means that there is no writer any more
            return ""


@contextmanager
def on_a_terminal(
    folder: Path, *arguments: str | Path, **more: str
) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (24, 400))  # nothing is wrapped, unless COLUMNS is given
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BULKVM_", "COLUMNS"))}
    environment |= {"BULKVM_CONFIG": str(folder), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"} | more
    command = [sys.executable, "-m", "bulkvm", *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=inner, stdout=inner, stderr=inner, env=environment, start_new_session=True
    ) as program:
        os.close(inner)
        try:
            yield Terminal(outer), program
        finally:
            os.close(outer)  # a program that still asks gets the end of the file
