"""`bulkvm import`."""

import re
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bulkvm.cli.connection import Connection
from bulkvm.cli.console import Console, console_options
from bulkvm.cli.history import pins_on_pbx, say_if_last_died
from bulkvm.cli.json_output import import_form, print_json
from bulkvm.cli.options import (
    KEEP_UNSEEN_OPTION,
    MAX_CHANGES_OPTION,
    NO_CANARY_OPTION,
    OVERWRITE_OPTION,
    SHEET_ARGUMENT,
    Reading,
    sheet_options,
    site_options,
)
from bulkvm.cli.preparing import Prepared, prepare
from bulkvm.cli.running import NOT_ALL_DONE, ask, execute, new_run, tenant_lock_held
from bulkvm.files import Reservation, reserve
from bulkvm.model.errors import Interrupted, LimitExceeded, SheetError, UsageError
from bulkvm.model.outcome import Outcome, count_statuses, count_unseen
from bulkvm.model.settings import DEFAULT_SETTINGS, parse_limit

if TYPE_CHECKING:
    from bulkvm.model.change import Plan
    from bulkvm.model.sheet import Sheet


_RESULT: Final = re.compile(r"\.result(-\d+)?$")


@dataclass(frozen=True, slots=True)
class Job:
    """One import."""

    file: Path
    result: Reservation
    connection: Connection
    console: Console
    as_json: bool


@click.command("import")
@SHEET_ARGUMENT
@sheet_options
@site_options
@click.option("--result", type=click.Path(path_type=Path), metavar="FILE", help="Where the result goes.")
@OVERWRITE_OPTION
@click.option("--generate-pins", is_flag=True, help="Give a PIN to boxes that need one and come without.")
@click.option("--skip-invalid", is_flag=True, help="Send the valid rows, though others have errors.")
@KEEP_UNSEEN_OPTION
@MAX_CHANGES_OPTION
@click.option("--force", is_flag=True, help="Override the limit on changes.")
@click.option(
    "--max-errors",
    metavar="N|N%",
    envvar="BULKVM_MAX_ERRORS",
    default=str(DEFAULT_SETTINGS.max_errors),
    show_default=True,
    help="Stop when more of the rows that were sent fail.",
)
@click.option(
    "--verify",
    type=click.Choice(["unsure", "all"]),
    default="unsure",
    show_default=True,
    help="Which rows are read back after they were written.",
)
@NO_CANARY_OPTION
@click.option("-y", "--yes", is_flag=True, help="Send without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@console_options
def command(
    file: Path,
    *,
    reading: Reading,
    connection: Connection,
    result: Path | None,
    overwrite: bool,
    generate_pins: bool,
    skip_invalid: bool,
    keep_unseen: bool,
    max_changes: str,
    force: bool,
    max_errors: str,
    verify: str,
    no_canary: bool,
    yes: bool,
    as_json: bool,
    console: Console,
) -> int:
    """Create and update boxes from the sheet FILE.

    Shows the plan, asks, sends, and writes a result beside FILE: the same sheet with what became of each row.
    Importing the same again is always safe: what is done stays as it is.
    """
    from bulkvm.planning import check_changes
    from bulkvm.reports.output_checks import check_result_name

    limit = parse_limit(max_changes)
    connection = connection.with_settings(
        max_errors=parse_limit(max_errors), verify=verify == "all", canary=not no_canary
    )
    with ExitStack() as stack:
        sheet = _read(file, reading, connection, console, as_json=as_json)
        if result:
            check_result_name(result, sheet, overwrite=overwrite)
        wanted = result or result_name(file)
        reservation = stack.enter_context(reserve(wanted, overwrite=overwrite, unused=result is None))
        check_result_name(reservation.path, sheet, overwrite=reservation)
        job = Job(file, reservation, connection, console, as_json)
        prepared = prepare(
            sheet,
            reading,
            connection,
            console,
            skip_invalid=skip_invalid,
            generate_pins=generate_pins,
            keep_unseen=keep_unseen,
            on_tenant=lambda tenant: stack.enter_context(tenant_lock_held(tenant)),
        )
        if prepared.tenant:
            say_if_last_died(prepared.tenant, console)
        if prepared.plan is None or (prepared.has_errors and not skip_invalid):
            return _refuse(job, prepared)
        try:
            if not force:
                check_changes(prepared.plan, limit)
            agreed = _agree(job, prepared, yes=yes)
        except (LimitExceeded, UsageError, Interrupted):
            _print_not_sent(job, prepared)
            raise
        if not agreed:
            _print_not_sent(job, prepared)
            return NOT_ALL_DONE
        return _carry_out(job, prepared, prepared.plan)


def result_name(file: Path) -> Path:
    """The name of the result beside its input: `clinic.result.xlsx` for `clinic.csv` and for itself."""
    if str(file) == "-":
        return Path("bulkvm.result.xlsx")
    return file.with_name(f"{_RESULT.sub('', file.stem)}.result.xlsx")


def _read(file: Path, reading: Reading, connection: Connection, console: Console, *, as_json: bool) -> "Sheet":
    """Read the sheet."""
    try:
        return reading.read(file, console)
    except SheetError as error:
        if as_json:
            print_json(import_form(connection.site.name, None, None, (), (error.problem,)))
        raise


def _print_not_sent(job: Job, prepared: Prepared) -> None:
    """Tell in JSON that nothing was sent, if that is asked for."""
    from bulkvm.runs import complete_outcomes

    if job.as_json:
        outcomes = complete_outcomes(prepared.checked.extensions, prepared.problems, ())
        print_json(import_form(job.connection.site.name, prepared.tenant, None, outcomes, prepared.problems))


def _agree(job: Job, prepared: Prepared, *, yes: bool) -> bool:
    """Show the plan, and ask if there is anything to send."""
    from bulkvm.reports.text.plan_text import render_plan, render_to_send
    from bulkvm.reports.text.problem_text import render_problems

    assert prepared.plan is not None
    if prepared.problems:
        job.console.info(render_problems(prepared.problems))
    job.console.info(render_plan(prepared.plan, prepared.tenant))
    question = f"Send {render_to_send(prepared.plan)} to {prepared.tenant}?"
    return ask(prepared.plan, question, job.console, yes=yes, can_ask=str(job.file) != "-")


def _refuse(job: Job, prepared: Prepared) -> int:
    """End a run whose sheet has errors: say them all, and write them into a result."""
    from bulkvm.reports.text.problem_text import render_problems
    from bulkvm.runs import complete_outcomes

    job.console.always(render_problems(prepared.problems))
    outcomes = complete_outcomes(prepared.checked.extensions, prepared.problems, ())
    written = _write_result(job, prepared, outcomes, SheetError.exit_code, datetime.now(UTC))
    _tell(job, prepared, outcomes, None)
    job.console.info(f"What became of each row: {written}")
    job.console.always("Nothing was sent: mend the errors first, or send the other rows with --skip-invalid.")
    return SheetError.exit_code


def _carry_out(job: Job, prepared: Prepared, plan: "Plan") -> int:
    """Send the plan, and tell what became of it."""
    # Wherever the run is asked about, its sheet is known.
    file = str(job.file if str(job.file) == "-" else job.file.absolute())
    assert prepared.tenant is not None
    facts = new_run(
        file, job.connection, prepared.tenant, prepared.checked.extensions, input_sha256=prepared.sheet.sha256
    )
    return execute(
        plan,
        facts,
        job.connection,
        job.console,
        rows=prepared.rows,
        problems=prepared.problems,
        tell=lambda outcomes: _tell(job, prepared, outcomes, facts.name),
        write_result=lambda outcomes, code: _write_result(job, prepared, outcomes, code, facts.began),
    )


def _tell(job: Job, prepared: Prepared, outcomes: tuple[Outcome, ...], run: str | None) -> None:
    """Say what became of the rows."""
    from bulkvm.reports.text.plan_text import render_counts, render_unseen

    if job.as_json:
        print_json(import_form(job.connection.site.name, prepared.tenant, run, outcomes, prepared.problems))
    unseen = render_unseen(count_unseen(outcomes))
    job.console.always(f"{render_counts(count_statuses(outcomes))}. {unseen}".rstrip(), bold=True)


def _write_result(job: Job, prepared: Prepared, outcomes: tuple[Outcome, ...], code: int, began: datetime) -> Path:
    from bulkvm.reports.workbook.result import write_result
    from bulkvm.reports.workbook.summary import RunSummary

    summary = RunSummary(
        site=job.connection.site.name,
        tenant=prepared.tenant,
        time=began,
        input_sha256=prepared.sheet.sha256,
        exit_code=code,
    )
    return write_result(
        job.result.path,
        prepared.sheet,
        outcomes,
        prepared.problems,
        summary,
        pins=pins_on_pbx(prepared.generated_pins, outcomes),
        overwrite=job.result,
    )
