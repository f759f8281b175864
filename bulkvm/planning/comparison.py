"""What each record would change on the PBX."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, KEY_COLUMN, Column
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.mask_digits import is_one_digit, may_be_mask
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Owner, Record, Value
from bulkvm.model.change import Change, ChangeKind, Difference, Plan
from bulkvm.model.problem import Problem, Severity, rows_with_errors
from bulkvm.planning.box_index import BoxIndex

# What a spreadsheet may have done to an exported cell, unless there is a box that has it.
_NOT_FOR_NEW: Final = frozenset({"pin-lost-zero", "extension-not-digits"})


@dataclass(frozen=True, slots=True)
class NumberConflict:
    """A number that is not free: what has it, and the next number that is free, None where none was found."""

    owner: Owner
    next_free: str | None


def make_plan(
    records: Sequence[Record],
    boxes: Iterable[Box],
    taken: Mapping[str, NumberConflict] | None = None,
    *,
    keep_unseen: bool = False,
) -> Plan:
    """Compare records with all the boxes of the PBX, matched by extension.

    A record that cannot be carried out has a problem in the plan and no change. A value for a field that the PBX does
    not show cannot be compared, and is sent.

    Args:
        records: what a sheet wants.
        boxes: all that the PBX has.
        taken: numbers that no box has and something else does.
        keep_unseen: leave fields that the PBX does not show as they are.
    """
    index = BoxIndex(boxes)
    by_id = index.by_id
    creates = [record for record in records if record.extension_number not in index.by_number]
    problems = [
        *_foreign_ids(records, by_id),
        *(problem for record in records for problem in _check_id(record, by_id)),
        *(problem for record in records for problem in _check_ambiguous(record, index)),
        *(problem for record in creates for problem in _check_create(record, taken or {})),
        *(problem for record in records if record.errors_if_changed for problem in _check_if_changed(record, index)),
        *_check_twice(records, index),
    ]
    refused = rows_with_errors(problems)
    changes = tuple(
        _compare(record, index.find(record), keep_unseen=keep_unseen) for record in records if record.row not in refused
    )
    problems += left_open(changes)
    return Plan(changes, tuple(sorted(problems, key=lambda p: p.row or 0)), existing=len(by_id), ids=frozenset(by_id))


def unknown_fields(record: Record, box: Box) -> tuple[str, ...]:
    """The fields of a box that must be fetched before this record can be compared with it, or sent.

    An update sends the whole box, so that a list that leaves anything out is not enough as soon as anything changes.
    """
    unknown = tuple(c.header for c in _written() if getattr(box, c.header) is NOT_KNOWN)
    wanted = tuple(header for header in unknown if getattr(record, header) is not BLANK)
    return unknown if fields_differ(record, box) else wanted


def whole_box(change: Change) -> Box:
    """The box as the PBX should have it after an update: its present values, overlaid with what the row changes.

    The API lists defaults for fields that an update leaves out (API page, "Update"), so nothing known is left out.
    What differs in its spelling alone stays as it is.
    """
    if change.wanted:
        return change.wanted
    assert change.box is not None
    changed: dict[str, Any] = {d.field: d.new for d in find_differences(change.record, change.box)}
    return replace(change.box, **changed)


def box_to_send(change: Change) -> Box:
    """The box of an update, without what stays as it is and may stand for a value that the PBX does not show.

    Recipients that stay none, unless the row clears them: where they are hidden, sending none would remove them. A PIN
    of one digit alone, such as 000000: where it is a mask, sending it would give the box that PIN.
    """
    wanted = whole_box(change)
    if change.box is None:
        return wanted
    if wanted.recipients == () == change.box.recipients and change.record.recipients is BLANK:
        wanted = replace(wanted, recipients=BLANK)
    if wanted.pin == change.box.pin and is_one_digit(wanted.pin):
        wanted = replace(wanted, pin=BLANK)
    return wanted


def fields_differ(wanted: Box | Record, box: Box) -> tuple[str, ...]:
    """The fields in which a box is not as wanted. What is blank or not known on either side does not count."""
    return tuple(
        column.header
        for column in _written()
        if not _same(column, getattr(wanted, column.header), getattr(box, column.header))
    )


def fields_not_taken(sent: Box | Record, box: Box) -> tuple[str, ...]:
    """The fields in which a box that was read back is not as it was sent.

    Digits that no box may have stand for a value that is not shown.
    """
    return tuple(
        header for header in fields_differ(sent, box) if not may_be_mask(COLUMN_OF_HEADER[header], getattr(box, header))
    )


def unseen_fields(record: Record, box: Box) -> tuple[str, ...]:
    """The fields that a record gives and the PBX does not show, so that they cannot be compared."""
    return tuple(
        c.header
        for c in _written()
        if getattr(box, c.header) is NOT_KNOWN and not isinstance(getattr(record, c.header), Absent)
    )


def _compare(record: Record, box: Box | None, *, keep_unseen: bool) -> Change:
    if box is None:
        return Change(ChangeKind.CREATE, record)
    kept = unseen_fields(record, box) if keep_unseen else ()
    blanks: dict[str, Any] = dict.fromkeys(kept, BLANK)
    record = replace(record, **blanks)
    differences = find_differences(record, box)
    return Change(ChangeKind.UPDATE if differences else ChangeKind.UNCHANGED, record, box, differences, kept=kept)


def find_differences(record: Record, box: Box) -> tuple[Difference, ...]:
    """What a record would change in a box, in the columns' order; what the box does not show may change too."""
    changed = {*fields_differ(record, box), *unseen_fields(record, box)}
    return tuple(
        Difference(c.header, getattr(box, c.header), getattr(record, c.header))
        for c in _written()
        if c.header in changed
    )


def _same(column: Column, wanted: Any, actual: Any) -> bool:
    """Whether nothing has to be changed. A blank keeps what is there; what is not known proves no difference."""
    if wanted is BLANK or wanted is NOT_KNOWN or actual is NOT_KNOWN:
        return True
    return actual is not BLANK and (column.equal(wanted, actual) or _is_exported(column, wanted, actual))


def _is_exported(column: Column, wanted: Value, actual: Value) -> bool:
    """Whether a value is what a sheet's cell means that holds the value of a box, such as its export."""
    text = column.cell_text(actual).strip(STRIP_CHARS)
    return bool(text) and (text == column.cell_text(wanted) or column.parse(text).value == wanted)


def _written() -> Iterable[Column]:
    return (column for column in COLUMNS if column.updatable)


def _check_id(record: Record, by_id: Mapping[str, Box]) -> Iterable[Problem]:
    """Why a record that names a box by its id cannot mean it."""
    owner = by_id.get(record.id) if record.id is not BLANK else None
    if owner and owner.extension_number != record.extension_number:
        yield Problem(
            row=record.row,
            column="id",
            code="id-disagrees",
            message=(
                f"this id belongs to box {owner.extension_number}, and the row says {record.extension_number}. "
                "A box keeps its number for good: correct the number, or clear the id to make a new box."
            ),
        )


def _check_create(record: Record, taken: Mapping[str, NumberConflict]) -> Iterable[Problem]:
    """Why a new box cannot be made of a record."""
    number = record.extension_number
    if number in taken:
        free = taken[number].next_free
        advice = f"the next free number is {free}" if free else "choose another number"
        yield Problem(
            row=record.row,
            column=KEY_COLUMN.header,
            code="number-taken",
            message=f"{number} belongs to {taken[number].owner}; {advice}.",
        )
    for column in COLUMNS:
        if "create" in column.required_for and column is not KEY_COLUMN and getattr(record, column.header) is BLANK:
            name = column.title if column.secret else column.header
            yield Problem(
                row=record.row,
                column=column.header,
                code=f"{column.header}-missing",
                message=f"box {number} does not exist yet, and a new box needs a {name}. Fill it in.",
            )


def _check_ambiguous(record: Record, index: BoxIndex) -> Iterable[Problem]:
    """Why it is not known which box a record means."""
    if twins := index.find_ambiguous(record):
        named = " and ".join(f"{_quoted(box.name)} (id {box.id})" for box in twins)
        yield Problem(
            row=record.row,
            column=KEY_COLUMN.header,
            code="number-ambiguous",
            message=(
                f"the PBX has {len(twins)} boxes {record.extension_number}: {named}. Say in the column id which one is "
                "meant, or remove one of them on the PBX."
            ),
        )


def _quoted(name: str | Absent) -> str:
    return f'"{name}"' if isinstance(name, str) else "one without a name"


def _check_twice(records: Sequence[Record], index: BoxIndex) -> Iterable[Problem]:
    """What is wrong in exported records with one number after all: each must mean a box of its own."""
    done: set[str] = set()
    for record in records:
        twice = [problem for problem in record.errors_if_changed if problem.code == "extension-twice"]
        box = index.find(record)
        is_own = box is not None and box.id == record.id
        is_first = record.extension_number not in index.by_number and record.extension_number not in done
        done.add(record.extension_number)
        if not (is_own or is_first):
            yield from twice


def _check_if_changed(record: Record, index: BoxIndex) -> Iterable[Problem]:
    """What is wrong in an exported record after all, since the box has something else; a lost box may come back."""
    box = index.find(record)
    if box is None:
        return [problem for problem in record.errors_if_changed if problem.code in _NOT_FOR_NEW]
    changed = fields_differ(record, box)
    return [problem for problem in record.errors_if_changed if problem.column in changed]


def left_open(changes: Iterable[Change], *, of_undo: bool = False) -> Iterable[Problem]:
    """What the PBX may reset, since an update must leave it out: neither the PBX shows it nor does a row give it."""
    updates = [change for change in changes if change.kind is ChangeKind.UPDATE]
    resettable = [column for column in _written() if not column.required_for]
    left_out = [[c for c in resettable if getattr(whole_box(change), c.header) is NOT_KNOWN] for change in updates]
    if not any(left_out):
        return
    titles = [column.title for column in COLUMNS if any(column in columns for columns in left_out)]
    count = sum(map(bool, left_out))
    lack = "no journal has it" if of_undo else "the rows leave it blank"
    advice = "see to these boxes afterwards" if of_undo else "try one box first, or fill it in"
    yield Problem(
        row=None,
        code="not-shown",
        message=(
            f"this PBX does not show {' and '.join(titles)} of {count} of the boxes to update, and {lack}, "
            f"so it is left out. Some PBXs reset what an update leaves out: {advice}."
        ),
        severity=Severity.WARNING,
    )


def _foreign_ids(records: Iterable[Record], by_id: Mapping[str, Box]) -> Iterable[Problem]:
    foreign = [record.row for record in records if record.id is not BLANK and record.id not in by_id]
    if foreign:
        count = "1 id is" if len(foreign) == 1 else f"{len(foreign)} ids are"
        yield Problem(
            row=None,
            column="id",
            code="id-unknown",
            message=f"{count} not of this PBX (first in row {foreign[0]}). Boxes are matched by extension alone there.",
            severity=Severity.WARNING,
        )
