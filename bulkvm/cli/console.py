"""What is said to a person, on standard error, and what a command produces, on standard output."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeAlias

import click

from bulkvm.cli.main import CliContext, current_streams
from bulkvm.cli.streams import OutputStreams

Command: TypeAlias = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Console:
    """Where a person reads."""

    streams: OutputStreams
    quiet: bool = False

    def info(self, text: str, **style: Any) -> None:
        """Say something that a quiet run leaves out."""
        if not self.quiet:
            self.always(text, **style)

    def always(self, text: str, **style: Any) -> None:
        """Say something that a quiet run must say too."""
        self.streams.info(text, **style)

    def print(self, product: str | bytes) -> None:
        """Write the command's product, text or data, to standard output."""
        self.streams.write(product)

    def confirm(self, question: str) -> bool:
        """Ask for yes or no."""
        return self.streams.confirm(question)

    def prompt(self, question: str, **options: Any) -> Any:
        """Ask for a text, as `click.prompt`."""
        return self.streams.prompt(question, **options)

    def progress(self, what: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """Show that something is under way, and how far: a bar on a terminal, a plain line now and then elsewhere.

        Returns:
            A context with a function to call with how much is done and how much there is.
        """
        return nullcontext(lambda _done, _total: None) if self.quiet else self.streams.progress(what)


def console_options(command: Command) -> Command:
    """Give a command the options about what is said, and a `screen` to say it on."""

    @click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
    @click.option("-v", "--verbose", is_flag=True, help="Say each request to the PBX.")
    @_wish("--no-color", _be_plain, "Use no colours. NO_COLOR does the same.")
    @_wish("--debug", _show_tracebacks, "Show a traceback where something fails.")
    @wraps(command)
    def with_screen(*, quiet: bool, verbose: bool, **options: Any) -> int:
        streams = current_streams()
        with _logging(streams, logging.INFO if verbose else logging.WARNING):
            return command(console=Console(streams, quiet), **options)

    return with_screen


def _wish(
    option: str, callback: Callable[[click.Context, click.Parameter, bool], None], text: str
) -> Callable[[Command], Command]:
    """An option that counts before any other does, and so also for what is wrong with these."""
    return click.option(option, is_flag=True, is_eager=True, expose_value=False, callback=callback, help=text)


def _be_plain(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (click's signature)
    streams = context.ensure_object(CliContext).streams
    streams.plain = streams.plain or wanted


def _show_tracebacks(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (the same)
    context.ensure_object(CliContext).debug = wanted


class _Said(logging.Handler):
    """What is logged, said."""

    def __init__(self, streams: OutputStreams) -> None:
        super().__init__()
        self._streams = streams

    def emit(self, record: logging.LogRecord) -> None:
        self._streams.info(self.format(record))


@contextmanager
def _logging(streams: OutputStreams, level: int) -> Iterator[None]:
    """Say what bulkvm logs from a level on; of the libraries below it, nothing."""
    logger, handler = logging.getLogger("bulkvm"), _Said(streams)
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
