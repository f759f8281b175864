"""Runs of the past, by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bulkvm.box import BLANK, Record
from bulkvm.cli.places import runs_folder
from bulkvm.cli.screen import Screen
from bulkvm.errors import UsageError
from bulkvm.files import Reservation, check_target
from bulkvm.problems import Problem

if TYPE_CHECKING:
    from bulkvm.upload import ListedRun, PastRun, RunFacts

LAST: Final = "last"
UNDO_OF: Final = "undo of "


def list_runs(screen: Screen) -> "list[ListedRun]":
    """List all runs, the oldest first. A journal that cannot be read is reported and passed over."""
    from bulkvm.upload import list_journals, list_run

    runs = []
    for file in list_journals(runs_folder()):
        try:
            runs.append(list_run(file))
        except UsageError as error:
            screen.insist(str(error))
    return runs


def find_run(name: str, runs: "Sequence[ListedRun]", *, undone: bool = True) -> "ListedRun":
    """The run whose name begins so, or the `last`; with `undone` False, the last that was no undo itself.

    Raises:
        UsageError: there is none, or several begin so.
    """
    if name == LAST and not runs:
        raise UsageError("There was no run yet.")
    lasts = [run for run in runs if undone or not is_undo(run.facts)]
    found = lasts[-1:] if name == LAST else [run for run in runs if run.facts.name.startswith(name)]
    if len(found) != 1:
        what = "several runs begin" if found else "no run begins"
        raise UsageError(f'There is no such run: {what} with "{name}". `bulkvm runs` lists them.')
    return found[0]


def is_undo(facts: "RunFacts") -> bool:
    """Whether a run put another one back."""
    return facts.file.startswith(UNDO_OF)


def check_past_result(facts: "RunFacts", target: Path, *, overwrite: bool) -> None:
    """Refuse a file that the result of a run could not be written to.

    Raises:
        UsageError: its name ends otherwise, it is the sheet's own file, the name is taken, or its folder takes no file.
    """
    from bulkvm.reports.tables import table_kind
    from bulkvm.reports.targets import check_not_input

    table_kind(target)
    check_not_input(target, Path(facts.file))
    check_target(target, overwrite=overwrite)


def write_past_result(
    past: "PastRun", problems: Sequence[Problem], target: Path, code: int, *, overwrite: bool | Reservation = False
) -> Path:
    """Write what is known of a run as a result: what its rows wanted, PINs included, and what became of them."""
    from bulkvm.reports.plan_text import render_outcomes
    from bulkvm.reports.rebuilt import rebuild_sheet
    from bulkvm.reports.result import write_result
    from bulkvm.reports.summary import RunSummary

    facts = past.facts
    records = [_record(past, row, extension) for row, extension in facts.extensions.items()]
    sheet = rebuild_sheet(
        Path(facts.file), records, {row: given.cells for row, given in past.rows.items() if given.cells}
    )
    summary = RunSummary(
        site=facts.site,
        tenant=facts.known_tenant,
        time=facts.began,
        input_sha256=facts.input_sha256,
        exit_code=code,
        told=render_outcomes(past.outcomes, past.changes),
    )
    pins = {
        outcome.row: row.record.pin
        for outcome in past.outcomes
        if (row := past.rows.get(outcome.row)) and row.has_generated_pin and row.record.pin is not BLANK
    }
    return write_result(target, sheet, past.outcomes, problems, summary, pins=pins, overwrite=overwrite)


def _record(past: "PastRun", row: int, extension: str) -> Record:
    """What a row wanted; a journal of 0.1.0 tells it only of those that were sent."""
    if row in past.rows:
        return past.rows[row].record
    return past.changes[row].record if row in past.changes else Record(row=row, extension_number=extension)
