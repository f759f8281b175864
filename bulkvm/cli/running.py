"""A run against a PBX: alone, journalled, and stopped in good order. `import` and `undo` are runs."""

import asyncio
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from bulkvm.cli.connection import Connection
from bulkvm.cli.console import Console
from bulkvm.cli.signals import stopping
from bulkvm.locks import locked
from bulkvm.model.errors import (
    BulkvmError,
    Interrupted,
    LockHeld,
    NotAllowed,
    PbxError,
    PbxUnreachable,
    ReadBackDiffers,
    StoppedEarly,
    UsageError,
)
from bulkvm.model.outcome import DONE, Outcome, Status
from bulkvm.model.problem import Problem
from bulkvm.model.settings import SendSettings
from bulkvm.model.tenant import Tenant
from bulkvm.paths import runs_folder, tenant_lock, writing_state

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bulkvm.model.change import Plan
    from bulkvm.pbx import Pbx
    from bulkvm.runs import Journal, RunInfo, SheetRow
    from bulkvm.upload import RunResult


NOT_ALL_DONE: Final = 1
_UNKNOWN: Final = 9
_NOTHING_SENT: Final = "Nothing was sent: the plan was still being made."
_SAYS_SO: Final = re.compile(r"\b[Nn]othing (\w+ )?was sent\b")
_SITE_LENGTH: Final = 60  # in the name of a run, which names a file


@contextmanager
def before_sending() -> Iterator[None]:
    """Make an error of the PBX say that nothing was sent, as long as a plan is made.

    Raises:
        PbxUnreachable: the PBX went away. To end a run early takes a run that has begun.
        PbxError: another error of the PBX, with these words.
    """
    try:
        yield
    except StoppedEarly as error:
        raise PbxUnreachable(f"{error}\n{_NOTHING_SENT}") from error
    except PbxError as error:
        if isinstance(error, NotAllowed) or _SAYS_SO.search(str(error)):
            raise
        raise PbxError(f"{error}\n{_NOTHING_SENT}") from error


@contextmanager
def tenant_lock_held(tenant: Tenant) -> Iterator[None]:
    """Be the only run against a tenant. The operating system lets go of it, however this program ends.

    Raises:
        LockHeld: another one is under way.
    """
    with ExitStack() as stack:
        with writing_state():
            try:
                stack.enter_context(locked(tenant_lock(tenant)))
            except LockHeld as error:
                raise LockHeld(
                    f"Another run against {tenant} is under way on this machine, so nothing was sent. "
                    "Wait until it has ended."
                ) from error
        yield


def ask(plan: "Plan", question: str, console: Console, *, yes: bool, can_ask: bool) -> bool:
    """Ask a question before anything is sent, if there is anything to send.

    Raises:
        UsageError: nobody can be asked.
    """
    return not plan.to_send or confirm(question, console, ("send", "sent"), yes=yes, can_ask=can_ask)


def confirm(question: str, console: Console, verb: tuple[str, str], *, yes: bool, can_ask: bool = True) -> bool:
    """Ask a question, unless the answer was given beforehand.

    Args:
        question: what is asked.
        console: where.
        verb: what is to be done, and then was not: `send` and `sent`.
        yes: the answer that was given beforehand.
        can_ask: whether standard input is free for an answer.

    Raises:
        UsageError: nobody can be asked.
    """
    do, done = verb
    if yes:
        return True
    if not can_ask or not sys.stdin.isatty():
        raise UsageError(f"There is no terminal to ask on, so nothing was {done}. Add --yes to {do} without asking.")
    try:
        if console.confirm(question):
            return True
    except click.Abort as error:
        console.always("")  # the question's line ends here
        raise Interrupted(f"Stopped. Nothing was {done}.") from error
    console.always(f"Nothing was {done}.")
    return False


def new_run(
    file: str, connection: Connection, tenant: Tenant, extensions: Mapping[int, str], *, input_sha256: str = ""
) -> "RunInfo":
    """Name a run that begins now: by its time, its number among the runs of this machine, and its site.

    Raises:
        UsageError: the folder of the runs cannot be written to.
    """
    from bulkvm.runs import RunInfo, next_number

    began = datetime.now(UTC)
    with writing_state():
        number = next_number(runs_folder())
    site = re.sub(r"[^A-Za-z0-9.-]+", "-", connection.site.name)
    return RunInfo(
        name=f"{began:%Y%m%dT%H%M%SZ}-{number:04}-{site[:_SITE_LENGTH]}",
        site=connection.site.name,
        url=connection.site.url,
        domain=connection.site.domain,
        tenant=tenant,
        file=file,
        began=began,
        extensions=extensions,
        input_sha256=input_sha256,
        number=number,
    )


def execute(
    plan: "Plan",
    facts: "RunInfo",
    connection: Connection,
    console: Console,
    *,
    rows: "Sequence[SheetRow]",
    problems: Sequence[Problem],
    tell: "Callable[[tuple[Outcome, ...]], None]",
    write_result: "Callable[[tuple[Outcome, ...], int], Path]",
) -> int:
    """Send a plan with a journal, write what became of the rows as a result, tell it, and return the exit code.

    Args:
        plan: what is to be done.
        facts: what the journal begins with; one outcome comes of each of its rows.
        connection: where.
        console: where the run is shown.
        rows: all rows of the sheet, which the journal holds before anything is sent.
        problems: rows with errors among these are none of the plan's.
        tell: says what became of the rows, once their result is written or cannot be.
        write_result: writes the outcomes and the exit code, and says where.

    Raises:
        UsageError: the journal cannot be begun, so that nothing was sent.
        Interrupted: a person did not want to wait for the result.
    """
    from bulkvm.runs import complete_outcomes

    with stopping(console) as stop, _journalled(facts):
        with console.progress("Sending") as progress, _journal(facts, rows, console) as journal:
            opened = connection.open(reachable=True, tenant=facts.tenant)
            ending = _send(plan, opened, connection.settings, progress, journal=journal, stop=stop)
            outcomes = complete_outcomes(facts.extensions, problems, ending.outcomes)
            code = exit_code(outcomes, ending.error)
            _finish(journal, outcomes, code)
        stop.notice = _result_notice(facts, len(outcomes))
        if stop():
            console.always(stop.notice)
        try:
            with console.progress("Writing the result"):
                written = write_result(outcomes, code)
        except Exception:
            console.always(
                f"The rows were sent. `bulkvm runs {facts.name} --result FILE` writes their result after all."
            )
            raise
        finally:
            tell(outcomes)
            if ending.error:
                console.always(str(ending.error), fg="red")
            if isinstance(ending.error, ReadBackDiffers):
                console.always(f"The whole box, before and after: {runs_folder() / facts.name}.jsonl")
        console.info(f"What became of each row: {written}")
    return code


def _result_notice(facts: "RunInfo", rows: int) -> str:
    """What a person who pressed Ctrl-C waits for then, and how not to."""
    return (
        f"Writing the result of {rows:,} row{'s' * (rows != 1)}. Press Ctrl-C again to skip it; "
        f"`bulkvm runs {facts.name} --result FILE` writes it later."
    )


@contextmanager
def _journal(facts: "RunInfo", rows: "Sequence[SheetRow]", console: Console) -> "Iterator[Journal]":
    """A journal for a run, which holds all rows of the sheet from its beginning."""
    from bulkvm.runs import Journal

    with writing_state():
        journal = Journal(runs_folder(), facts, rows)
    try:
        yield journal
    finally:
        try:
            journal.close()
        except OSError as error:  # what became of the rows is known, and their result is yet to be written
            console.always(f"The run's journal may not be whole on the disk ({error.strerror}). Keep the result.")


def _finish(journal: "Journal", outcomes: "Sequence[Outcome]", code: int) -> None:
    """Note how the run ended. A full disk was reported before, and leaves the journal without its end."""
    with suppress(OSError):
        journal.finish(outcomes, code)


@contextmanager
def _journalled(facts: "RunInfo") -> Iterator[None]:
    """From the first row on until the result is written: a person may not want to wait, and the journal has it all.

    Raises:
        Interrupted: so it was.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(
            "Stopped at once, so the result was not written. Run the same command again to go on; "
            f"`bulkvm runs {facts.name} --result FILE` tells what became of each row so far."
        ) from error


def _send(
    plan: "Plan",
    opened: "AbstractAsyncContextManager[Pbx]",
    settings: SendSettings,
    progress: Callable[[int, int], None],
    *,
    journal: "Journal",
    stop: Callable[[], bool],
) -> "RunResult":
    from bulkvm.upload import send

    total, done = len(plan.changes), 0

    def count(_: Outcome) -> None:
        nonlocal done
        done += 1
        progress(done, total)

    async def sending() -> "RunResult":
        async with opened as pbx:
            return await send(plan, pbx, settings, journal=journal, on_outcome=count, stop=stop)

    return asyncio.run(sending())


def exit_code(outcomes: Sequence[Outcome], error: BulkvmError | None) -> int:
    """How a run ended, in a number. What ended it on purpose comes first; else what is unknown matters most."""
    if isinstance(error, Interrupted | ReadBackDiffers):
        return error.exit_code
    if any(outcome.status is Status.UNKNOWN for outcome in outcomes):
        return _UNKNOWN
    if error:
        return error.exit_code
    return 0 if all(outcome.status in DONE for outcome in outcomes) else NOT_ALL_DONE
