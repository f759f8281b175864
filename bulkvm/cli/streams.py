"""Standard output and standard error, which never decide what a command does.

A stream that is closed, full, or has lost its reader drops what is written to it, and characters that its encoding
lacks are written as escapes. Messages are written by a thread of their own, so that a terminal that stands still
(Ctrl-S, a pager) does not hold up a run either. All that is printed goes through here, and is cleaned here.
"""

import errno
import io
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Self, TextIO

import click

from bulkvm.text import printable_lines

_LINE_EVERY: Final = 10.0  # seconds, where there is no terminal
_BAR_AFTER: Final = 0.3  # seconds
_BAR_EVERY: Final = 0.1  # seconds
_UNCOUNTED: Final = "{desc}: {elapsed}"

# How a pipe says that its reader has gone; EINVAL is the word of Windows for it.
_NO_READER: Final = frozenset({errno.EPIPE, errno.EINVAL} if os.name == "nt" else {errno.EPIPE})


class OutputStreams:
    """The standard streams of this process, for as long as the context lasts; `plain` turns colours off."""

    def __init__(self) -> None:
        self.plain = bool(os.environ.get("NO_COLOR"))
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()  # its put may be called by a signal handler
        self._writer = threading.Thread(target=self._write_messages, daemon=True)
        self._phase: _Bar | _Lines | None = None  # the writer's own

    def __enter__(self) -> Self:
        """Take the place of sys.stdout and sys.stderr, for libraries too."""
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
        """Write the messages that are still to be written, and give the streams back."""
        self._jobs.put(None)
        with suppress(KeyboardInterrupt):  # a person does not want to wait for a terminal that stands still
            self._writer.join()
        sys.stdin, sys.stdout, sys.stderr = self._before

    @property
    def lost_output(self) -> OSError | None:
        """Why something that was written to standard output is not there."""
        return self._sink.error

    def info(self, text: str, **style: Any) -> None:
        """Write a message to standard error, soon; never fails, and never waits. A signal handler may call it."""
        text = printable_lines(text)
        self._jobs.put(partial(self._write_message, click.style(text, **style) if style else text))

    def write(self, product: str | bytes) -> None:
        """Write a command's product to standard output.

        Text is cleaned, and written in the encoding of the stream. Data goes out as it is, except to a terminal.
        """
        self.flush()  # in the order in which they were said, where both streams are one terminal
        if isinstance(product, bytes) and self._out.isatty():
            product = product.decode("utf-8", "replace").replace("\r\n", "\n")
        if isinstance(product, bytes):
            self._out.flush()
            self._out.buffer.write(product)
        else:
            self._out.write(printable_lines(product))
        self._out.flush()

    def confirm(self, question: str) -> bool:
        """Ask for yes or no."""
        self.flush()
        return click.confirm(printable_lines(question), err=True)

    def prompt(self, question: str, **options: Any) -> Any:
        """Ask for a text, as `click.prompt`."""
        self.flush()
        return click.prompt(printable_lines(question), err=True, **options)

    def flush(self) -> None:
        """Wait until all messages are written."""
        written = threading.Event()
        self._jobs.put(written.set)
        written.wait()

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show what is under way and how far: a bar on a terminal, a plain line now and then elsewhere.

        Yields:
            A function to call with how much is done and how much there is; it only notes that.
        """
        phase = Phase(what)
        self._jobs.put(partial(self._begin, phase))
        try:
            yield phase.advance
        finally:
            self._jobs.put(self._end)

    def _write_messages(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._phase.wait if self._phase else None)
            except Empty:
                job = self._show
            if job is None:
                return
            with suppress(Exception):  # whoever waits in `flush` must not wait for ever
                job()

    def _write_message(self, text: str) -> None:
        if self._phase:
            self._phase.clear()
        click.echo(text, file=self._err, color=False if self.plain else None)

    def _begin(self, phase: "Phase") -> None:
        self._phase = _Bar(phase, self._err) if self._err.isatty() else _Lines(phase, self._err)

    def _show(self) -> None:
        if self._phase:
            self._phase.show()

    def _end(self) -> None:
        if self._phase:
            self._phase.end()
        self._phase = None


def is_without_reader(error: OSError) -> bool:
    """Whether a pipe's reader has gone, who may have read all that it wanted."""
    return error.errno in _NO_READER


def open_standard_descriptors() -> None:
    """Give a descriptor to standard streams that were closed, so that no file of ours gets it, and their output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


class _Sink(io.RawIOBase):
    """The far end of a standard stream: what cannot be written is dropped, and the first reason kept in `error`."""

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
        return self._raw is not None and bool(self._raw.isatty())

    def fileno(self) -> int:
        if self._raw is None:
            raise io.UnsupportedOperation("fileno")
        number: int = self._raw.fileno()
        return number

    def write(self, data: Any) -> int:
        """Write, or drop, all or a part."""
        size = len(data)
        if self._raw is None:
            self.error = _closed()
            return size
        try:
            written: int | None = self._raw.write(data)
            while written is None:  # the descriptor does not block; somebody shares it who wants that
                select.select([], [self._raw], [])
                written = self._raw.write(data)
        except ValueError:  # closed from within Python
            self.error = self.error or _closed()
        except OSError as error:
            self.error = self.error or error
        else:
            return written
        return size


def _closed() -> OSError:
    return OSError(errno.EBADF, "it is closed")


def _text(sink: _Sink, like: TextIO | None) -> io.TextIOWrapper:
    """A text stream over a sink, in the encoding of another one. On a console of Windows, that is UTF-8."""
    encoding = (like and like.encoding) or "utf-8"
    return io.TextIOWrapper(io.BufferedWriter(sink), encoding=encoding, errors="backslashreplace", line_buffering=True)


class Phase:
    """What is under way, and how far. Who does it only notes that; another thread shows it."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.done = 0
        self.total: int | None = None
        self.began = time.time()

    def advance(self, done: int, total: int) -> None:
        """Note how much is done of how much."""
        self.done, self.total = done, total

    def render(self) -> str:
        """Say it in a line: how far, or for how long where that is not known."""
        if self.total is None:
            return f"{self.what}: {time.time() - self.began:.0f} s"
        return f"{self.what}: {self.done:,} of {self.total:,}"


class _Lines:
    """A phase off a terminal: a line now and then."""

    def __init__(self, phase: Phase, stream: TextIO) -> None:
        self._phase, self._stream = phase, stream

    @property
    def wait(self) -> float:
        return _LINE_EVERY

    def show(self) -> None:
        click.echo(self._phase.render(), file=self._stream)

    def clear(self) -> None:
        """Nothing: lines stay."""

    def end(self) -> None:
        """The same."""


class _Bar:
    """A phase on a terminal: a bar that goes away."""

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

        tqdm.monitor_interval = 0  # no thread of its own: this one is enough
        bar = tqdm(
            desc=self._phase.what, unit="", leave=False, file=self._stream, dynamic_ncols=True, mininterval=0,
            miniters=0, bar_format=_UNCOUNTED,
        )  # fmt: skip
        bar.start_t = bar.last_print_t = self._phase.began
        return bar
