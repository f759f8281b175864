"""Runs of the past, by name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bulkvm.cli.console import Console
from bulkvm.columns import COLUMNS
from bulkvm.files import Reservation, check_target
from bulkvm.model.box import BLANK, Record
from bulkvm.model.errors import FileError, UsageError
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem
from bulkvm.model.tenant import Tenant
from bulkvm.paths import runs_folder

if TYPE_CHECKING:
    from bulkvm.runs import ListedRun, PastRun, RunInfo

LAST: Final = "last"
UNDO_OF: Final = "undo of "
_REACHED: Final = frozenset({Status.CREATED, Status.UPDATED, Status.UNKNOWN})


def list_runs(console: Console | None = None) -> "list[ListedRun]":
    """List all runs, the oldest first. A journal that cannot be read is passed over, with a word on the screen."""
    from bulkvm.runs import list_journals, list_run

    runs = []
    for file in list_journals(runs_folder()):
        try:
            runs.append(list_run(file))
        except FileError as error:
            if console:
                console.always(str(error))
    return runs


def find_run(name: str, runs: "Sequence[ListedRun]", *, undone: bool = True, whole: bool = False) -> "ListedRun":
    """The run whose name begins so, or the `last`.

    Args:
        name: what a person wrote.
        runs: all, the oldest first.
        undone: whether the `last` may be an undo itself.
        whole: whether the beginning of a name is not enough.

    Raises:
        UsageError: there is none, or several begin so.
    """
    if not name.strip():
        raise UsageError("The name of the run is empty. Name one of those that `bulkvm runs` lists, or `last`.")
    if name == LAST:
        found = [run for run in runs if undone or not is_undo(run.facts)][-1:]
    else:
        found = [run for run in runs if run.facts.name == name] or [r for r in runs if r.facts.name.startswith(name)]
    if not found and not runs:
        raise UsageError("There was no run yet.")
    if not found and name == LAST:
        raise UsageError("There is no journal of an import, so no last one. `bulkvm runs` lists the undos.")
    if len(found) != 1:
        what = "several runs begin" if found else "no run begins"
        raise UsageError(f'There is no such run: {what} with "{name}". `bulkvm runs` lists them.')
    if whole and name not in (LAST, found[0].facts.name):
        raise UsageError(f"With --yes, write the whole name, so that no other run is meant: {found[0].facts.name}.")
    return found[0]


def undos_of(run: "ListedRun", runs: "Sequence[ListedRun]") -> "list[ListedRun]":
    """The undos of a run, the oldest first."""
    return [one for one in runs if one.facts.file == f"{UNDO_OF}{run.facts.name}"]


def find_given(past: "PastRun", runs: "Sequence[ListedRun]") -> dict[int, dict[str, Any]]:
    """What the run gave which an undo has put back, by row and field; and so on, if that was an undo itself."""
    from bulkvm.runs import read_journal

    given: dict[int, dict[str, Any]] = defaultdict(dict)
    by_name = {run.facts.name: run for run in runs}
    while is_undo(past.facts) and (undone := by_name.get(past.facts.file.removeprefix(UNDO_OF))):
        past = read_journal(undone.file)
        for row in past.facts.extensions:
            if record := _record(past, row):
                values = {column.header: getattr(record, column.header) for column in COLUMNS if column.updatable}
                given[row] = {header: value for header, value in values.items() if value is not BLANK} | given[row]
    return given


def find_made_later(past: "PastRun", runs: "Sequence[ListedRun]") -> dict[str, str]:
    """The names of later runs, by the ids of the boxes that they made and that this run may seem to have made."""
    from bulkvm.runs import read_journal

    numbers = {outcome.extension_number for outcome in past.outcomes if outcome.status in _REACHED}
    names = [run.facts.name for run in runs]
    later = runs[names.index(past.facts.name) + 1 :] if past.facts.name in names else ()
    return {
        outcome.id: run.facts.name
        for run in later
        if run.counts[Status.CREATED] and not run.facts.known_tenant.contradicts(past.facts.known_tenant)
        for outcome in read_journal(run.file).outcomes
        if outcome.status is Status.CREATED and outcome.id and outcome.extension_number in numbers
    }


def say_if_last_died(tenant: Tenant, console: Console) -> None:
    """Say how to get the result of the tenant's last import, if that ended before it was written."""
    from bulkvm.runs import RunState, list_journals, list_run, read_facts

    for file in reversed(list_journals(runs_folder())):
        try:
            facts = read_facts(file)
            if facts.known_tenant.contradicts(tenant):
                continue
            if list_run(file).state is RunState.DIED and not is_undo(facts):
                console.always(
                    f"The last import, of {Path(facts.file).name}, ended before its result was written. `bulkvm runs "
                    f"{facts.name} --result FILE` writes it, with the PINs that were generated."
                )
        except (OSError, FileError):
            continue
        return


def is_undo(facts: "RunInfo") -> bool:
    """Whether a run put another one back."""
    return facts.file.startswith(UNDO_OF)


def check_past_result(facts: "RunInfo", target: Path, *, overwrite: bool) -> None:
    """Refuse a file that the result of a run could not be written to.

    Raises:
        UsageError: its name ends otherwise, it is the sheet's own file, the name is taken, or its folder takes no file.
    """
    from bulkvm.reports.output_checks import check_not_input
    from bulkvm.reports.table_file import table_kind

    table_kind(target)
    check_not_input(target, Path(facts.file))
    check_target(target, overwrite=overwrite)


def write_past_result(
    past: "PastRun", problems: Sequence[Problem], target: Path, code: int, *, overwrite: bool | Reservation = False
) -> Path:
    """Write what is known of a run as a result: what its rows wanted, PINs included, and what became of them."""
    from bulkvm.reports.text.plan_text import render_outcomes
    from bulkvm.reports.workbook.from_journal import rebuild_sheet
    from bulkvm.reports.workbook.result import write_result
    from bulkvm.reports.workbook.summary import RunSummary

    facts, outcomes = past.facts, past.outcomes
    undo_of = facts.file.removeprefix(UNDO_OF) if is_undo(facts) else ""
    records = [_record(past, row) or Record(row=row, extension_number="") for row in facts.extensions]
    cells = {row: given.cells for row, given in past.rows.items() if given.cells}
    sheet = rebuild_sheet(Path(facts.file), records, cells, undo_of=undo_of)
    if not undo_of:
        outcomes = tuple(o if _record(past, o.row) else replace(o, message=_row_lost(past, o)) for o in outcomes)
    summary = RunSummary(
        site=facts.site,
        tenant=facts.known_tenant,
        time=facts.began,
        input_sha256=facts.input_sha256,
        exit_code=code,
        told=render_outcomes(past.outcomes, past.changes),
        undo_of=undo_of,
    )
    generated = {row: given.record.pin for row, given in past.rows.items() if given.has_generated_pin}
    pins = pins_on_pbx({row: pin for row, pin in generated.items() if pin is not BLANK}, outcomes)
    return write_result(target, sheet, outcomes, problems, summary, pins=pins, overwrite=overwrite)


def pins_on_pbx(generated: Mapping[int, str], outcomes: Iterable[Outcome]) -> dict[int, str]:
    """The PINs that were generated and have reached the PBX, or may have, by row; blank for the other rows."""
    reached = {outcome.row for outcome in outcomes if outcome.status in _REACHED}
    return {row: pin if row in reached else "" for row, pin in generated.items()}


def _record(past: "PastRun", row: int) -> Record | None:
    """What a row wanted. A journal of 0.1.0 holds it only of those that were sent, one that is damaged not of all."""
    if row in past.rows:
        return past.rows[row].record
    return past.changes[row].record if row in past.changes else None


def _row_lost(past: "PastRun", outcome: Outcome) -> str:
    """What to do about a row that cannot be rebuilt: without its extension, the result is refused as it is."""
    return (
        f"The journal has of this row only its extension, {outcome.extension_number}. Take the row from "
        f"{Path(past.facts.file).name}, or import that again. {outcome.message}"
    ).rstrip()
