"""How a run is put back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bulkvm.columns import COLUMN_OF_HEADER, COLUMNS
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Record
from bulkvm.model.change import Change, ChangeKind, Difference, Plan
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, Severity
from bulkvm.planning.box_index import BoxIndex
from bulkvm.planning.comparison import left_open, whole_box

# What a new box has in fields that were left blank (API page, "Create"). Other fields have no documented default.
_DEFAULTS: Final[Mapping[str, Any]] = {"enable_pin": True, "enable_email_notify": False, "recipients": ()}
TO_UNDO: Final = frozenset({Status.CREATED, Status.UPDATED, Status.UNKNOWN})
_WRITTEN: Final = tuple(column.header for column in COLUMNS if column.updatable)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneRun:
    """What a run did, from its journal and those of other runs.

    Attributes:
        outcomes: what became of its rows.
        changes: those that it began, by row.
        records: what its rows wanted, by row.
        read_back: boxes as they were read back after it wrote them, by row.
        given: what other runs gave the boxes that it removed, by row and field, for a PBX that does not show it.
        put_back_by: rows that earlier undos of it have begun to put back, with what did so last, in words.
        made_later: the runs since then that made boxes, by the ids of these.
    """

    outcomes: Iterable[Outcome]
    changes: Mapping[int, Change] = field(repr=False)
    records: Mapping[int, Record] = field(default_factory=dict, repr=False)
    read_back: Mapping[int, Box] = field(default_factory=dict, repr=False)
    given: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    put_back_by: Mapping[int, str] = field(default_factory=dict, repr=False)
    made_later: Mapping[str, str] = field(default_factory=dict, repr=False)


def changed_anything(counts: Mapping[Status, int]) -> bool:
    """Whether a run whose rows ended so changed any box, or may have, so that there is something to put back."""
    return any(counts[status] for status in TO_UNDO)


def plan_undo(done: DoneRun, boxes: Iterable[Box]) -> Plan:
    """Plan to put back what a run did, as far as the boxes are still as it left them.

    Args:
        done: what it did.
        boxes: all that the PBX has, with every field of those that the run touched.

    Returns:
        A box that was changed since is UNCHANGED, with a warning that says so. A row that cannot be put back has an
        error in place of a change.
    """
    index = BoxIndex(boxes)
    undo = _Undo(done)
    for outcome in done.outcomes:
        if outcome.status in TO_UNDO:
            undo.add(outcome, index.find_made(outcome.extension_number, outcome.id))
    problems = *undo.problems, *left_open(undo.changes, of_undo=True)
    return Plan(tuple(undo.changes), problems, existing=len(index.by_id), ids=frozenset(index.by_id))


def spare_messages(plan: Plan, messages: Mapping[str, int | None]) -> Plan:
    """Keep the boxes that hold messages, or may hold some.

    Args:
        plan: an undo.
        messages: how many each box holds that is to be removed, by its id; None where the PBX does not show it.
    """
    changes: list[Change] = []
    problems = list(plan.problems)
    for change in plan.changes:
        if change.kind is not ChangeKind.REMOVE or change.box is None:
            changes.append(change)
        elif (count := messages.get(change.box.id)) == 0:
            changes.append(replace(change, spares_messages=True))
        else:
            changes.append(_nothing(change.record, change.box))
            problems.append(_kept_with_messages(change, count))
    problems.sort(key=lambda problem: problem.row or 0)
    return replace(plan, changes=tuple(changes), problems=tuple(problems))


def keep_boxes(plan: Plan, reasons: Mapping[str, tuple[str, str]]) -> Plan:
    """Keep boxes that an undo would remove, by id, each for a reason: its code, and what is said of it."""
    changes: list[Change] = []
    problems = list(plan.problems)
    for change in plan.changes:
        reason = reasons.get(change.box.id) if change.box and change.kind is ChangeKind.REMOVE else None
        if reason is None:
            changes.append(change)
            continue
        code, message = reason
        changes.append(_nothing(change.record, change.box))
        problems.append(Problem(row=change.record.row, code=code, message=message, severity=Severity.WARNING))
    problems.sort(key=lambda problem: problem.row or 0)
    return replace(plan, changes=tuple(changes), problems=tuple(problems))


def find_exact_differences(box: Box, wanted: Box) -> tuple[Difference, ...]:
    """What makes a box as it was once. Blank counts as a value; what is not known does not."""
    return tuple(
        Difference(c.header, getattr(box, c.header), getattr(wanted, c.header))
        for c in COLUMNS
        if c.updatable and not _same(c.equal, getattr(wanted, c.header), getattr(box, c.header))
    )


class _Undo:
    """An undo that is being planned, row by row."""

    def __init__(self, done: DoneRun) -> None:
        self.changes: list[Change] = []
        self.problems: list[Problem] = []
        self._done = done
        self._samples = _Samples(done)

    def add(self, outcome: Outcome, box: Box | None) -> None:
        """Add what puts one row back."""
        change = self._done.changes.get(outcome.row)
        if change is None and outcome.status is Status.CREATED and outcome.row in self._done.records:
            change = Change(ChangeKind.CREATE, self._done.records[outcome.row])
        if change is None:
            number = outcome.extension_number
            self._fail(outcome.row, "not-told", f"The run's journal is damaged: what box {number} was before is lost.")
            return
        is_other = bool(box and outcome.id and box.id != outcome.id)
        match change.kind:
            case ChangeKind.CREATE:
                self._undo_create(change.record, box, is_other=is_other)
            case ChangeKind.UPDATE:
                self._undo_update(change, box, is_other=is_other)
            case ChangeKind.REMOVE:
                self._undo_remove(change, box)
            case _:
                self._leave(change.record, box)

    def _undo_create(self, record: Record, box: Box | None, *, is_other: bool) -> None:
        if box is None:
            self._leave(record, None)
        elif run := self._done.made_later.get(box.id):
            self._keep(record, box, "made-later", _made_later(box, run))
        elif is_other:
            self._keep(record, box, "replaced-since", _replaced(box))
        elif changed := [d.field for d in find_exact_differences(box, self._samples.made_of(record, box.id))]:
            self._keep_changed(record, box, changed)
        elif doubtful := self._samples.doubtful(record, box):
            self._keep(record, box, "changed-since", _maybe_changed(box, doubtful))
        else:
            removed = Record(row=record.row, extension_number=record.extension_number)
            self.changes.append(Change(ChangeKind.REMOVE, removed, box))

    def _undo_update(self, done: Change, box: Box | None, *, is_other: bool) -> None:
        assert done.box is not None
        row, record = done.record.row, done.record
        if box is None or is_other:
            message = _replaced(box) if box else f"Box {done.box.extension_number} is gone, so nothing is put back."
            self._keep(record, box, "replaced-since" if box else "gone", message)
            return
        differences = find_exact_differences(box, done.box)
        left = _overlay(whole_box(done), self._done.read_back.get(row))
        if not differences:
            self._leave(record, box)
            self._warn_of_lost(done)
        elif not (changed := [d.field for d in find_exact_differences(box, left)]):
            wanted = replace(done.box, id=box.id)
            self.changes.append(Change(ChangeKind.UPDATE, _empty(record), box, differences, wanted))
            self._warn_of_lost(done)
        elif row in self._done.put_back_by and all(difference.new is BLANK for difference in differences):
            fields = ", ".join(difference.field for difference in differences)
            self._fail(
                row,
                "not-blank",
                f"{self._done.put_back_by[row]} put box {box.extension_number} back but for {fields}: that was blank, "
                "and the PBX keeps a value that is left out.",
                "Clear it in the PBX's web portal.",
            )
        else:
            self._keep_changed(record, box, changed)

    def _undo_remove(self, done: Change, box: Box | None) -> None:
        assert done.box is not None
        if box and not find_exact_differences(box, done.box):
            self._leave(done.record, box)
            return
        if box:
            message = (
                f"There is a box {box.extension_number} again that differs from the one that was removed. It is kept."
            )
            self._keep(done.record, box, "replaced-since", message)
            return
        fields: dict[str, Any] = {header: getattr(done.box, header) for header in _WRITTEN}
        known = {header: value for header, value in fields.items() if not isinstance(value, Absent)}
        row, number = done.record.row, done.record.extension_number
        hidden = [h for h, value in fields.items() if value is NOT_KNOWN or (h == "pin" and value is BLANK)]
        given = {h: value for h, value in self._done.given.get(row, {}).items() if h in hidden}
        if given:
            message = f"The PBX does not show {_titles(given)}: box {number} gets what the run gave it."
            self._warn(row, "value-of-run", message)
        known |= given
        if "pin" not in known:
            message = (
                f"The PBX does not show PINs, and no journal has that of box {number}, which cannot be made again."
            )
            self._fail(row, "pin-not-known", message, "Import it with a PIN.")
            return
        if missing := [h for h in hidden if h not in known]:
            message = f"The PBX does not show {_titles(missing)}, so box {number} is made without. Set it by hand."
            self._warn(row, "former-not-known", message)
        self.changes.append(Change(ChangeKind.CREATE, replace(_empty(done.record), **known)))

    def _warn_of_lost(self, done: Change) -> None:
        """Say which former values cannot come back, since the PBX did not show them."""
        assert done.box is not None
        lost = [h for h in _WRITTEN if getattr(done.box, h) is NOT_KNOWN and getattr(done.record, h) is not BLANK]
        if lost:
            number = done.box.extension_number
            message = f"The former {', '.join(lost)} of box {number} is not put back: the PBX did not show it."
            self._warn(done.record.row, "former-not-known", message)

    def _leave(self, record: Record, box: Box | None) -> None:
        """There is nothing to be done."""
        self.changes.append(_nothing(record, box))

    def _keep(self, record: Record, box: Box | None, code: str, message: str) -> None:
        """There might be something to be done, and it is not, for a reason."""
        self._leave(record, box)
        self._warn(record.row, code, message)

    def _keep_changed(self, record: Record, box: Box, fields: Iterable[str]) -> None:
        """Keep a box that has something else than the run left in it."""
        read_back = self._done.read_back.get(record.row)
        if read_back and not any(d.field in fields for d in find_exact_differences(box, read_back)):
            self._keep(record, box, "not-as-sent", _not_as_sent(box, fields))
        else:
            self._keep(record, box, "changed-since", _changed(box, fields))

    def _warn(self, row: int, code: str, message: str) -> None:
        self.problems.append(Problem(row=row, code=code, message=message, severity=Severity.WARNING))

    def _fail(self, row: int, code: str, why: str, advice: str = "Put it back by hand.") -> None:
        """There is something to be done, and it cannot be."""
        self.problems.append(Problem(row=row, code=code, message=f"{why} {advice}"))


def _titles(headers: Iterable[str]) -> str:
    return ", ".join(COLUMN_OF_HEADER[header].title for header in headers)


class _Samples:
    """What this PBX makes of fields that are left blank for a new box, as far as a run has read it back."""

    def __init__(self, done: DoneRun) -> None:
        self._own = {row: box for row, box in done.read_back.items() if row in done.changes}
        self._by_blanks: dict[frozenset[str], Box] = {}
        self._by_field: dict[str, Box] = {}
        for row, box in self._own.items():
            if done.changes[row].kind is ChangeKind.CREATE:
                blanks = _blanks(done.changes[row].record)
                self._by_blanks.setdefault(blanks, box)
                for header in blanks:
                    self._by_field.setdefault(header, box)

    def made_of(self, record: Record, box_id: str) -> Box:
        """The box as it was made of a record; NOT_KNOWN in what was left blank and has no known default."""
        blanks = _blanks(record)
        fields: dict[str, Any] = {
            header: self._default(header, blanks) if header in blanks else getattr(record, header)
            for header in _WRITTEN
        }
        made = Box(id=box_id, extension_number=record.extension_number, **fields)
        return _overlay(made, self._own.get(record.row))

    def doubtful(self, record: Record, box: Box) -> list[str]:
        """The fields that somebody may have set since: they hold something, and what they held before is not known."""
        made = self.made_of(record, box.id)
        return [h for h in _blanks(record) if getattr(made, h) is NOT_KNOWN and not _is_empty(getattr(box, h))]

    def _default(self, header: str, blanks: frozenset[str]) -> Any:
        sample = self._by_blanks.get(blanks) or self._by_field.get(header)
        if sample and (value := getattr(sample, header)) is not NOT_KNOWN:
            return value
        return _DEFAULTS.get(header, NOT_KNOWN)


def _blanks(record: Record) -> frozenset[str]:
    return frozenset(header for header in _WRITTEN if getattr(record, header) is BLANK)


def _is_empty(value: Any) -> bool:
    return isinstance(value, Absent) or value == ()


def _overlay(box: Box, read_back: Box | None) -> Box:
    """A box as it was written, with what was read back of it: what was left open, and what was lost.

    Any other value than the one that was sent may be somebody else's by then, so that it is not the run's.
    """
    shown = {h: v for h in _WRITTEN if read_back and (v := getattr(read_back, h)) is not NOT_KNOWN}
    return replace(box, **{h: v for h, v in shown.items() if _is_empty(v) or isinstance(getattr(box, h), Absent)})


def _same(same: Any, wanted: Any, actual: Any) -> bool:
    if Absent.NOT_KNOWN in (wanted, actual):
        return True
    return wanted is actual if BLANK in (wanted, actual) else bool(same(wanted, actual))


def _nothing(record: Record, box: Box | None) -> Change:
    return Change(ChangeKind.UNCHANGED, _empty(record), box)


def _empty(record: Record) -> Record:
    return Record(row=record.row, extension_number=record.extension_number)


def _changed(box: Box, fields: Iterable[str]) -> str:
    return f"Box {box.extension_number} was changed since the run in {', '.join(fields)}, so it is kept as it is."


def _not_as_sent(box: Box, fields: Iterable[str]) -> str:
    return (
        f"Box {box.extension_number} did not read back as it was sent in {', '.join(fields)}. Whether the PBX or a "
        "person set it is not known, so it is kept as it is. Put it back by hand."
    )


def _maybe_changed(box: Box, fields: Iterable[str]) -> str:
    return (
        f"Box {box.extension_number} has a value in {', '.join(sorted(fields))} that was not in the sheet. Whether the "
        "PBX or a person set it is not known, so the box is kept as it is."
    )


def _replaced(box: Box) -> str:
    number = box.extension_number
    return f"The box {number} of the run is gone, and another one has its number now. That one is kept as it is."


def _made_later(box: Box, run: str) -> str:
    return f"The box {box.extension_number} was made by run {run}, so it is kept as it is. Undo that run to remove it."


def _kept_with_messages(change: Change, count: int | None) -> Problem:
    number = change.record.extension_number
    if count is None:
        code, why = "messages-not-known", f"The PBX does not show whether box {number} holds messages"
    else:
        code, why = "has-messages", f"Box {number} holds {count:,} message{'s' * (count != 1)}"
    message = f"{why}, so it is kept as it is. To remove it with its messages, add --with-messages."
    return Problem(row=change.record.row, code=code, message=message, severity=Severity.WARNING)
