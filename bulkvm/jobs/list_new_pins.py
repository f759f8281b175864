"""List the PINs that an import set, for a mail merge."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from bulkvm.columns import (
    COLUMN_OF_HEADER,
    ID_HEADING,
    KEY_COLUMN,
    PIN_COLUMN,
    PIN_NOT_SENT,
    SENT_PIN_HEADING,
    STATUS_HEADING,
)
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.sheet_columns import joined_texts, letters_by_header, result_letters
from bulkvm.files import check_kind, check_target
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.model.box import Box
from bulkvm.model.change import ChangeKind
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.outcome import DONE, Status
from bulkvm.model.problem import ProblemCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.planning import expected_box
from bulkvm.planning.pin_generation import pin_fault
from bulkvm.readers import read_sheet
from bulkvm.reports.output_checks import check_not_input
from bulkvm.reports.pin_list import write_pin_list
from bulkvm.reports.table_file import table_format
from bulkvm.reports.workbook.run_name import read_run_name
from bulkvm.runs import ListedRun, PastRun, is_in_progress, read_journal
from bulkvm.runs.history import find_run, is_undo, list_runs, undos_of
from bulkvm.text import count

_EXISTING: Final = (Status.UPDATED, Status.UNCHANGED)
_MOST_RUNS: Final = 5  # among which that of a CSV file is looked for
_LISTED: Final = (KEY_COLUMN.header, "name", PIN_COLUMN.header, "recipients")


@dataclass(frozen=True, slots=True, kw_only=True)
class PinListReport:
    """A list of new PINs.

    Attributes:
        boxes: the boxes that were created or whose PIN was generated, with their PINs.
        unknown: how many rows are not in the list since it is not known what the PBX did.
        existing: how many rows are not in the list since their boxes existed before the import.
        file: the file.
    """

    boxes: tuple[Box, ...]
    unknown: int
    existing: int
    file: Path


def list_new_pins(result: str, output: Path, *, observer: Observer = SILENT) -> PinListReport:
    """Write the name, the extension, the PIN and the first address of each new box and each box with a generated PIN.

    Args:
        result: the result file of an import; or a run, by a unique prefix of its name or as `last`.
        output: a new file (.xlsx or .csv). Only its owner can read it.
        observer: is shown notices about journals that cannot be read.

    Raises:
        UsageError: the output cannot be written there, there is no such result or run, or it has no new PINs.
        SheetError: the result cannot be read.
    """
    table_format(output)
    file = Path(result)
    is_file = file.exists() or file.suffix.casefold() in {".xlsx", ".csv"}
    if is_file:
        check_not_input(output, file)
    if check_kind(output):
        raise UsageError(f"{output} already exists, and a list of PINs never replaces a file. Name another one.")
    check_target(output)
    if is_file:
        found = list(_read_result(file, observer))
    else:
        found = list(_read_run(_past_run(find_run(result, list_runs(observer.notice)), observer)))
    boxes = tuple(box for box in found if isinstance(box, Box))
    counts = Counter(status for status in found if isinstance(status, Status))
    existing = counts[Status.UPDATED] + counts[Status.UNCHANGED]
    if not boxes:
        raise UsageError(
            "It has no row that was created with a PIN, and no generated PIN, so no list was written."
            + (f" {describe_existing(existing)}" if existing else "")
        )
    return PinListReport(
        boxes=boxes,
        unknown=counts[Status.UNKNOWN],
        existing=existing,
        file=write_pin_list(output, boxes),
    )


def describe_existing(rows: int) -> str:
    """Describe the rows that are not listed since their boxes existed before, and where their PINs are."""
    return (
        f"{count(rows, 'row')} not listed: the box existed before this import. If an earlier import created it, list "
        "the PINs of that run, too, unless they were changed since: `bulkvm runs` shows it."
    )


def _past_run(run: ListedRun, observer: Observer) -> PastRun:
    """Read a run from its journal. If it was undone, a notice says so."""
    if is_in_progress(run.file):
        raise UsageError(f"The run {run.info.name} is still in progress. List its PINs after it has ended.")
    runs = list_runs()
    if undos := undos_of(run, runs):
        observer.notice(
            f"The run {run.info.name} was undone by {undos[-1].info.name}. The boxes that the undo deleted are listed, "
            "too."
        )
    past = read_journal(run.file)
    later = [one for one in runs if one.info.number > run.info.number and one.counts[Status.UPDATED]]
    if changed := _count_changed_since(past, later[-_MOST_RUNS:]):
        observer.notice(
            f"Later runs changed the PINs of {count(changed, 'box', 'boxes')}. If these boxes are listed with their "
            "former PINs, list those of the later runs instead."
        )
    return past


def _count_changed_since(past: PastRun, later: Iterable[ListedRun]) -> int:
    """How many boxes of a run got another PIN by later runs."""
    ids = {outcome.id for outcome in past.outcomes if outcome.id}
    outcomes = (outcome for run in later if not is_in_progress(run.file) for outcome in read_journal(run.file).outcomes)
    changed = (one for one in outcomes if one.status.may_have_changed and PIN_COLUMN.header in one.changed)
    return len({one.id for one in changed} & ids)


def _read_run(past: PastRun) -> Iterator[Box | Status]:
    """The boxes of a run; the status of each row whose outcome is not known, or whose box existed before."""
    for outcome in past.outcomes:
        change, row = past.changes.get(outcome.row), past.rows.get(outcome.row)
        if change is None or not (change.kind is ChangeKind.CREATE or (row and row.has_generated_pin)):
            if outcome.status in _EXISTING:
                yield outcome.status
            continue
        if outcome.status is Status.UNKNOWN:
            yield outcome.status
        elif outcome.status.may_have_changed:
            box = expected_box(change, outcome.id or "")
            if isinstance(box.pin, str):
                yield box


def _read_result(file: Path, observer: Observer) -> Iterator[Box | Status]:
    """The boxes of a result; the status of each row whose outcome is not known, or whose box existed before.

    Raises:
        SheetError: a row has the PIN or the extension of another one in the run's journal; or it has no journal, and
            the rules refuse a PIN.
    """
    run = "name the run instead: `bulkvm runs` lists them"
    try:
        sheet = read_sheet(file)
    except SheetError as error:
        if error.problem.code is not ProblemCode.NO_HEADER:
            raise
        raise UsageError(f"{file.name} has no headings that are recognised without --map, so {run}.") from error
    written, letters = result_letters(sheet), letters_by_header(sheet)
    if STATUS_HEADING not in written:
        raise UsageError(f"{file.name} is not a result: it has no column {STATUS_HEADING}. Name the result, or {run}.")
    statuses = sheet.texts(written[STATUS_HEADING])
    sent = sheet.texts(written[SENT_PIN_HEADING]) if SENT_PIN_HEADING in written else {}
    ids = sheet.texts(written[ID_HEADING]) if ID_HEADING in written else {}
    journal, edited = _find_journal(file, {text.strip(STRIP_CHARS) for text in ids.values()}, observer), []
    texts = {header: joined_texts(sheet, header, letters[header]) for header in _LISTED if header in letters}
    is_needed = any(_is_created(text) and not sent.get(row) for row, text in statuses.items())
    if KEY_COLUMN.header not in letters or (is_needed and PIN_COLUMN.header not in letters):
        raise UsageError(f"{file.name} has no extension or no PIN that is recognised without --map, so {run}.")
    for row, text in statuses.items():
        status, new_pin = text.strip(STRIP_CHARS).casefold(), sent.get(row, "").strip(STRIP_CHARS)
        if _is_created(text) or (status in DONE and new_pin not in {"", PIN_NOT_SENT}):
            fields: dict[str, Any] = {header: _parse(header, of_column[row]) for header, of_column in texts.items()}
            box = Box(id=ids.get(row, "").strip(STRIP_CHARS), **fields)
            box = replace(box, pin=new_pin) if new_pin else box
            if journal.contradicts(box):
                edited.append(row)
            elif box.pin:
                yield box
        elif status in {Status.UNKNOWN, *_EXISTING}:
            yield Status(status)
    _check_edited(file, edited, run)


@dataclass(frozen=True, slots=True)
class _Journal:
    """What a run's journal has of the boxes of a result; nothing if there is no such journal.

    Attributes:
        pins: the new PINs by extension.
        extensions: the extensions by the box's id.
    """

    pins: Mapping[str, object] = field(default_factory=dict, repr=False)
    extensions: Mapping[str, str] = field(default_factory=dict)

    def contradicts(self, box: Box) -> bool:
        """Whether a box of a result has another PIN or extension; a PIN that is not known must follow the rules."""
        if self.extensions.get(box.id, box.extension_number) != box.extension_number:
            return True
        if sent := self.pins.get(box.extension_number):
            return box.pin != sent
        # The PIN of a box in the journal that the run did not set is of an earlier run, which may have had other rules.
        return not self.extensions and bool(box.pin) and pin_fault(box.pin, DEFAULT_PIN_POLICY) is not None


def _check_edited(file: Path, edited: Sequence[int], remedy: str) -> None:
    if edited:
        rows = f"row{'s' if len(edited) > 1 else ''} {', '.join(map(str, edited))}"
        raise SheetError(
            f"{file.name} has PINs or extensions that are not those of the import, or PINs that the rules refuse "
            f"({rows}), so no list was written. To list the PINs that were sent, {remedy}."
        )


def _find_journal(file: Path, ids: Collection[str], observer: Observer) -> _Journal:
    """Find the journal of the run that a result names; of a CSV file, the last run that changed one of its boxes."""
    name, runs = read_run_name(file), list_runs(observer.notice)
    run = next((run for run in runs if run.info.name == name), None) if name else _last_run_of(ids, runs)
    if run is None:
        observer.notice(
            f"{file.name} names no run whose journal is here, so its PINs could not be compared with those that were "
            "sent. If it was edited, check the list."
        )
        return _Journal()
    past = _past_run(run, observer)
    return _Journal(
        pins={box.extension_number: box.pin for box in _read_run(past) if isinstance(box, Box)},
        extensions={outcome.id: outcome.extension_number for outcome in past.outcomes if outcome.id},
    )


def _last_run_of(ids: Collection[str], runs: Sequence[ListedRun]) -> ListedRun | None:
    for run in runs[: -_MOST_RUNS - 1 : -1]:
        if is_in_progress(run.file) or is_undo(run.info):
            continue
        if any(outcome.status.may_have_changed and outcome.id in ids for outcome in read_journal(run.file).outcomes):
            return run
    return None


def _is_created(status: str) -> bool:
    return status.strip(STRIP_CHARS).casefold() == Status.CREATED


def _parse(header: str, text: str) -> object:
    stripped = text.strip(STRIP_CHARS)
    value = COLUMN_OF_HEADER[header].read(stripped).value if stripped else None
    return stripped if value is None else value
