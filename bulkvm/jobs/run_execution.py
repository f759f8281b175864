"""Sending a plan as a run: journalled, stoppable, and accounted for row by row."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import Observer, Progress
from bulkvm.model.change import Plan
from bulkvm.model.errors import (
    BulkvmError,
    Interrupted,
    NotAllowed,
    PbxError,
    PbxUnreachable,
    StoppedEarly,
)
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem
from bulkvm.model.sheet import ReadAs
from bulkvm.model.tenant import Tenant
from bulkvm.paths import runs_folder, writing_state
from bulkvm.runs import Journal, RunInfo, SheetRow, complete_outcomes, exit_code_of, next_number
from bulkvm.upload import RunResult, send

_NOTHING_SENT: Final = "Nothing was sent: the plan was still being made."
_HAS_NOTICE: Final = re.compile(r"\b[Nn]othing (\w+ )?was sent\b")
_SITE_LENGTH: Final = 60  # in the name of a run, which is also a file name


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How an import or an undo ended.

    Attributes:
        site: its name.
        tenant: None if the PBX was not asked.
        run: the name of the run; None if nothing was sent.
        outcomes: one for each row.
        problems: all problems of the sheet and the plan.
        exit_code: as of the command line.
        result: the result file; None if none was written.
        error: why nothing was sent, or why the run ended early.
        result_error: why the result could not be written.
        read_as: how another system's export was read.
        generated_pins: how many PINs were generated and sent.
        plan: the file, id and sha256 of the approved plan, if there is one.
    """

    site: str
    tenant: Tenant | None = None
    run: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[Problem, ...]
    exit_code: ExitCode
    result: Path | None = None
    error: BulkvmError | None = None
    result_error: Exception | None = None
    read_as: ReadAs | None = None
    generated_pins: int = 0
    plan: Mapping[str, str] | None = None


@contextmanager
def before_sending() -> Iterator[None]:
    """Add to errors of the PBX, and to an interruption, that nothing was sent, while a plan is made.

    Raises:
        PbxUnreachable: the PBX went away. Only a run that has begun can end early.
        PbxError: another error of the PBX, with this addition.
        Interrupted: interrupted.
    """
    try:
        yield
    except StoppedEarly as error:
        raise PbxUnreachable(f"{error}\n{_NOTHING_SENT}") from error
    except PbxError as error:
        if isinstance(error, NotAllowed) or _HAS_NOTICE.search(str(error)):
            raise
        raise PbxError(f"{error}\n{_NOTHING_SENT}") from error
    except KeyboardInterrupt as error:
        raise Interrupted("Stopped. Nothing was sent.") from error


def new_run(
    file: str, connection: Connection, tenant: Tenant, extensions: Mapping[int, str], *, input_sha256: str = ""
) -> RunInfo:
    """Name a run that begins now: by its time, its number on this machine, and its site.

    Raises:
        FileError: the folder of the runs cannot be written to.
    """
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
    plan: Plan,
    info: RunInfo,
    connection: Connection,
    observer: Observer,
    *,
    rows: Sequence[SheetRow],
    problems: Sequence[Problem],
    write_result: Callable[[tuple[Outcome, ...], int], Path],
) -> RunReport:
    """Send a plan with a journal, and write what became of each row to a result file.

    Args:
        plan: the changes to send.
        info: the head of the journal; each of its rows gets one outcome.
        connection: the PBX.
        observer: is shown the progress, and may ask to stop.
        rows: all rows of the sheet, which the journal holds before anything is sent.
        problems: all problems; the rows with errors are not in the plan.
        write_result: writes the outcomes and the exit code to a file.

    Raises:
        FileError: the journal cannot be written; nothing was sent.
        Interrupted: interrupted for the second time while rows were sent.
    """
    try:
        with observer.stop_requests() as stop:
            with observer.progress("Sending") as progress, _journal(info, rows, observer) as journal:
                sent = _send(plan, info, connection, progress, journal=journal, stop=stop)
                left_out = (row.outcome for row in rows if row.outcome and row.outcome.status is Status.LEFT_OUT)
                outcomes = complete_outcomes(info.extensions, problems, (*left_out, *sent.outcomes))
                code = exit_code_of(outcomes, sent.error)
                with suppress(OSError):  # a full disk was reported before, and leaves the journal without its end
                    journal.finish(outcomes, code)
            observer.writing_result(info.name, len(outcomes))
            report = RunReport(
                site=info.site,
                tenant=info.tenant,
                run=info.name,
                outcomes=outcomes,
                problems=tuple(problems),
                exit_code=code,
                error=sent.error,
            )
            return add_result(report, observer, lambda: write_result(outcomes, code))
    except KeyboardInterrupt as error:
        raise _interrupted(info.name) from error


def add_result(report: RunReport, observer: Observer, write: Callable[[], Path]) -> RunReport:
    """Write the result file of a run; a failure becomes part of the report, which accounts for all rows."""
    try:
        with observer.progress("Writing the result"):
            return replace(report, result=write())
    except KeyboardInterrupt:
        if report.run is None:
            raise
        error: Exception = _interrupted(report.run)
    except Exception as raised:  # noqa: BLE001  (the rows were sent, so any failure is only reported)
        error = raised
    return replace(
        report,
        result_error=error,
        exit_code=error.exit_code if isinstance(error, BulkvmError) else ExitCode.NOT_ALL_DONE,
    )


def _interrupted(run: str) -> Interrupted:
    return Interrupted(
        "Stopped at once, so the result was not written. Run the same command again to continue. "
        f"`bulkvm runs {run} --result FILE` writes the status of each row so far."
    )


@contextmanager
def _journal(info: RunInfo, rows: Sequence[SheetRow], observer: Observer) -> Iterator[Journal]:
    """Open the journal of a run; it holds all rows of the sheet from the start."""
    with writing_state():
        journal = Journal(runs_folder(), info, rows)
    try:
        yield journal
    finally:
        try:
            journal.close()
        except OSError as error:  # the outcomes are known, and the result is yet to be written
            observer.notice(f"The run's journal may be incomplete on disk ({error.strerror}). Keep the result file.")


def _send(
    plan: Plan,
    info: RunInfo,
    connection: Connection,
    progress: Progress,
    *,
    journal: Journal,
    stop: Callable[[], bool],
) -> RunResult:
    total, done = len(plan.changes), 0

    def count(_: Outcome) -> None:
        nonlocal done
        done += 1
        progress(done, total)

    async def sending() -> RunResult:
        async with connection.open(reachable=True, tenant=info.tenant) as pbx:
            return await send(plan, pbx, connection.settings, journal=journal, on_outcome=count, stop=stop)

    return asyncio.run(sending())
