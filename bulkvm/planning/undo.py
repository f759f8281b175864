"""How a run is put back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from bulkvm.box import BLANK, Absent, Box, Record
from bulkvm.changes import Change, ChangeKind, Difference, Plan
from bulkvm.columns import COLUMNS
from bulkvm.outcomes import Outcome, Status
from bulkvm.planning.compare import fields_differ, whole_box
from bulkvm.problems import Problem, Severity

# What a new box has in fields that were left blank (API page, "Create"). Other fields have no documented default.
_DEFAULTS: Final[Mapping[str, Any]] = {"enable_pin": True, "enable_email_notify": False, "recipients": ()}
_TO_UNDO: Final = frozenset({Status.CREATED, Status.UPDATED, Status.UNKNOWN})


def changed_anything(counts: Mapping[Status, int]) -> bool:
    """Whether a run whose rows ended so changed any box, or may have, so that there is something to put back."""
    return any(counts[status] for status in _TO_UNDO)


def plan_undo(changes: Mapping[int, Change], outcomes: Iterable[Outcome], boxes: Iterable[Box]) -> Plan:
    """Plan to put back what a run did, as far as the boxes are still as it left them.

    Args:
        changes: those that the run began, by row.
        outcomes: what became of them.
        boxes: all that the PBX has, with every field of those that the run touched.

    Returns:
        A box that was changed since is UNCHANGED, with a warning that says so. A row of which the journal tells too
        little gets a warning alone.
    """
    by_number = {box.extension_number: box for box in boxes}
    planned: list[Change] = []
    problems: list[Problem] = []
    for outcome in outcomes:
        if outcome.status not in _TO_UNDO:
            continue
        if outcome.row not in changes:
            problems.append(_not_told(outcome))
            continue
        done = changes[outcome.row]
        box = by_number.get(outcome.extension_number)
        if box and outcome.id and box.id != outcome.id and done.kind is not ChangeKind.REMOVE:
            box = None  # a box of another run, or of another person, under the same number
        change, kept = _undo(done, box)
        planned.append(change)
        if kept:
            problems.append(Problem(row=outcome.row, code="changed-since", message=kept, severity=Severity.WARNING))
    return Plan(tuple(planned), tuple(problems), existing=len(by_number))


def _not_told(outcome: Outcome) -> Problem:
    message = (
        f"The run's journal does not tell any more what was done to box {outcome.extension_number}, so it is kept as "
        "it is."
    )
    return Problem(row=outcome.row, code="not-told", message=message, severity=Severity.WARNING)


def _undo(done: Change, box: Box | None) -> tuple[Change, str]:
    """What puts one change back, and why nothing does, if so."""
    match done.kind:
        case ChangeKind.CREATE:
            return _undo_create(done.record, box)
        case ChangeKind.UPDATE:
            return _undo_update(done, box)
        case ChangeKind.REMOVE:
            return _undo_remove(done, box)
        case _:
            return _nothing(done.record, box), ""


def _undo_create(record: Record, box: Box | None) -> tuple[Change, str]:
    if box is None:
        return _nothing(record, None), ""
    if changed := _changed_since(record, box):
        return _nothing(record, box), _kept(box, changed)
    return Change(ChangeKind.REMOVE, Record(row=record.row, extension_number=record.extension_number), box), ""


def _undo_update(done: Change, box: Box | None) -> tuple[Change, str]:
    assert done.box is not None
    if box is None:
        return _nothing(done.record, None), f"Box {done.box.extension_number} is gone, so nothing is put back."
    if not find_exact_differences(box, done.box):
        return _nothing(done.record, box), ""
    if changed := tuple(d.field for d in find_exact_differences(box, whole_box(done))):
        return _nothing(done.record, box), _kept(box, changed)
    wanted = replace(done.box, id=box.id)
    return Change(ChangeKind.UPDATE, _empty(done.record), box, find_exact_differences(box, wanted), wanted), ""


def _undo_remove(done: Change, box: Box | None) -> tuple[Change, str]:
    assert done.box is not None
    if box:
        return _nothing(done.record, box), ""
    fields: dict[str, Any] = {c.header: getattr(done.box, c.header) for c in COLUMNS if c.updatable}
    known = {header: value for header, value in fields.items() if not isinstance(value, Absent)}
    return Change(ChangeKind.CREATE, replace(_empty(done.record), **known)), ""


def _changed_since(record: Record, box: Box) -> tuple[str, ...]:
    """The fields in which a box that was made from a record is no longer as it was made."""
    defaults = {header: value for header, value in _DEFAULTS.items() if getattr(record, header) is BLANK}
    return fields_differ(replace(record, **defaults), box)


def find_exact_differences(box: Box, wanted: Box) -> tuple[Difference, ...]:
    """What makes a box as it was once. Blank counts as a value; what is not known does not."""
    return tuple(
        Difference(c.header, getattr(box, c.header), getattr(wanted, c.header))
        for c in COLUMNS
        if c.updatable and not _same(c.same, getattr(wanted, c.header), getattr(box, c.header))
    )


def _same(same: Any, wanted: Any, actual: Any) -> bool:
    if Absent.NOT_KNOWN in (wanted, actual):
        return True
    return wanted is actual if BLANK in (wanted, actual) else bool(same(wanted, actual))


def _nothing(record: Record, box: Box | None) -> Change:
    return Change(ChangeKind.UNCHANGED, _empty(record), box)


def _empty(record: Record) -> Record:
    return Record(row=record.row, extension_number=record.extension_number)


def _kept(box: Box, changed: tuple[str, ...]) -> str:
    return f"Box {box.extension_number} was changed since the run in {', '.join(changed)}, so it is kept as it is."
