"""Compares boxes with records and with each other: the one place that decides what BLANK and NOT_KNOWN mean.

| | a BLANK that is wanted | NOT_KNOWN on the PBX |
| --- | --- | --- |
| a row of a sheet | keeps the value of the box | cannot be compared, so a value is sent |
| an undo, a diff | is a value of its own | cannot be compared, so it counts as equal |
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS, Column
from bulkvm.columns.cell_display import STRIP_CHARS
from bulkvm.columns.mask_digits import is_one_digit, may_be_mask
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Record, Value
from bulkvm.model.change import Change, ChangeKind, Difference

WRITABLE: Final = tuple(column for column in COLUMNS if column.updatable)
HEADERS: Final = tuple(column.header for column in WRITABLE)


def blank_fields(record: Record) -> frozenset[str]:
    """The fields that a row leaves blank."""
    return frozenset(header for header in HEADERS if getattr(record, header) is BLANK)


def hidden_fields(box: Box) -> tuple[str, ...]:
    """The fields that the PBX does not show."""
    return tuple(header for header in HEADERS if getattr(box, header) is NOT_KNOWN)


def is_empty(value: object) -> bool:
    """Whether a field is blank, empty or not known."""
    return isinstance(value, Absent) or value == ()


def fields_differ(wanted: Box | Record, box: Box) -> tuple[str, ...]:
    """The fields in which a box is not as wanted. What is BLANK in `wanted`, or not known on either side, is equal."""
    return tuple(
        column.header
        for column in WRITABLE
        if not _keeps(column, getattr(wanted, column.header), getattr(box, column.header))
    )


def find_differences(record: Record, box: Box) -> tuple[Difference, ...]:
    """What a record would change in a box, in the columns' order; fields that the PBX does not show may change too."""
    return _differences(box, record, {*fields_differ(record, box), *unseen_fields(record, box)})


def find_exact_differences(box: Box, wanted: Box) -> tuple[Difference, ...]:
    """What an undo would change in a box. BLANK is a value; what is not known on either side is equal."""
    differing = {c.header for c in WRITABLE if not _is_equal(c, getattr(wanted, c.header), getattr(box, c.header))}
    return _differences(box, wanted, differing)


def find_mutual_differences(one: Box, other: Box) -> tuple[Difference, ...]:
    """How two listed boxes differ. BLANK is a value, and the spelling of an export is equal to that of the PBX."""
    return _differences(one, other, {*fields_differ(one, other), *fields_differ(other, one)})


def unseen_fields(sent: Box | Record, box: Box) -> tuple[str, ...]:
    """The fields that a record or a box gives and the PBX does not show, so that they cannot be compared."""
    return tuple(header for header in hidden_fields(box) if not isinstance(getattr(sent, header), Absent))


def fields_to_fetch(record: Record, box: Box) -> tuple[str, ...]:
    """The fields that a list leaves out, and that are needed to compare a box with a record, or to update it.

    An update sends the whole box, so it needs every field as soon as one changes.
    """
    hidden = hidden_fields(box)
    return hidden if fields_differ(record, box) else tuple(h for h in hidden if getattr(record, h) is not BLANK)


def updated_box(change: Change) -> Box:
    """The box after an update: its present values, overlaid with what the row changes.

    The API documents defaults for fields that an update leaves out (API page, "Update"), so every known field is sent.
    A value that differs only in its spelling stays as it is.
    """
    if change.wanted:
        return change.wanted
    assert change.box is not None
    changed: dict[str, Any] = {d.field: d.new for d in find_differences(change.record, change.box)}
    return replace(change.box, **changed)


def box_to_send(change: Change) -> Box:
    """The box of an update request, without unchanged values that may be masks.

    Recipients that stay empty, unless the row clears them: where the PBX hides them, sending none would remove them. A
    PIN of one repeated digit, such as 000000: where it is a mask, sending it would set that PIN.
    """
    wanted = updated_box(change)
    if change.box is None:
        return wanted
    if wanted.recipients == () == change.box.recipients and change.record.recipients is BLANK:
        wanted = replace(wanted, recipients=BLANK)
    if wanted.pin == change.box.pin and is_one_digit(wanted.pin):
        wanted = replace(wanted, pin=BLANK)
    return wanted


def left_out_fields(change: Change) -> tuple[str, ...]:
    """The fields that an update leaves out because the PBX does not show them, so that it may reset them."""
    return hidden_fields(updated_box(change)) if change.kind is ChangeKind.UPDATE else ()


def left_out_values(change: Change) -> tuple[str, ...]:
    """Those of them that every box has a value in, such as its PIN; others may be hidden because they are blank."""
    return tuple(header for header in left_out_fields(change) if COLUMN_OF_HEADER[header].required_for)


def expected_box(change: Change, box_id: str) -> Box:
    """The box that a change should lead to. Fields for which the PBX has defaults are NOT_KNOWN."""
    if change.box:
        return updated_box(change)
    fields: dict[str, Any] = {header: getattr(change.record, header) for header in HEADERS}
    filled = {header: value for header, value in fields.items() if value is not BLANK}
    return Box(id=box_id, extension_number=change.record.extension_number, **filled)


def fields_not_saved(sent: Box | Record, box: Box) -> tuple[str, ...]:
    """The fields in which a box that was read back is not as it was sent, except for values that may be masks."""
    differing = fields_differ(sent, box)
    return tuple(h for h in differing if not may_be_mask(COLUMN_OF_HEADER[h], getattr(box, h)))


def fields_not_applied(change: Change, sent: Box | Record, box: Box) -> tuple[str, ...]:
    """The fields in which a change did not lead to the box that was sent. In an undo, BLANK is a value too."""
    if change.wanted:
        return tuple(difference.field for difference in find_exact_differences(box, change.wanted))
    return fields_not_saved(sent, box)


def clears_fields(change: Change) -> bool:
    """Whether fields are to be blank again.

    A request can only leave them out; whether the PBX then clears them is not documented.
    """
    return any(difference.new is BLANK for difference in change.differences)


def overlay_read_back(box: Box, read_back: Box | None) -> Box:
    """A box as it was sent, completed with what was read back: fields that were left to the PBX, or were lost.

    Any other value that was read back may be another administrator's, so it does not count.
    """
    shown = {h: v for h in HEADERS if read_back and (v := getattr(read_back, h)) is not NOT_KNOWN}
    return replace(box, **{h: v for h, v in shown.items() if is_empty(v) or isinstance(getattr(box, h), Absent)})


def _differences(old: Box, new: Box | Record, headers: Collection[str]) -> tuple[Difference, ...]:
    return tuple(Difference(h, getattr(old, h), getattr(new, h)) for h in HEADERS if h in headers)


def _keeps(column: Column, wanted: Any, actual: Any) -> bool:
    """Whether a row leaves a field as it is."""
    if wanted is BLANK or wanted is NOT_KNOWN or actual is NOT_KNOWN:
        return True
    return actual is not BLANK and (column.equal(wanted, actual) or _is_exported(column, wanted, actual))


def _is_equal(column: Column, wanted: Any, actual: Any) -> bool:
    if NOT_KNOWN in (wanted, actual):
        return True
    return wanted is actual if BLANK in (wanted, actual) else column.equal(wanted, actual)


def _is_exported(column: Column, wanted: Value, actual: Value) -> bool:
    """Whether a value is what reading an export of the actual value gives."""
    text = column.cell_text(actual).strip(STRIP_CHARS)
    return bool(text) and (text == column.cell_text(wanted) or column.read(text).value == wanted)
