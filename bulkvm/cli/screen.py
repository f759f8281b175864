"""What is said to a person, on standard error, so that standard output stays free for data."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeAlias

import click

from bulkvm.cli.commands import Wishes

Command: TypeAlias = Callable[..., int]

_SAY_EVERY: Final = 10.0  # seconds, where there is no terminal


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a person reads."""

    quiet: bool = False

    def say(self, text: str, **style: Any) -> None:
        """Say something that a quiet run leaves out."""
        if not self.quiet:
            click.secho(text, err=True, **style)

    def insist(self, text: str, **style: Any) -> None:
        """Say something that a quiet run must say too."""
        click.secho(text, err=True, **style)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show how far something is: a bar on a terminal, a plain line now and then elsewhere.

        Yields:
            A function to call with how much is done and how much there is.
        """
        if self.quiet:
            yield lambda _done, _total: None
        elif sys.stderr.isatty():
            with _bar(what) as show:
                yield show
        else:
            yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from tqdm import tqdm

    with tqdm(desc=what, unit="", leave=False, file=sys.stderr, dynamic_ncols=True, delay=0.3) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _lines(what: str) -> Callable[[int, int], None]:
    said = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _SAY_EVERY:
            said = time.monotonic()
            click.echo(f"{what}: {done} of {total}", err=True)

    return show


def screen_options(command: Command) -> Command:
    """Give a command the options about what is said, and a `screen` to say it on."""

    @click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
    @click.option("-v", "--verbose", is_flag=True, help="Say each request to the PBX.")
    @_wish("--no-color", _be_plain, "Use no colours. NO_COLOR does the same.")
    @_wish("--debug", _show_tracebacks, "Show a traceback where something fails.")
    @wraps(command)
    def with_screen(*, quiet: bool, verbose: bool, **options: Any) -> int:
        with _logging(logging.INFO if verbose else logging.WARNING):
            return command(screen=Screen(quiet), **options)

    return with_screen


def _wish(
    option: str, callback: Callable[[click.Context, click.Parameter, bool], None], text: str
) -> Callable[[Command], Command]:
    """An option that counts before any other does, and so also for what is wrong with these."""
    return click.option(option, is_flag=True, is_eager=True, expose_value=False, callback=callback, help=text)


def _be_plain(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (click's signature)
    wishes = context.ensure_object(Wishes)
    wishes.plain = wishes.plain or wanted
    if wishes.plain:
        context.color = False


def _show_tracebacks(context: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  (the same)
    context.ensure_object(Wishes).debug = wanted


@contextmanager
def _logging(level: int) -> Iterator[None]:
    """Say what bulkvm logs from a level on; of the libraries below it, nothing."""
    logger, handler = logging.getLogger("bulkvm"), logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
