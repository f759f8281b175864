"""Messages on standard error, and a command's output on standard output."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeAlias

import click

from bulkvm.cli.main import CliContext, current_streams
from bulkvm.cli.streams import OutputStreams
from bulkvm.model.errors import Interrupted, UsageError

Command: TypeAlias = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Console:
    """The standard streams of a command, with or without `--quiet`, and with or without the document of `--json`."""

    streams: OutputStreams
    quiet: bool = False
    has_document: bool = False

    def info(self, text: str, **style: Any) -> None:
        """Write a message that `--quiet` omits."""
        if not self.quiet:
            self.always(text, **style)

    def always(self, text: str, **style: Any) -> None:
        """Write a message, even with `--quiet`."""
        self.streams.write_error(text, **style)

    def output(self, text: str, **style: Any) -> None:
        """Write what the command is for: to standard output, or as a message if that has a JSON document."""
        (self.info if self.has_document else self.streams.write_text)(text, **style)

    def data(self, data: bytes) -> None:
        """Write data to standard output."""
        self.streams.write_data(data)

    def confirm(self, question: str) -> bool:
        """Prompt for yes or no."""
        return self.streams.confirm(question)

    def prompt(self, question: str, **options: Any) -> Any:
        """Prompt for a text, as `click.prompt`."""
        return self.streams.prompt(question, **options)

    def progress(self, phase: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """Show the progress of a phase: a bar on a terminal, an occasional line elsewhere.

        Returns:
            A context manager. It gives a function to call with the number of items done and the total.
        """
        return nullcontext(lambda _done, _total: None) if self.quiet else self.streams.progress(phase)


def confirm(question: str, console: Console, verb: tuple[str, str], *, yes: bool, can_ask: bool = True) -> bool:
    """Ask for confirmation, unless `--yes` was given.

    Args:
        question: the question.
        console: where to ask.
        verb: the action, such as `send` and `sent`.
        yes: whether `--yes` was given.
        can_ask: whether standard input is free for an answer.

    Raises:
        UsageError: there is no terminal.
        Interrupted: interrupted at the prompt.
    """
    do, done = verb
    if yes:
        return True
    if not can_ask or not sys.stdin.isatty():
        raise UsageError(
            f"There is no terminal to confirm on, so nothing was {done}. Add --yes to {do} without confirmation."
        )
    try:
        if console.confirm(question):
            return True
    except click.Abort as error:
        console.always("")  # ends the line of the prompt
        raise Interrupted(f"Stopped. Nothing was {done}.") from error
    console.always(f"Nothing was {done}.")
    return False


def console_options(command: Command) -> Command:
    """Add the options about messages to a command, and pass it a `console`."""

    @click.option("-q", "--quiet", is_flag=True, help="Omit progress, counts and notices.")
    @click.option("-v", "--verbose", is_flag=True, help="Log each request to the PBX.")
    @_eager_flag(
        "--no-color", _disable_colours, "Disable colours, as NO_COLOR and CLICOLOR=0 do. FORCE_COLOR enables them."
    )
    @_eager_flag("--debug", _show_tracebacks, "Show the traceback of an error.")
    @wraps(command)
    def with_console(*, quiet: bool, verbose: bool, **options: Any) -> int:
        streams = current_streams()
        with _logging(streams, logging.INFO if verbose else logging.WARNING):
            return command(console=Console(streams, quiet, bool(options.get("as_json"))), **options)

    return with_console


def _eager_flag(
    option: str, callback: Callable[[click.Context, click.Parameter, bool], None], text: str
) -> Callable[[Command], Command]:
    """A flag that takes effect before other options are parsed, and so also for errors in them."""
    return click.option(option, is_flag=True, is_eager=True, expose_value=False, callback=callback, help=text)


def _disable_colours(context: click.Context, _: click.Parameter, given: bool) -> None:  # noqa: FBT001  (click's signature)
    streams = context.ensure_object(CliContext).streams
    streams.plain = streams.plain or given


def _show_tracebacks(context: click.Context, _: click.Parameter, given: bool) -> None:  # noqa: FBT001  (the same)
    context.ensure_object(CliContext).debug = given


class _StreamHandler(logging.Handler):
    """Writes log records to standard error."""

    def __init__(self, streams: OutputStreams) -> None:
        super().__init__()
        self._streams = streams

    def emit(self, record: logging.LogRecord) -> None:
        self._streams.write_error(self.format(record))


@contextmanager
def _logging(streams: OutputStreams, level: int) -> Iterator[None]:
    """Write bulkvm's own log records from a level on; those of libraries are not written."""
    logger, handler = logging.getLogger("bulkvm"), _StreamHandler(streams)
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
