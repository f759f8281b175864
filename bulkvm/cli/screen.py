"""What is said to a person, on standard error, and what a command produces, on standard output."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeAlias

import click

from bulkvm.cli.commands import Wishes, the_console
from bulkvm.cli.console import Console

Command: TypeAlias = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a person reads."""

    console: Console
    quiet: bool = False

    def say(self, text: str, **style: Any) -> None:
        """Say something that a quiet run leaves out."""
        if not self.quiet:
            self.insist(text, **style)

    def insist(self, text: str, **style: Any) -> None:
        """Say something that a quiet run must say too."""
        self.console.say(text, **style)

    def print(self, product: str | bytes) -> None:
        """Write the command's product, text or data, to standard output."""
        self.console.write(product)

    def confirm(self, question: str) -> bool:
        """Ask for yes or no."""
        return self.console.confirm(question)

    def prompt(self, question: str, **options: Any) -> Any:
        """Ask for a text, as `click.prompt`."""
        return self.console.prompt(question, **options)

    def progress(self, what: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """Show that something is under way, and how far: a bar on a terminal, a plain line now and then elsewhere.

        Returns:
            A context with a function to call with how much is done and how much there is.
        """
        return nullcontext(lambda _done, _total: None) if self.quiet else self.console.progress(what)


def screen_options(command: Command) -> Command:
    """Give a command the options about what is said, and a `screen` to say it on."""

    @click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
    @click.option("-v", "--verbose", is_flag=True, help="Say each request to the PBX.")
    @_wish("--no-color", _be_plain, "Use no colours. NO_COLOR does the same.")
    @_wish("--debug", _show_tracebacks, "Show a traceback where something fails.")
    @wraps(command)
    def with_screen(*, quiet: bool, verbose: bool, **options: Any) -> int:
        console = the_console()
        with _logging(console, logging.INFO if verbose else logging.WARNING):
            return command(screen=Screen(console, quiet), **options)

    return with_screen


def _wish(
    option: str, callback: Callable[[click.Context, click.Parameter, bool], None], text: str
) -> Callable[[Command], Command]:
    """An option that counts before any other does, and so also for what is wrong with these."""
    return click.option(option, is_flag=True, is_eager=True, expose_value=False, callback=callback, help=text)


def _be_plain(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (click's signature)
    console = context.ensure_object(Wishes).console
    console.plain = console.plain or wanted


def _show_tracebacks(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (the same)
    context.ensure_object(Wishes).debug = wanted


class _Said(logging.Handler):
    """What is logged, said."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.say(self.format(record))


@contextmanager
def _logging(console: Console, level: int) -> Iterator[None]:
    """Say what bulkvm logs from a level on; of the libraries below it, nothing."""
    logger, handler = logging.getLogger("bulkvm"), _Said(console)
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
