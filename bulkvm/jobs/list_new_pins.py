"""List the PINs that an import set, for a mail merge."""

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
from bulkvm.jobs.box_history import BoxHistories, BoxHistory, read_histories, sets_pin
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.model.box import BLANK, NOT_KNOWN, Box
from bulkvm.model.errors import SheetError, UsageError
from bulkvm.model.outcome import DONE, Status
from bulkvm.model.problem import ProblemCode
from bulkvm.model.settings import DEFAULT_PIN_POLICY
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant
from bulkvm.planning import expected_box
from bulkvm.planning.pin_generation import pin_fault
from bulkvm.readers import read_sheet
from bulkvm.reports.output_checks import check_not_input
from bulkvm.reports.pin_list import write_pin_list
from bulkvm.reports.table_file import table_format
from bulkvm.reports.workbook.run_name import read_run_name
from bulkvm.runs import ListedRun, PastRun, RunInfo, is_in_progress, read_journal
from bulkvm.runs.history import UNDO_OF, find_run, is_undo, list_runs
from bulkvm.text import command_file, count, join_limited

_EXISTING: Final = (Status.UPDATED, Status.UNCHANGED)
_LISTED: Final = (KEY_COLUMN.header, "name", PIN_COLUMN.header, "recipients")
_MAX_NAMED: Final = 50  # boxes in a message
_THEN: Final = "then run this command again."
_RUN: Final = "name the run instead: `bulkvm runs` lists them"
_AFTER_UNDO: Final = (
    "If nothing is left to undo, export the boxes with `bulkvm export FILE` and import this file, which changes "
    "nothing. Then run this command again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinListReport:
    """A list of new PINs.

    Attributes:
        boxes: the boxes that were created or whose PIN was set, with their PINs.
        existing: how many rows are not in the list since the import set no PIN of theirs.
        file: the file.
        tenant: that of the import, which may have been a trial; None if no journal shows it.
        not_listed: the extensions that are not in the list, by the reason: their boxes were deleted or got other PINs,
            or it is not known what the PBX did.
    """

    boxes: tuple[Box, ...]
    existing: int
    file: Path
    tenant: Tenant | None = None
    not_listed: Mapping[str, Sequence[str]] = field(default_factory=dict)


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
    existing = sum(row is None for row in found.rows.values())
    boxes, not_listed = _split(found)
    if not boxes:
        why = [describe_existing(existing)] if existing else []
        raise UsageError(
            " ".join(
                ["It has no PIN that the import set, so no list was written.", *why, *describe_not_listed(not_listed)]
            )
        )
    for message in unreadable:
        observer.notice(f"{message} If that run deleted boxes or changed PINs, the list does not show it.")
    if hidden := [box.extension_number for box in boxes if _is_hidden(box, found.histories)]:
        observer.notice(
            f"{count(len(hidden), 'PIN')} not confirmed: {join_limited(hidden, _MAX_NAMED)}. The response to the "
            "request was lost, and the PBX does not show PINs. If anyone else created such a box, it has another PIN: "
            "try the PIN before you send the letter."
        )
    return PinListReport(
        boxes=tuple(boxes),
        existing=existing,
        file=write_pin_list(output, boxes),
        tenant=found.histories.tenant,
        not_listed=not_listed,
    )


def describe_existing(rows: int) -> str:
    """Describe the rows that are not listed since their boxes existed before, and where their PINs are."""
    return (
        f"{count(rows, 'row')} not listed: the box existed before this import, which did not set its PIN. If an "
        "earlier import did, also list the PINs of that run: `bulkvm runs` shows it."
    )


def describe_not_listed(not_listed: Mapping[str, Sequence[str]]) -> list[str]:
    """Describe the boxes that are not listed, since they do not have the PINs of the import or may not have them."""
    return [
        f"{count(len(numbers), 'box', 'boxes')} not listed: {join_limited(numbers, _MAX_NAMED)}. {reason}"
        for reason, numbers in not_listed.items()
    ]


@dataclass(frozen=True, slots=True)
class _NewPin:
    """A box whose PIN the import set, or may have set."""

    box: Box = field(repr=False)
    is_certain: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of a result or a run.

    Attributes:
        rows: the new PIN of each row; None for a row whose box existed before, if the import did not set its PIN.
        histories: what the journals show of the boxes.
        run: the name of the run; blank if the result does not show it, or has no journal.
        remedy: how to find out what the PBX did.
    """

    rows: Mapping[int, _NewPin | None] = field(repr=False)
    histories: BoxHistories = field(repr=False)
    run: str
    remedy: str


def _split(found: _Found) -> tuple[list[Box], dict[str, list[str]]]:
    """The boxes to list, each once; and the extensions of those that are not listed, by the reason."""
    boxes: dict[str, Box] = {}
    not_listed: dict[str, dict[str, None]] = {}
    for new in filter(None, found.rows.values()):
        box = _with_last_texts(new.box, found.histories)
        reason = _reason_not_to_list(new, found)
        reason = reason or ("" if new.is_certain else _reason_to_doubt(new.box, found)) or _doubt_of_texts(box, found)
        if reason:
            not_listed.setdefault(reason, {})[box.extension_number] = None
        else:
            boxes.setdefault(box.id or box.extension_number, box)
    return list(boxes.values()), {reason: list(numbers) for reason, numbers in not_listed.items()}


def _is_hidden(box: Box, histories: BoxHistories) -> bool:
    known = histories.find_current(box)
    return bool(known and known.current_pin and known.current_pin.is_hidden)


def _with_last_texts(box: Box, histories: BoxHistories) -> Box:
    """A box with its last known name and addresses, which a later run may have changed."""
    known = histories.find_current(box)
    if not (known and known.last):
        return box
    name, recipients = known.last.name, known.last.recipients
    return replace(
        box,
        name=name if isinstance(name, str) or known.in_doubt_by else box.name,
        recipients=recipients if isinstance(recipients, tuple) or known.in_doubt_by else box.recipients,
    )


def _doubt_of_texts(box: Box, found: _Found) -> str:
    """Why a letter to a box may go to a wrong person, if it may."""
    known = found.histories.find_current(box)
    if known is None or not known.in_doubt_by or NOT_KNOWN not in (box.name, box.recipients):
        return ""
    return (
        f"The run {known.in_doubt_by} may have changed the name or the addresses: it is not known what the PBX did. "
        f"{_how_to_find_out(found.histories.runs[known.in_doubt_by])}"
    )


def _how_to_find_out(info: RunInfo, which: str = "that") -> str:
    """How to find out what the PBX did in a run: by the command that continues it."""
    if is_undo(info):
        return f"Continue that undo with `bulkvm undo {info.file.removeprefix(UNDO_OF)}`. {_AFTER_UNDO}"
    if info.plan_id:
        return f"Import its plan again with `bulkvm import {command_file(info.plan_file)} --approved`, {_THEN}"
    return f"Import the result of {which} run again (`bulkvm runs {info.name} --result FILE` writes it), {_THEN}"


def _reason_to_doubt(box: Box, found: _Found) -> str:
    """Why the PIN of a row whose outcome was not known is not listed, unless later runs show that it was set."""
    known = found.histories.find_current(box)
    current = known.current_pin if known else None
    if current is None or not current.is_certain:
        return f"The box may have this PIN: it is not known what the PBX did. {found.remedy}"
    if current.run and found.run and current.run != found.run:
        return f"The run {current.run} set this PIN: `bulkvm pins {current.run} --output FILE` lists it."
    return "" if current.run or not found.run else "The box had this PIN before the import."


def _reason_not_to_list(new: _NewPin, found: _Found) -> str:
    box, histories = new.box, found.histories
    known = histories.find_current(box)
    if deleted := _describe_deleted(known, histories) if known else "":
        return deleted
    current = known.current_pin if known else None
    if current is None:
        is_other = known is not histories.find(box)
        return "The PBX showed another box with this extension later, whose PIN is in no journal." if is_other else ""
    if current.pin == box.pin and (current.is_certain or not new.is_certain):
        return ""
    if not current.run:
        return "The PBX showed another PIN later, which bulkvm did not set."
    if not current.is_certain:
        return (
            f"The PIN may have been changed later by the run {current.run}: it is not known what the PBX did. "
            f"{_how_to_find_out(histories.runs[current.run])}"
        )
    lists = f"`bulkvm pins {current.run} --output FILE` lists the current one."
    return f"The PIN was changed later by the run {current.run}: {lists}"


def _describe_deleted(known: BoxHistory, histories: BoxHistories) -> str:
    """Which run deleted a box, or may have; blank if none did."""
    if known.deleted_by:
        return f"Deleted by the run {known.deleted_by}."
    if undo := known.may_be_deleted_by:
        return (
            f"The run {undo} may have deleted it: it is not known what the PBX did. If the box still exists, "
            f"`bulkvm undo {histories.runs[undo].file.removeprefix(UNDO_OF)}` deletes it."
        )
    return ""


def _read_named(name: str, unreadable: list[str]) -> _Found:
    """Read the boxes of a run that is named.

    Raises:
        UsageError: there is no such run, or it is in progress.
    """
    runs = list_runs(unreadable.append)
    past = _past_run(find_run(name, runs))
    histories = read_histories(runs, past.info.known_tenant, ())
    return _Found(dict(_read_run(past)), histories, past.info.name, _how_to_find_out(past.info, "this"))


def _past_run(run: ListedRun) -> PastRun:
    if is_in_progress(run.file):
        raise UsageError(f"The run {run.info.name} is still in progress. List its PINs after it has ended.")
    return read_journal(run.file)


def _read_run(past: PastRun) -> Iterator[tuple[int, _NewPin | None]]:
    for outcome in past.outcomes:
        change, row = past.changes.get(outcome.row), past.rows.get(outcome.row)
        if change is None or not (sets_pin(change, outcome) or (row and row.has_generated_pin)):
            if outcome.status in _EXISTING:
                yield outcome.row, None
        elif outcome.status.may_have_changed:
            box = expected_box(change, outcome.id or "")
            if isinstance(box.pin, str):
                yield outcome.row, _NewPin(box, is_certain=outcome.status is not Status.UNKNOWN)


def _read_result(file: Path, observer: Observer, unreadable: list[str]) -> _Found:
    """Read the boxes of a result, and compare them with the journals.

    Raises:
        UsageError: it is not a result, or its columns are not recognised.
        SheetError: a row has values that its box never had; or it is in no journal, and the rules refuse its PIN.
    """
    try:
        sheet = read_sheet(file)
    except SheetError as error:
        if error.problem.code is ProblemCode.OTHER_SYSTEM:
            raise _no_result(file.name) from error
        if error.problem.code is not ProblemCode.NO_HEADER:
            raise
        raise UsageError(f"{file.name} has no headings that are recognised without --map, so {_RUN}.") from error
    rows = dict(_read_rows(sheet, file.name))
    boxes = {row: new.box for row, new in rows.items() if new and new.is_certain}
    name, runs = read_run_name(file), list_runs(unreadable.append)
    run = next((run for run in runs if run.info.name == name), None)
    past = _past_run(run) if run else None
    tenant = past.info.known_tenant if past else None
    histories = read_histories(runs, tenant, [new.box for new in rows.values() if new])
    edited = sorted({*_find_edited(boxes, histories), *_find_moved(sheet, past), *_find_contradictory(boxes)})
    _check_edited(file, edited)
    known = (histories.find(box) for box in boxes.values())
    if unknown := sum(history is None or not history.pins for history in known):
        observer.notice(
            f"{count(unknown, 'PIN')} in {file.name} could not be compared with what was sent: no journal here has "
            f"{'it' if unknown == 1 else 'them'}. If the file was edited, check the list."
        )
    is_import = past is None or not (past.info.plan_id or is_undo(past.info))
    remedy = f"Import {file.name} again, {_THEN}" if past is None or is_import else _how_to_find_out(past.info)
    return _Found(rows, histories, past.info.name if past else "", remedy)


def _no_result(name: str) -> UsageError:
    return UsageError(f"{name} is not a result: it has no column {STATUS_HEADING}. Name the result, or {_RUN}.")


def _read_rows(sheet: Sheet, name: str) -> Iterator[tuple[int, _NewPin | None]]:
    written, letters = result_letters(sheet), letters_by_header(sheet)
    if STATUS_HEADING not in written:
        raise _no_result(name)
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
        is_unknown = status == Status.UNKNOWN
        if is_set[row] or is_unknown or (status in DONE and new_pin):
            fields: dict[str, Any] = {header: _parse(header, of_column[row]) for header, of_column in texts.items()}
            box = Box(id=ids.get(row, ""), **fields | ({PIN_COLUMN.header: new_pin} if new_pin else {}))
            if not is_unknown or isinstance(box.pin, str):
                yield row, _NewPin(box, is_certain=not is_unknown)
        elif status in _EXISTING:
            yield row, None


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
