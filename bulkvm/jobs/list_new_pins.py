"""List the PINs that an import set, for a mail merge."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from bulkvm.columns import (
    CHANGED_HEADING,
    COLUMN_OF_HEADER,
    ID_HEADING,
    KEY_COLUMN,
    PIN_COLUMN,
    PIN_NOT_SENT,
    SENT_PIN_HEADING,
    STATUS_HEADING,
)
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.sheet_columns import joined_texts, letters_by_header, result_letters, result_texts, result_words
from bulkvm.files import check_kind, check_target
from bulkvm.jobs.box_history import BoxHistories, read_histories, sets_pin
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.model.box import BLANK, Box
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.outcome import DONE, Status
from bulkvm.model.problem import ProblemCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.model.sheet import Sheet
from bulkvm.planning import expected_box
from bulkvm.planning.pin_generation import pin_fault
from bulkvm.readers import read_sheet
from bulkvm.reports.output_checks import check_not_input
from bulkvm.reports.pin_list import write_pin_list
from bulkvm.reports.table_file import table_format
from bulkvm.reports.workbook.run_name import read_run_name
from bulkvm.runs import ListedRun, PastRun, is_in_progress, read_journal
from bulkvm.runs.history import find_run, list_runs
from bulkvm.text import count, join_limited

_EXISTING: Final = (Status.UPDATED, Status.UNCHANGED)
_LISTED: Final = (KEY_COLUMN.header, "name", PIN_COLUMN.header, "recipients")
_MAX_NAMED: Final = 50  # boxes in a message
_RUN: Final = "name the run instead: `bulkvm runs` lists them"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinListReport:
    """A list of new PINs.

    Attributes:
        boxes: the boxes that were created or whose PIN was set, with their PINs.
        unknown: how many rows are not in the list since it is not known what the PBX did.
        existing: how many rows are not in the list since the import set no PIN of theirs.
        file: the file.
        outdated: the extensions that are not in the list, by the reason: their boxes were deleted or got other PINs.
    """

    boxes: tuple[Box, ...]
    unknown: int
    existing: int
    file: Path
    outdated: Mapping[str, Sequence[str]] = field(default_factory=dict)


def list_new_pins(result: str, output: Path, *, observer: Observer = SILENT) -> PinListReport:
    """Write the name, the extension, the PIN and the first address of each box whose PIN an import set.

    A box that a later run deleted, replaced or gave another PIN is not listed. Its name and address are the last ones
    that the journals have.

    Args:
        result: the result file of an import; or a run, by a unique prefix of its name or as `last`.
        output: a new file (.xlsx or .csv). Only its owner can read it.
        observer: is shown notices about journals that cannot be read.

    Raises:
        UsageError: the output cannot be written there, there is no such result or run, or it has no new PINs.
        SheetError: the result cannot be read, or was edited.
    """
    table_format(output)
    file = Path(result)
    is_file = file.exists() or file.suffix.casefold() in {".xlsx", ".csv"}
    if is_file:
        check_not_input(output, file)
    if check_kind(output):
        raise UsageError(f"{output} already exists, and a list of PINs never replaces a file. Name another one.")
    check_target(output)
    unreadable: list[str] = []
    found = _read_result(file, observer, unreadable) if is_file else _read_named(result, unreadable)
    counts = Counter(status for status in found.rows.values() if isinstance(status, Status))
    existing = counts[Status.UPDATED] + counts[Status.UNCHANGED]
    boxes, outdated = _split_outdated(found)
    if not boxes:
        why = [describe_existing(existing)] if existing else []
        raise UsageError(
            " ".join(["It has no PIN that the import set, so no list was written.", *why, *describe_outdated(outdated)])
        )
    for message in unreadable:
        observer.notice(f"{message} If that run deleted boxes or changed PINs, the list does not show it.")
    return PinListReport(
        boxes=tuple(boxes),
        unknown=counts[Status.UNKNOWN],
        existing=existing,
        file=write_pin_list(output, boxes),
        outdated=outdated,
    )


def describe_existing(rows: int) -> str:
    """Describe the rows that are not listed since their boxes existed before, and where their PINs are."""
    return (
        f"{count(rows, 'row')} not listed: the box existed before this import, which did not set its PIN. If an "
        "earlier import did, list the PINs of that run, too: `bulkvm runs` shows it."
    )


def describe_outdated(outdated: Mapping[str, Sequence[str]]) -> list[str]:
    """Describe the boxes that are not listed since they no longer have the PINs that the import set, and name them."""
    return [
        f"{count(len(numbers), 'box', 'boxes')} not listed: {join_limited(numbers, _MAX_NAMED)}. {reason}"
        for reason, numbers in outdated.items()
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of a result or a run.

    Attributes:
        rows: the box of each row whose PIN the import set; the status of each row whose outcome is not known, or whose
            box existed before.
        histories: what the journals show of the boxes.
    """

    rows: Mapping[int, Box | Status] = field(repr=False)
    histories: BoxHistories = field(repr=False)


def _split_outdated(found: _Found) -> tuple[list[Box], dict[str, list[str]]]:
    """The boxes to list, each once; and the extensions of those that were deleted or got other PINs, by the reason."""
    boxes: dict[str, Box] = {}
    outdated: dict[str, dict[str, None]] = {}
    for box in found.rows.values():
        if isinstance(box, Box):
            if reason := _reason_not_to_list(box, found.histories):
                outdated.setdefault(reason, {})[box.extension_number] = None
            else:
                boxes.setdefault(box.id or box.extension_number, _with_last_texts(box, found.histories))
    return list(boxes.values()), {reason: list(numbers) for reason, numbers in outdated.items()}


def _with_last_texts(box: Box, histories: BoxHistories) -> Box:
    """A box with its last known name and addresses, which a later run may have changed."""
    known = histories.find_current(box)
    if not (known and known.last):
        return box
    name, recipients = known.last.name, known.last.recipients
    return replace(
        box,
        name=name if isinstance(name, str) else box.name,
        recipients=recipients if isinstance(recipients, tuple) else box.recipients,
    )


def _reason_not_to_list(box: Box, histories: BoxHistories) -> str:
    known = histories.find_current(box)
    if known and known.deleted_by:
        return f"Deleted by the run {known.deleted_by}."
    current = known.pins[-1] if known and known.pins else None
    if current is None:
        is_other = known is not histories.find(box)
        return "The PBX showed another box with this extension later, whose PIN is in no journal." if is_other else ""
    if current.pin == box.pin:
        return ""
    if not current.run:
        return "The PBX showed another PIN later, which bulkvm did not set."
    was = "was" if current.is_certain else "may have been"
    lists = f"`bulkvm pins {current.run} --output FILE` lists the current one."
    return f"The PIN {was} changed later by the run {current.run}: {lists}"


def _read_named(name: str, unreadable: list[str]) -> _Found:
    """Read the boxes of a run that is named.

    Raises:
        UsageError: there is no such run, or it is in progress.
    """
    runs = list_runs(unreadable.append)
    past = _past_run(find_run(name, runs))
    return _Found(dict(_read_run(past)), read_histories(runs, past.info.known_tenant, ()))


def _past_run(run: ListedRun) -> PastRun:
    if is_in_progress(run.file):
        raise UsageError(f"The run {run.info.name} is still in progress. List its PINs after it has ended.")
    return read_journal(run.file)


def _read_run(past: PastRun) -> Iterator[tuple[int, Box | Status]]:
    for outcome in past.outcomes:
        change, row = past.changes.get(outcome.row), past.rows.get(outcome.row)
        if change is None or not (sets_pin(change, outcome) or (row and row.has_generated_pin)):
            if outcome.status in _EXISTING:
                yield outcome.row, outcome.status
            continue
        if outcome.status is Status.UNKNOWN:
            yield outcome.row, outcome.status
        elif outcome.status.may_have_changed:
            box = expected_box(change, outcome.id or "")
            if isinstance(box.pin, str):
                yield outcome.row, box


def _read_result(file: Path, observer: Observer, unreadable: list[str]) -> _Found:
    """Read the boxes of a result, and compare them with the journals.

    Raises:
        UsageError: it is not a result, or its columns are not recognised.
        SheetError: a row has values that its box never had; or it is in no journal, and the rules refuse its PIN.
    """
    try:
        sheet = read_sheet(file)
    except SheetError as error:
        if error.problem.code is not ProblemCode.NO_HEADER:
            raise
        raise UsageError(f"{file.name} has no headings that are recognised without --map, so {_RUN}.") from error
    rows = dict(_read_rows(sheet, file.name))
    boxes = {row: box for row, box in rows.items() if isinstance(box, Box)}
    name, runs = read_run_name(file), list_runs(unreadable.append)
    run = next((run for run in runs if run.info.name == name), None)
    past = _past_run(run) if run else None
    tenant = past.info.known_tenant if past else None
    histories = read_histories(runs, tenant, {box.id for box in boxes.values() if box.id})
    edited = sorted({*_find_edited(boxes, histories), *_find_moved(sheet, past), *_find_contradictory(boxes)})
    _check_edited(file, edited)
    known = (histories.find(box) for box in boxes.values())
    if unknown := sum(history is None or not history.pins for history in known):
        observer.notice(
            f"{count(unknown, 'PIN')} in {file.name} could not be compared with what was sent: no journal here has "
            f"{'it' if unknown == 1 else 'them'}. If the file was edited, check the list."
        )
    return _Found(rows, histories)


def _read_rows(sheet: Sheet, name: str) -> Iterator[tuple[int, Box | Status]]:
    written, letters = result_letters(sheet), letters_by_header(sheet)
    if STATUS_HEADING not in written:
        raise UsageError(f"{name} is not a result: it has no column {STATUS_HEADING}. Name the result, or {_RUN}.")
    statuses, sent = result_words(sheet, STATUS_HEADING), result_words(sheet, SENT_PIN_HEADING)
    ids, changed = result_texts(sheet, ID_HEADING), result_words(sheet, CHANGED_HEADING)
    texts = {header: joined_texts(sheet, header, letters[header]) for header in _LISTED if header in letters}
    is_set = {
        row: status == Status.CREATED or _is_changed(status, changed.get(row, "")) for row, status in statuses.items()
    }
    is_needed = any(is_set[row] and not sent.get(row) for row in statuses)
    if KEY_COLUMN.header not in letters or (is_needed and PIN_COLUMN.header not in letters):
        raise UsageError(f"{name} has no extension or no PIN that is recognised without --map, so {_RUN}.")
    for row, status in statuses.items():
        new_pin = sent.get(row, "").replace(PIN_NOT_SENT, "")
        if is_set[row] or (status in DONE and new_pin):
            fields: dict[str, Any] = {header: _parse(header, of_column[row]) for header, of_column in texts.items()}
            box = Box(id=ids.get(row, ""), **fields)
            yield row, replace(box, pin=new_pin) if new_pin else box
        elif status in {Status.UNKNOWN, *_EXISTING}:
            yield row, Status(status)


def _is_changed(status: str, changed: str) -> bool:
    """Whether an import changed the PIN of a row, by its cells in the result."""
    return status == Status.UPDATED and PIN_COLUMN.header in changed.split(", ")


def _find_edited(boxes: Mapping[int, Box], histories: BoxHistories) -> Iterator[int]:
    """The rows whose boxes never had these values, or have a PIN that is in no journal and that the rules refuse."""
    for row, box in boxes.items():
        history = histories.find(box)
        if (
            history.contradicts(box)
            if history
            else not isinstance(box.pin, str) or pin_fault(box.pin, DEFAULT_PIN_POLICY)
        ):
            yield row


def _find_moved(sheet: Sheet, past: PastRun | None) -> Iterator[int]:
    """The rows that are marked as created, although the run did something else with the box."""
    statuses = {outcome.id: outcome.status for outcome in past.outcomes if outcome.id} if past else {}
    ids = result_texts(sheet, ID_HEADING)
    for row, status in result_words(sheet, STATUS_HEADING).items():
        if status == Status.CREATED and statuses.get(ids.get(row, ""), Status.CREATED) is not Status.CREATED:
            yield row


def _find_contradictory(boxes: Mapping[int, Box]) -> Iterator[int]:
    """The rows of a box that is there twice with different values."""
    rows: dict[str, list[int]] = {}
    for row, box in boxes.items():
        rows.setdefault(box.id or box.extension_number, []).append(row)
    for same in rows.values():
        if any(boxes[row] != boxes[same[0]] for row in same):
            yield from same


def _check_edited(file: Path, edited: Sequence[int]) -> None:
    if edited:
        rows = f"row{'s' if len(edited) > 1 else ''} {join_limited([str(row) for row in edited], _MAX_NAMED)}"
        raise SheetError(
            f"{file.name} has values that are not those of the import, or PINs that the rules refuse ({rows}): it was "
            f"edited, or columns were sorted separately. No list was written. To list the PINs that were sent, {_RUN}."
        )


def _parse(header: str, text: str) -> object:
    stripped = text.strip(STRIP_CHARS)
    if not stripped:
        return BLANK
    value = COLUMN_OF_HEADER[header].read(stripped).value
    return stripped if value is None else value
