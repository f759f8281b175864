"""`bulkvm import`."""

import asyncio
import hashlib
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkvm.cli.connection import Connection
from bulkvm.cli.json_forms import import_form, print_json
from bulkvm.cli.options import SHEET_ARGUMENT, Reading, sheet_options, site_options
from bulkvm.cli.preparing import Prepared, prepare
from bulkvm.cli.screen import Screen, screen_options
from bulkvm.cli.stopping import stopping
from bulkvm.errors import Interrupted, SheetError, UsageError
from bulkvm.outcomes import DONE, Outcome, Status, count_statuses

if TYPE_CHECKING:
    from bulkvm.changes import Plan
    from bulkvm.upload import Ending

_NOT_ALL_DONE = 1
_UNKNOWN = 9


@dataclass(frozen=True, slots=True)
class Run:
    """One import."""

    file: Path
    result: Path
    connection: Connection
    screen: Screen
    as_json: bool
    began: datetime


@click.command("import")
@SHEET_ARGUMENT
@sheet_options
@site_options
@click.option("--result", type=click.Path(path_type=Path), metavar="FILE", help="Where the result goes.")
@click.option("--generate-pins", is_flag=True, help="Give a PIN to new boxes that come without one.")
@click.option("--skip-invalid", is_flag=True, help="Send the valid rows, though others have errors.")
@click.option(
    "--max-changes",
    metavar="N|N%",
    envvar="BULKVM_MAX_CHANGES",
    default="30%",
    show_default=True,
    help="Refuse to change more of the existing boxes than this.",
)
@click.option("--force", is_flag=True, help="Override the limit on changes.")
@click.option("-y", "--yes", is_flag=True, help="Send without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@screen_options
def command(
    file: Path,
    *,
    reading: Reading,
    connection: Connection,
    result: Path | None,
    generate_pins: bool,
    skip_invalid: bool,
    max_changes: str,
    force: bool,
    yes: bool,
    as_json: bool,
    screen: Screen,
) -> int:
    """Create and update boxes from the sheet FILE.

    Shows the plan, asks, sends, and writes a result beside FILE: the same sheet with what became of each row.
    Importing the same again is always safe: what is done stays as it is.
    """
    from bulkvm.planning import check_limits, parse_change_limit

    limit = parse_change_limit(max_changes)
    run = Run(file, result or free_name(result_name(file)), connection, screen, as_json, datetime.now(UTC))
    prepared = prepare(file, reading, connection, screen, skip_invalid=skip_invalid, generate_pins=generate_pins)
    if prepared.plan is None or (prepared.has_errors and not skip_invalid):
        return _refuse(run, prepared)
    if not force:
        check_limits(prepared.plan, limit)
    if not _agreed(run, prepared, yes=yes):
        screen.insist("Nothing was sent.")
        return _NOT_ALL_DONE
    return _finish(run, prepared, _send(run, prepared.plan))


def result_name(file: Path) -> Path:
    """The name of the result beside its input: `clinic.result.xlsx` for `clinic.csv` and for itself."""
    if str(file) == "-":
        return Path("bulkvm.result.xlsx")
    suffix = ".xlsm" if file.suffix.casefold() == ".xlsm" else ".xlsx"
    return file.with_name(f"{file.stem.removesuffix('.result')}.result{suffix}")


def free_name(wanted: Path) -> Path:
    """The name, or one like it that no file has: somebody may be at work on an earlier result."""
    name, number = wanted, 1
    while name.exists():
        number += 1
        name = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return name


def _agreed(run: Run, prepared: Prepared, *, yes: bool) -> bool:
    """Show the plan, and ask if there is anything to send."""
    from bulkvm.reports import render_plan, render_problems

    assert prepared.plan is not None
    if prepared.problems:
        run.screen.say(render_problems(prepared.problems))
    run.screen.say(render_plan(prepared.plan))
    count = len(prepared.plan.to_send)
    if yes or not count:
        return True
    if str(run.file) == "-" or not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask on, so nothing was sent. Add --yes to send without asking.")
    boxes = "1 box" if count == 1 else f"{count} boxes"
    return click.confirm(f"Send {boxes} to {run.connection.site.name}?", err=True)


def _send(run: Run, plan: "Plan") -> "Ending":
    from bulkvm.upload import send

    total, done = len(plan.changes), 0
    screen = run.screen

    def tell() -> None:
        screen.insist("Stopping: what is under way is finished first. Ctrl-C again stops at once.")

    async def sending() -> "Ending":
        nonlocal done
        async with run.connection.open() as pbx:
            with screen.progress("Rows") as progress:

                def count(_: Outcome) -> None:
                    nonlocal done
                    done += 1
                    progress(done, total)

                return await send(plan, pbx, workers=run.connection.settings.concurrency, on_outcome=count, stop=stop)

    with stopping(tell) as stop:
        return asyncio.run(sending())


def _refuse(run: Run, prepared: Prepared) -> int:
    """End a run whose sheet has errors: say them all, and write them into a result."""
    from bulkvm.reports import render_problems
    from bulkvm.upload import account_for

    run.screen.insist(render_problems(prepared.problems))
    outcomes = account_for(prepared.checked.extensions, prepared.problems, ())
    _report(run, prepared, outcomes, SheetError.exit_code)
    run.screen.insist("Nothing was sent: mend the errors first, or send the other rows with --skip-invalid.")
    return SheetError.exit_code


def _finish(run: Run, prepared: Prepared, ending: "Ending") -> int:
    """End a run whose rows were sent."""
    from bulkvm.upload import account_for

    outcomes = account_for(prepared.checked.extensions, prepared.problems, ending.outcomes)
    code = _exit_code(outcomes, ending)
    _report(run, prepared, outcomes, code)
    if ending.error:
        run.screen.insist(str(ending.error), fg="red")
    return code


def _report(run: Run, prepared: Prepared, outcomes: tuple[Outcome, ...], code: int) -> None:
    """Write the result, and say what became of the rows."""
    from bulkvm.reports import RunSummary, render_counts, write_result

    digest = "" if str(run.file) == "-" else hashlib.sha256(run.file.read_bytes()).hexdigest()
    summary = RunSummary(site=run.connection.site.name, time=run.began, input_sha256=digest, exit_code=code)
    written = write_result(run.result, prepared.sheet, outcomes, prepared.problems, summary)
    if run.as_json:
        name = run.began.strftime("%Y%m%dT%H%M%SZ")
        print_json(import_form(run.connection.site.name, name, outcomes, prepared.problems))
    run.screen.insist(f"{render_counts(count_statuses(outcomes))}.", bold=True)
    run.screen.say(f"What became of each row: {written}")


def _exit_code(outcomes: tuple[Outcome, ...], ending: "Ending") -> int:
    if isinstance(ending.error, Interrupted):
        return Interrupted.exit_code
    if any(outcome.status is Status.UNKNOWN for outcome in outcomes):
        return _UNKNOWN
    if ending.error:
        return ending.error.exit_code
    return 0 if all(outcome.status in DONE for outcome in outcomes) else _NOT_ALL_DONE
