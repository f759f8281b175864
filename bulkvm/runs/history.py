"""Past runs: found by name, and what earlier and later ones did to the same boxes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from bulkvm.columns import COLUMNS
from bulkvm.model.box import BLANK, Record
from bulkvm.model.errors import FileError, UsageError
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.tenant import Tenant
from bulkvm.paths import runs_folder
from bulkvm.runs import ListedRun, PastRun, RunInfo, RunState, list_journals, list_run, read_info, read_journal

LAST: Final = "last"
UNDO_OF: Final = "undo of "


def _ignore(_: str) -> None:
    """No-op callback."""


def list_runs(on_unreadable: Callable[[str], None] = _ignore) -> list[ListedRun]:
    """List all runs, the oldest first. `on_unreadable` is called with a message for each journal that is skipped."""
    runs = []
    for file in list_journals(runs_folder()):
        try:
            runs.append(list_run(file))
        except FileError as error:
            on_unreadable(str(error))
    return runs


def find_run(name: str, runs: Sequence[ListedRun], *, undo_is_last: bool = True, exact_name: bool = False) -> ListedRun:
    """Find the run whose name begins with a prefix, or the `last` one.

    Args:
        name: a unique prefix, or `last`.
        runs: all runs, the oldest first.
        undo_is_last: whether the `last` run may be an undo.
        exact_name: whether a prefix is refused.

    Raises:
        UsageError: no run matches, or several do.
    """
    if not name.strip():
        raise UsageError("The name of the run is empty. Name a run that `bulkvm runs` lists, or `last`.")
    if name == LAST:
        found = [run for run in runs if undo_is_last or not is_undo(run.info)][-1:]
    else:
        found = [run for run in runs if run.info.name == name] or [r for r in runs if r.info.name.startswith(name)]
    if not found and not runs:
        raise UsageError("There are no runs yet.")
    if not found and name == LAST:
        raise UsageError("There is no import to undo, only undos. `bulkvm runs` lists them.")
    if len(found) != 1:
        what = "Several runs begin" if found else "No run begins"
        raise UsageError(f'{what} with "{name}". `bulkvm runs` lists all runs.')
    if exact_name and name not in (LAST, found[0].info.name):
        raise UsageError(f"With --yes, write the full name of the run: {found[0].info.name}.")
    return found[0]


def is_undo(info: RunInfo) -> bool:
    """Whether a run was an undo."""
    return info.file.startswith(UNDO_OF)


def undos_of(run: ListedRun, runs: Sequence[ListedRun]) -> list[ListedRun]:
    """The undos of a run, the oldest first."""
    return [one for one in runs if one.info.file == f"{UNDO_OF}{run.info.name}"]


def find_undo_in_effect(run: ListedRun, runs: Sequence[ListedRun]) -> ListedRun | None:
    """The last undo of a run that was not undone itself."""
    return next((undo for undo in reversed(undos_of(run, runs)) if not find_undo_in_effect(undo, runs)), None)


def find_sent_values(past: PastRun, runs: Sequence[ListedRun]) -> dict[int, dict[str, Any]]:
    """The values that the undone run set, by row and field, if a run is an undo; and so on if that is an undo too."""
    sent: dict[int, dict[str, Any]] = defaultdict(dict)
    by_name = {run.info.name: run for run in runs}
    while is_undo(past.info) and (undone := by_name.get(past.info.file.removeprefix(UNDO_OF))):
        past = read_journal(undone.file)
        for row in past.info.extensions:
            if record := record_of(past, row):
                values = {column.header: getattr(record, column.header) for column in COLUMNS if column.updatable}
                sent[row] = {header: value for header, value in values.items() if value is not BLANK} | sent[row]
    return sent


def find_created_later(past: PastRun, runs: Sequence[ListedRun]) -> dict[str, str]:
    """The later runs that created boxes with this run's extensions: the run's name by the id of the box."""
    numbers = {outcome.extension_number for outcome in past.outcomes if outcome.status.may_have_changed}
    names = [run.info.name for run in runs]
    later = runs[names.index(past.info.name) + 1 :] if past.info.name in names else ()
    return {
        outcome.id: run.info.name
        for run in later
        if run.counts[Status.CREATED] and not run.info.known_tenant.contradicts(past.info.known_tenant)
        for outcome in read_journal(run.file).outcomes
        if outcome.status is Status.CREATED and outcome.id and outcome.extension_number in numbers
    }


def find_interrupted_import(tenant: Tenant) -> RunInfo | None:
    """The tenant's last run, if it was an import whose journal has no end."""
    for file in reversed(list_journals(runs_folder())):
        try:
            info = read_info(file)
            if not info.known_tenant.contradicts(tenant):
                is_cut = info.records_end and list_run(file).state is RunState.DIED
                return info if is_cut and not is_undo(info) else None
        except (OSError, FileError):
            continue
    return None


def record_of(past: PastRun, row: int) -> Record | None:
    """The record of a row. Journals of 0.1.0 hold it only for rows that were sent, damaged ones not for all."""
    if row in past.rows:
        return past.rows[row].record
    return past.changes[row].record if row in past.changes else None


def pins_on_pbx(pins: Mapping[int, str], outcomes: Iterable[Outcome]) -> dict[int, str]:
    """The PINs that reached the PBX, or may have, by row; blank for the other rows."""
    reached = {outcome.row for outcome in outcomes if outcome.status.may_have_changed}
    return {row: pin if row in reached else "" for row, pin in pins.items()}
