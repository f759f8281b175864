"""Plans how a run is undone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from bulkvm.columns import COLUMN_OF_HEADER, PIN_COLUMN, SECRET_HEADERS
from bulkvm.model.box import BLANK, NOT_KNOWN, Absent, Box, Record
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.confirmation import may_be_in_another_tenant
from bulkvm.model.outcome import Outcome, Status
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.planning.box_index import BoxIndex
from bulkvm.planning.comparison import (
    HEADERS,
    find_exact_differences,
    overlay_read_back,
    unseen_fields,
    updated_box,
)
from bulkvm.planning.create_defaults import CreateDefaults
from bulkvm.planning.import_plan import warn_of_left_out


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneRun:
    """What a run did, from its journal and those of other runs.

    Attributes:
        outcomes: the outcomes of its rows.
        changes: the changes that it began, by row.
        records: the rows of its sheet, by row number.
        read_back: boxes as they were read back after they were changed, by row.
        sent_values: values that other runs sent to the boxes that this run removed, by row and field. They are used
            where the PBX does not show a value.
        undone_by: the earlier undo that began to restore a row, by row, such as "The undo 20261123T021500Z-ab12".
        created_later: the later run that created a box, by the box's id.
    """

    outcomes: Collection[Outcome]
    changes: Mapping[int, Change] = field(repr=False)
    records: Mapping[int, Record] = field(default_factory=dict, repr=False)
    read_back: Mapping[int, Box] = field(default_factory=dict, repr=False)
    sent_values: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    undone_by: Mapping[int, str] = field(default_factory=dict, repr=False)
    created_later: Mapping[str, str] = field(default_factory=dict, repr=False)


def changed_anything(counts: Mapping[Status, int]) -> bool:
    """Whether a run with these outcomes changed any box, or may have, so that there is something to undo."""
    return any(n for status, n in counts.items() if status.may_have_changed)


def plan_undo(done: DoneRun, boxes: Iterable[Box]) -> Plan:
    """Plan to undo what a run did, for the boxes that are still as the run left them.

    Args:
        done: what the run did.
        boxes: all boxes of the PBX, with every field of those that the run changed.

    Returns:
        A box that was changed since has a KEEP, with a warning. A row that cannot be undone has an error and no
        change.
    """
    index = BoxIndex(boxes)
    undo = _Undo(done)
    for outcome in done.outcomes:
        if outcome.status.may_have_changed:
            undo.add(outcome, index.find_box(outcome.extension_number, outcome.id))
    problems = *undo.problems, *warn_of_left_out(undo.changes, of_undo=True)
    return Plan(tuple(undo.changes), problems, existing=len(index.by_id), ids=frozenset(index.by_id))


class _Undo:
    """Plans an undo row by row."""

    def __init__(self, done: DoneRun) -> None:
        self.changes: list[Change] = []
        self.problems: list[Problem] = []
        self._done = done
        self._defaults = CreateDefaults(done.changes, done.read_back)
        self._created_ids = {o.id for o in done.outcomes if o.status is Status.CREATED}

    def add(self, outcome: Outcome, box: Box | None) -> None:
        """Add the change that undoes one row."""
        change = self._done.changes.get(outcome.row)
        if change is None and outcome.status is Status.CREATED and outcome.row in self._done.records:
            change = Change(ChangeKind.CREATE, self._done.records[outcome.row])
        if change is None:
            number = outcome.extension_number
            message = f"The run's journal is damaged, so the former values of box {number} are not known."
            self._fail(outcome.row, ProblemCode.NOT_TOLD, message)
            return
        is_other = bool(box and outcome.id and box.id != outcome.id)
        before = len(self.changes)
        match change.kind:
            case ChangeKind.CREATE:
                # The PBX may have swapped the ids of two creates in its answers.
                is_other = is_other and box is not None and box.id not in self._created_ids
                self._undo_create(change.record, box, is_other=is_other)
            case ChangeKind.UPDATE:
                self._undo_update(change, box, is_other=is_other)
            case ChangeKind.REMOVE:
                self._undo_remove(change, box)
            case ChangeKind.UNCHANGED | ChangeKind.KEEP:
                self._leave(change.record, box)
            case _:
                assert_never(change.kind)
        if may_be_in_another_tenant(outcome) and not any(left.is_to_send for left in self.changes[before:]):
            message = (
                "The login may have reached another tenant when this row was sent, and nothing is undone there. Check "
                f"box {outcome.extension_number} of that tenant."
            )
            self._warn(outcome.row, ProblemCode.OTHER_TENANT, message)

    def _undo_create(self, record: Record, box: Box | None, *, is_other: bool) -> None:
        if box is None:
            self._leave(record, None)
        elif run := self._done.created_later.get(box.id):
            self._keep_other(record, box, ProblemCode.MADE_LATER, _created_later(box, run))
        elif is_other:
            self._keep_other(record, box, ProblemCode.REPLACED_SINCE, _replaced(box))
        elif changed := [d.field for d in find_exact_differences(box, self._defaults.created_box(record, box.id))]:
            self._keep_changed(record, box, changed)
        elif uncertain := self._defaults.uncertain_fields(record, box):
            self._keep(record, box, ProblemCode.CHANGED_SINCE, _maybe_changed(box, uncertain))
        else:
            removed = Record(row=record.row, extension_number=record.extension_number)
            self.changes.append(Change(ChangeKind.REMOVE, removed, box))

    def _undo_update(self, done: Change, box: Box | None, *, is_other: bool) -> None:
        assert done.box is not None
        row, record = done.record.row, done.record
        if box is None or is_other:
            message = _replaced(box) if box else _gone(done.box)
            self._keep_other(record, box, ProblemCode.REPLACED_SINCE if box else ProblemCode.GONE, message)
            return
        differences = find_exact_differences(box, done.box)
        left = overlay_read_back(updated_box(done), self._done.read_back.get(row))
        if not differences:
            self._leave(record, box)
            self._warn_of_hidden(done)
        elif not (changed := [d.field for d in find_exact_differences(box, left)]):
            wanted = replace(done.box, id=box.id)
            self.changes.append(Change(ChangeKind.UPDATE, _empty(record), box, differences, wanted))
            self._warn_of_hidden(done)
        elif row in self._done.undone_by and all(difference.new is BLANK for difference in differences):
            fields = ", ".join(difference.field for difference in differences)
            self._fail(
                row,
                ProblemCode.NOT_BLANK,
                f"{self._done.undone_by[row]} restored box {box.extension_number} except for {fields}, which was "
                "blank: the PBX keeps the value of a field that a request leaves out.",
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
            message = f"A new box {box.extension_number} differs from the one that was deleted, so it is kept as it is."
            self._keep(done.record, box, ProblemCode.REPLACED_SINCE, message)
            return
        fields: dict[str, Any] = {header: getattr(done.box, header) for header in HEADERS}
        known = {header: value for header, value in fields.items() if not isinstance(value, Absent)}
        row, number = done.record.row, done.record.extension_number
        hidden = [h for h, value in fields.items() if value is NOT_KNOWN or (h in SECRET_HEADERS and value is BLANK)]
        sent = {h: value for h, value in self._done.sent_values.get(row, {}).items() if h in hidden}
        if sent:
            message = f"The PBX does not show {_titles(sent)}: box {number} gets the value that an earlier run sent."
            self._warn(row, ProblemCode.VALUE_OF_RUN, message)
        known |= sent
        if PIN_COLUMN.header not in known:
            message = f"Box {number} cannot be created again: the PBX does not show PINs, and no journal has its PIN."
            self._fail(row, ProblemCode.PIN_NOT_KNOWN, message, "Import it with a PIN.")
            return
        if missing := [h for h in hidden if h not in known]:
            message = (
                f"The PBX does not show {_titles(missing)}, so box {number} is created without it. Set it by hand."
            )
            self._warn(row, ProblemCode.FORMER_NOT_KNOWN, message)
        self.changes.append(Change(ChangeKind.CREATE, replace(_empty(done.record), **known)))

    def _warn_of_hidden(self, done: Change) -> None:
        """Warn of former values that cannot be restored, since the PBX did not show them."""
        assert done.box is not None
        if lost := unseen_fields(done.record, done.box):
            number = done.box.extension_number
            message = f"The former {', '.join(lost)} of box {number} cannot be restored: the PBX did not show it."
            self._warn(done.record.row, ProblemCode.FORMER_NOT_KNOWN, message)

    def _leave(self, record: Record, box: Box | None) -> None:
        """Nothing has to be undone."""
        self.changes.append(unchanged(record, box))

    def _keep(self, record: Record, box: Box | None, code: ProblemCode, message: str) -> None:
        """Keep a box as it is, with a warning that gives the reason."""
        self.changes.append(kept(record, box, message))
        self._warn(record.row, code, message)

    def _keep_other(self, record: Record, box: Box | None, code: ProblemCode, message: str) -> None:
        """Keep the box that has the number of one that is gone. If an earlier undo deleted that, the row is done."""
        if record.row in self._done.undone_by:
            self._leave(record, box)
            self._warn(record.row, code, message)
        else:
            self._keep(record, box, code, message)

    def _keep_changed(self, record: Record, box: Box, fields: Iterable[str]) -> None:
        """Keep a box that is not as the run left it."""
        read_back = self._done.read_back.get(record.row)
        if read_back and not any(d.field in fields for d in find_exact_differences(box, read_back)):
            self._keep(record, box, ProblemCode.NOT_AS_SENT, _not_as_sent(box, fields))
        else:
            self._keep(record, box, ProblemCode.CHANGED_SINCE, _changed(box, fields))

    def _warn(self, row: int, code: ProblemCode, message: str) -> None:
        self.problems.append(Problem(row=row, code=code, message=message, severity=Severity.WARNING))

    def _fail(self, row: int, code: ProblemCode, why: str, advice: str = "Restore it by hand.") -> None:
        """Report a row that cannot be undone."""
        self.problems.append(Problem(row=row, code=code, message=f"{why} {advice}"))


def _titles(headers: Iterable[str]) -> str:
    return ", ".join(COLUMN_OF_HEADER[header].title for header in headers)


def unchanged(record: Record, box: Box | None) -> Change:
    """A change that leaves a box as it is."""
    return Change(ChangeKind.UNCHANGED, _empty(record), box)


def kept(record: Record, box: Box | None, reason: str) -> Change:
    """A change that leaves a box as it is, although the undo would restore or delete it."""
    return Change(ChangeKind.KEEP, _empty(record), box, reason=reason)


def _empty(record: Record) -> Record:
    return Record(row=record.row, extension_number=record.extension_number)


def _changed(box: Box, fields: Iterable[str]) -> str:
    return f"Box {box.extension_number} was changed since the run in {', '.join(fields)}, so it is kept as it is."


def _not_as_sent(box: Box, fields: Iterable[str]) -> str:
    return (
        f"Box {box.extension_number} did not read back as it was sent in {', '.join(fields)}. Whether the PBX or a "
        "person set it is not known, so it is kept as it is. Restore it by hand."
    )


def _maybe_changed(box: Box, fields: Iterable[str]) -> str:
    return (
        f"Box {box.extension_number} has a value in {', '.join(sorted(fields))} that was not in the sheet. Whether the "
        "PBX or a person set it is not known, so the box is kept as it is."
    )


def _gone(box: Box) -> str:
    number = box.extension_number
    return f"Box {number} no longer exists, so its former values cannot be restored. If it is needed, import it again."


def _replaced(box: Box) -> str:
    number = box.extension_number
    return f"Box {number} of the run no longer exists. Another box has its number now, which is kept as it is."


def _created_later(box: Box, run: str) -> str:
    return f"Box {box.extension_number} was created by run {run}, so it is kept as it is. Undo that run to delete it."
