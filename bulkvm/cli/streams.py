"""Standard output and standard error. A failing stream never changes what a command does.

What is written to a stream that is closed, full, or has lost its reader is dropped, and characters that its encoding
lacks are escaped. A thread writes the messages, so that a paused terminal (Ctrl-S, a pager) does not block a run. All
output passes through here and is made printable.
"""

import errno
import io
import os
import re
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Self, TextIO

import click

from bulkvm.cli.terminal import colour_first_words, has_colour, layout
from bulkvm.text import command_option, printable_lines

_LINE_EVERY: Final = 10.0  # seconds, where there is no terminal
_BAR_AFTER: Final = 0.3  # seconds
_BAR_EVERY: Final = 0.1  # seconds
_UNCOUNTED: Final = "{desc}: {elapsed}"

_COMMAND: Final = re.compile("`bulkvm ([^`]+)`")
_OF_SITE: Final = frozenset({"backup", "diff", "export", "import", "plan", "tenants", "undo"})

# The errors of a pipe whose reader has closed it; Windows uses EINVAL.
_NO_READER: Final = frozenset({errno.EPIPE, errno.EINVAL} if os.name == "nt" else {errno.EPIPE})


class OutputStreams:
    """The standard streams of this process, for as long as the context lasts.

    Attributes:
        plain: whether colours are turned off.
        site: the site whose name stands for SITE in messages.
        site_options: the --site and --tenant of the command line, which commands in messages need, too.
    """

    def __init__(self) -> None:
        self.plain = False
        self.site: str | None = None
        self.site_options: Sequence[tuple[str, str]] = ()
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()  # `put` may be called by a signal handler
        self._writer = threading.Thread(target=self._write_messages, daemon=True)
        self._phase: _Bar | _Lines | None = None  # used by the writer thread only

    def __enter__(self) -> Self:
        """Replace sys.stdout and sys.stderr, also for libraries."""
        self._before = sys.stdin, sys.stdout, sys.stderr
        self._sink = _Sink(sys.stdout)
        self._out, self._err = _text(self._sink, sys.stdout), _text(_Sink(sys.stderr), sys.stderr)
        sys.stdout, sys.stderr = self._out, self._err
        if sys.stdin is None:  # it was closed
            sys.stdin = io.TextIOWrapper(io.BytesIO())
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the queued messages and restore the streams."""
        self._jobs.put(None)
        with suppress(KeyboardInterrupt):  # Ctrl-C while the terminal is paused
            self._writer.join()
        sys.stdin, sys.stdout, sys.stderr = self._before

    @property
    def lost_output(self) -> OSError | None:
        """Why output to standard output was lost; None if none was."""
        return self._sink.error

    def write_error(self, text: str, **style: Any) -> None:
        """Queue a message for standard error. Never fails or blocks, so a signal handler may call it."""
        self._jobs.put(partial(self._write_message, self._complete(text), style))

    def write_text(self, text: str, **style: Any) -> None:
        """Write text and a line end to standard output: wrapped and coloured on a terminal."""
        self.flush()  # keeps the order if both streams are one terminal
        self._echo(self._complete(text), self._out, style)

    def write_data(self, data: bytes) -> None:
        """Write data to standard output: unchanged, or made printable on a terminal."""
        self.flush()
        if self._out.isatty():
            self._out.write(printable_lines(data.decode("utf-8", "replace").replace("\r\n", "\n")))
        else:
            self._out.flush()
            self._out.buffer.write(data)
        self._out.flush()

    def confirm(self, question: str) -> bool:
        """Prompt for yes or no."""
        self.flush()
        text = layout(printable_lines(f"{question} [y/N]:"), self._err)
        return click.confirm(text, prompt_suffix=" ", show_default=False, err=True)

    def prompt(self, question: str, default: str | None = None, **options: Any) -> Any:
        """Prompt for a text, as `click.prompt`; a default that is not blank is shown."""
        self.flush()
        shown = f"{question} [{default}]:" if default else f"{question}:"
        text = layout(printable_lines(shown), self._err)
        return click.prompt(text, default, prompt_suffix=" ", show_default=False, err=True, **options)

    def flush(self) -> None:
        """Wait until all messages are written."""
        written = threading.Event()
        self._jobs.put(written.set)
        written.wait()

    @contextmanager
    def progress(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Show the progress of a phase: a bar on a terminal, an occasional line elsewhere.

        Yields:
            A function to call with the number of items done and the total.
        """
        phase = Phase(name)
        self._jobs.put(partial(self._begin, phase))
        try:
            yield phase.advance
        finally:
            self._jobs.put(self._end)

    def _complete(self, text: str) -> str:
        text = name_site(text, self.site) if self.site else text
        return printable_lines(_add_options(text, self.site_options) if self.site_options else text)

    def _write_messages(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._phase.wait if self._phase else None)
            except Empty:
                job = self._show
            if job is None:
                return
            with suppress(Exception):  # `flush` must not block forever
                job()

    def _write_message(self, text: str, style: Mapping[str, Any]) -> None:
        if self._phase:
            self._phase.clear()
        self._echo(text, self._err, style)

    def _echo(self, text: str, stream: TextIO, style: Mapping[str, Any]) -> None:
        text = layout(text, stream)
        in_colour = not self.plain and has_colour(stream)
        if in_colour:
            text = click.style(text, **style) if style else colour_first_words(text)
        click.echo(text, file=stream, color=in_colour)

    def _begin(self, phase: "Phase") -> None:
        self._phase = _Bar(phase, self._err) if self._err.isatty() else _Lines(phase, self._err)

    def _show(self) -> None:
        if self._phase:
            self._phase.show()

    def _end(self) -> None:
        if self._phase:
            self._phase.end()
        self._phase = None


def name_site(text: str, site: str) -> str:
    """Name a site in the advice to log in again: the error of a PBX knows only its address."""
    return text.replace("`bulkvm login SITE`", f"`bulkvm login {site}`")


def _add_options(text: str, options: Sequence[tuple[str, str]]) -> str:
    """Add the options about the site to the commands in a message that need them."""

    def add(found: re.Match[str]) -> str:
        command, *words = found[1].split()
        if command not in _OF_SITE or words[:1] == ["verify"] or any(word.startswith("--site") for word in words):
            return found[0]
        needed = (
            f" {command_option(f'--{name}', value)}"
            for name, value in options
            if (command, name) != ("tenants", "tenant")
        )
        return f"`bulkvm {''.join([found[1], *needed])}`"

    return _COMMAND.sub(add, text)


def is_without_reader(error: OSError) -> bool:
    """Whether the reader of a pipe closed it, which is not an error: it may have read all it needs."""
    return error.errno in _NO_READER


def open_standard_descriptors() -> None:
    """Open closed standard descriptors, so that no file gets their numbers and with them the output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


class _Sink(io.RawIOBase):
    """The raw end of a standard stream. What cannot be written is dropped; `error` is the first reason."""

    def __init__(self, stream: TextIO | None) -> None:
        self.error: OSError | None = None
        self._raw: Any = None
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
            self._raw = getattr(stream.buffer, "raw", stream.buffer)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        try:
            return self._raw is not None and bool(self._raw.isatty())
        except ValueError:  # closed by Python code
            return False

    def fileno(self) -> int:
        if self._raw is None:
            raise io.UnsupportedOperation("fileno")
        number: int = self._raw.fileno()
        return number

    def write(self, data: Any) -> int:
        """Write or drop all of it, or a part."""
        size = len(data)
        if self._raw is None:
            self.error = _closed()
            return size
        try:
            written: int | None = self._raw.write(data)
            while written is None:  # another program made the shared descriptor non-blocking
                select.select([], [self._raw], [])
                written = self._raw.write(data)
        except ValueError:  # closed by Python code
            self.error = self.error or _closed()
        except OSError as error:
            self.error = self.error or error
        else:
            return written
        return size


def _closed() -> OSError:
    return OSError(errno.EBADF, "it is closed")


def _text(sink: _Sink, like: TextIO | None) -> io.TextIOWrapper:
    """A text stream over a sink, with the encoding of another stream. On a Windows console, that is UTF-8."""
    encoding = (like and like.encoding) or "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(sink), encoding=encoding, errors="backslashreplace", line_buffering=True)


class Phase:
    """A phase of a command and its progress. The command updates it, and another thread shows it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done = 0
        self.total: int | None = None
        self.began = time.time()

    def advance(self, done: int, total: int) -> None:
        """Set the number of items done and the total."""
        self.done, self.total = done, total

    def render(self) -> str:
        """The progress in one line: items done, or the time elapsed if the total is not known."""
        if self.total is None:
            return f"{self.name}: {time.time() - self.began:.0f} s"
        return f"{self.name}: {self.done:,} of {self.total:,}"


class _Lines:
    """Progress without a terminal: an occasional line."""

    def __init__(self, phase: Phase, stream: TextIO) -> None:
        self._phase, self._stream = phase, stream

    @property
    def wait(self) -> float:
        return _LINE_EVERY

    def show(self) -> None:
        click.echo(self._phase.render(), file=self._stream)

    def clear(self) -> None:
        """No-op: lines stay."""

    def end(self) -> None:
        """No-op."""


class _Bar:
    """Progress on a terminal: a bar that disappears at the end."""

    def __init__(self, phase: Phase, stream: TextIO) -> None:
        self._phase, self._stream = phase, stream
        self._bar: Any = None

    @property
    def wait(self) -> float:
        return _BAR_EVERY if self._bar is not None else _BAR_AFTER

    def show(self) -> None:
        if self._bar is None:
            self._bar = self._make()
        self._bar.total = self._phase.total
        self._bar.bar_format = None if self._phase.total is not None else _UNCOUNTED
        self._bar.update(self._phase.done - self._bar.n)

    def clear(self) -> None:
        if self._bar is not None:
            self._bar.clear()

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _make(self) -> Any:
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no monitor thread
        bar = tqdm(
            desc=self._phase.name, unit="", leave=False, file=self._stream, dynamic_ncols=True, mininterval=0,
            miniters=0, bar_format=_UNCOUNTED,
        )  # fmt: skip
        bar.start_t = bar.last_print_t = self._phase.began
        return bar
