"""Plans what each row of a sheet changes on the PBX."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bulkvm.columns import COLUMNS, ID_COLUMN, ID_HEADING, KEY_COLUMN, PIN_COLUMN
from bulkvm.model.box import BLANK, Absent, Box, NumberConflict, Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import SheetError
from bulkvm.model.problem import Problem, ProblemCode, Severity, rows_with_errors
from bulkvm.planning.box_index import BoxIndex
from bulkvm.planning.comparison import (
    fields_differ,
    find_differences,
    left_out_fields,
    unseen_fields,
)

# Damage that a spreadsheet does to exported cells. It is an error of a new box; an existing box shows the real value.
_ERRORS_OF_NEW: Final = frozenset({ProblemCode.PIN_LOST_ZERO, ProblemCode.EXTENSION_NOT_DIGITS})


def make_plan(
    records: Sequence[Record],
    boxes: Iterable[Box],
    taken: Mapping[str, NumberConflict] | None = None,
    *,
    keep_unseen: bool = False,
) -> Plan:
    """Compare records with all boxes of the PBX, matched by extension.

    A record with an error gets a problem in the plan and no change. A value for a field that the PBX does not show
    cannot be compared, and is sent.

    Args:
        records: the valid rows of a sheet.
        boxes: all boxes of the PBX.
        taken: numbers that something other than a box uses.
        keep_unseen: whether to leave fields that the PBX does not show as they are.
    """
    index = BoxIndex(boxes)
    by_id = index.by_id
    creates = [record for record in records if record.extension_number not in index.by_number]
    problems = [
        *_warn_of_unknown_ids(records, by_id),
        *(problem for record in records for problem in _check_id(record, by_id)),
        *(problem for record in records for problem in _check_ambiguous(record, index)),
        *(problem for record in creates for problem in _check_create(record, taken or {})),
        *_warn_of_lost_zeros(creates, records, index),
        *(problem for record in records if record.errors_if_changed for problem in _check_if_changed(record, index)),
        *_check_duplicates(records, index),
    ]
    refused = rows_with_errors(problems)
    changes = tuple(
        _compare(record, index.find(record), keep_unseen=keep_unseen) for record in records if record.row not in refused
    )
    problems += (*warn_of_left_out(changes), *_warn_of_pins_without_zero(changes))
    return Plan(changes, tuple(sorted(problems, key=lambda p: p.row or 0)), existing=len(by_id), ids=frozenset(by_id))


def check_completed(completed: Iterable[Record], by_id: Mapping[str, Box]) -> None:
    """Check that each row that an earlier run completed has the id of a box, and still the extension of this box.

    Raises:
        SheetError: it has no id or another extension, so the result does not show what was done.
    """
    for record in completed:
        box = by_id.get(str(record.id))
        cause = "Columns of the result were sorted separately, or a cell was edited"
        if box and box.extension_number != record.extension_number:
            difference = f"is that of box {box.extension_number}, but the extension is {record.extension_number}"
            if box.extension_number.lstrip("0") == record.extension_number:
                cause = "A spreadsheet program dropped the leading zero"
        elif not record.id:
            difference = "is blank, but the status is that of a row that was done"
        else:
            continue
        raise SheetError(
            f"row {record.row}: {ID_HEADING} {difference}. {cause}, so it is not certain which rows were done. Nothing "
            "was sent. Use the result as it was written, or omit --only-failed: rows that are up to date are not sent.",
            ProblemCode.ID_DISAGREES,
        )


def warn_of_gone(completed: Sequence[Record], boxes: Iterable[Box]) -> Iterable[Problem]:
    """Warn of rows that an earlier run completed and whose boxes are gone, as after an undo."""
    numbers = {box.extension_number for box in boxes}
    gone = [record.row for record in completed if record.extension_number not in numbers]
    if gone:
        rows = "1 row" if len(gone) == 1 else f"{len(gone):,} rows"
        yield Problem(
            row=None,
            code=ProblemCode.GONE,
            message=f"the boxes of {rows} that an earlier run completed no longer exist (first in row {gone[0]}).",
            option="To create them again, omit --only-failed.",
        )


def warn_of_left_out(changes: Iterable[Change], *, of_undo: bool = False) -> Iterable[Problem]:
    """Warn of fields that the updates leave out, since the PBX does not show them and no row gives them."""
    left_out = [left_out_fields(change) for change in changes]
    if not any(left_out):
        return
    titles = [column.title for column in COLUMNS if any(column.header in headers for headers in left_out)]
    count = sum(map(bool, left_out))
    lack = "the run's journal has no former value" if of_undo else "the rows do not send it"
    advice = "check these boxes afterwards" if of_undo else "try one box first, or fill it in and send it"
    yield Problem(
        row=None,
        code=ProblemCode.NOT_SHOWN,
        message=(
            f"this PBX does not show {' and '.join(titles)} for {count} of the boxes to update, and {lack}, so the "
            "update leaves it out. Some PBXs reset fields that an update leaves out, which cannot be checked here: "
            f"{advice}."
        ),
        severity=Severity.WARNING,
    )


def _compare(record: Record, box: Box | None, *, keep_unseen: bool) -> Change:
    if box is None:
        return Change(ChangeKind.CREATE, record)
    kept = unseen_fields(record, box) if keep_unseen else ()
    blanks: dict[str, Any] = dict.fromkeys(kept, BLANK)
    record = replace(record, **blanks)
    differences = find_differences(record, box)
    return Change(ChangeKind.UPDATE if differences else ChangeKind.UNCHANGED, record, box, differences, kept=kept)


def _check_id(record: Record, by_id: Mapping[str, Box]) -> Iterable[Problem]:
    """Check that the id and the number of a row belong to the same box."""
    owner = by_id.get(record.id) if record.id is not BLANK else None
    if not owner or owner.extension_number == record.extension_number:
        return
    lost_zero = owner.extension_number.lstrip("0") == record.extension_number
    yield Problem(
        row=record.row,
        column=KEY_COLUMN.header if lost_zero else ID_COLUMN.header,
        code=ProblemCode.ID_DISAGREES,
        message=(
            f"This is box {owner.extension_number} by its id: a spreadsheet has dropped the leading zero. Format the "
            f"column as Text and type {owner.extension_number}."
            if lost_zero
            else f"This id belongs to box {owner.extension_number}, but the number in the row is "
            f"{record.extension_number}. The number of a box cannot be changed: correct the number, or clear the "
            "id to create a new box."
        ),
    )


def _warn_of_lost_zeros(creates: Iterable[Record], records: Iterable[Record], index: BoxIndex) -> Iterable[Problem]:
    """Warn of new boxes whose number is that of a box without a row of its own, less its leading zeros."""
    with_zero = {number.lstrip("0"): number for number in index.by_number if number[:1] == "0"}
    if not with_zero:
        return
    numbers = {record.extension_number for record in records}
    for record in creates:
        box = with_zero.get(record.extension_number)
        if box and box not in numbers and record.id not in index.by_id:
            yield Problem(
                row=record.row,
                column=KEY_COLUMN.header,
                code=ProblemCode.EXTENSION_LOST_ZERO,
                message=(
                    f"The PBX has a box {box}, and no box {record.extension_number}: a spreadsheet may have dropped "
                    f"the leading zero, and this row would create another box. If it is for box {box}, format the "
                    f"column as Text and type {box}."
                ),
            )


def _warn_of_pins_without_zero(changes: Iterable[Change]) -> Iterable[Problem]:
    """Warn of PINs that are those of their boxes, less their leading zeros."""
    for change in changes:
        pin = change.box.pin if change.box else BLANK
        if isinstance(pin, str) and pin[:1] == "0" and pin.lstrip("0") == change.record.pin:
            yield Problem(
                row=change.record.row,
                column=PIN_COLUMN.header,
                code=ProblemCode.PIN_WITHOUT_ZERO,
                message=(
                    "This is the PIN that the box has, without its leading zero: a spreadsheet may have dropped it. "
                    "Leave the cell blank to keep the PIN, or format the column as Text and type it again."
                ),
            )


def _check_create(record: Record, taken: Mapping[str, NumberConflict]) -> Iterable[Problem]:
    """Check that a row can become a new box."""
    number = record.extension_number
    if number in taken:
        yield Problem(
            row=record.row,
            column=KEY_COLUMN.header,
            code=ProblemCode.NUMBER_TAKEN,
            message=f"{taken[number]}.",
        )
    for column in COLUMNS:
        if column.missing_code and getattr(record, column.header) is BLANK:
            name = column.title if column.secret else column.title.lower()
            yield Problem(
                row=record.row,
                column=column.header,
                code=column.missing_code,
                message=f"Box {number} does not exist yet, and a new box needs a {name}. Fill it in.",
            )


def _check_ambiguous(record: Record, index: BoxIndex) -> Iterable[Problem]:
    """Check that a row matches one box only."""
    if boxes := index.find_ambiguous(record):
        named = " and ".join(f"{_quoted(box.name)} (id {box.id})" for box in boxes)
        yield Problem(
            row=record.row,
            column=KEY_COLUMN.header,
            code=ProblemCode.NUMBER_AMBIGUOUS,
            message=(
                f"The PBX has {len(boxes)} boxes {record.extension_number}: {named}. Enter the id of the right one in "
                "the column id, or delete one of them on the PBX."
            ),
        )


def _quoted(name: str | Absent) -> str:
    return f'"{name}"' if isinstance(name, str) else "a box without a name"


def _check_duplicates(records: Sequence[Record], index: BoxIndex) -> Iterable[Problem]:
    """Check exported rows with the same number: each must match a box of its own."""
    done: set[str] = set()
    for record in records:
        twice = [problem for problem in record.errors_if_changed if problem.code == ProblemCode.EXTENSION_TWICE]
        box = index.find(record)
        is_own = box is not None and box.id == record.id
        is_first = record.extension_number not in index.by_number and record.extension_number not in done
        done.add(record.extension_number)
        if not (is_own or is_first):
            yield from twice


def _check_if_changed(record: Record, index: BoxIndex) -> Iterable[Problem]:
    """The errors of an exported row that hold: those of cells that the box has otherwise; a lost box may come back."""
    box = index.find(record)
    if box is None:
        return [problem for problem in record.errors_if_changed if problem.code in _ERRORS_OF_NEW]
    changed = fields_differ(record, box)
    return [problem for problem in record.errors_if_changed if problem.column in changed]


def _warn_of_unknown_ids(records: Iterable[Record], by_id: Mapping[str, Box]) -> Iterable[Problem]:
    unknown = [record.row for record in records if record.id is not BLANK and record.id not in by_id]
    if unknown:
        count = "1 id does" if len(unknown) == 1 else f"{len(unknown)} ids do"
        yield Problem(
            row=None,
            column=ID_COLUMN.header,
            code=ProblemCode.ID_UNKNOWN,
            message=f"{count} not exist on this PBX (first in row {unknown[0]}). Such rows match by extension only.",
            severity=Severity.WARNING,
        )
