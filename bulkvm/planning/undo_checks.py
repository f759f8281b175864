"""What people did to boxes since a run made them, beyond the fields that bulkvm knows: such boxes are not removed."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from bulkvm.model.box import Box
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import OutcomeUnknown, PbxRefused
from bulkvm.model.problem import Problem, Severity
from bulkvm.pbx import Pbx, Progress, find_not_default, find_set_fields, in_parallel, is_nothing, undocumented
from bulkvm.planning.undo_plan import keep_boxes
from bulkvm.runs.run import PastRun
from bulkvm.text import printable

T = TypeVar("T")

_REMOVE_TOO: Final = "To remove it with its greeting, add --with-messages."
_NOT_ASKED: Final = (
    "The PBX does not list the greetings of boxes for this user: whether somebody recorded one since the run, which "
    "would be removed with its box, is not known."
)


async def keep_set_fields(plan: Plan, past: PastRun, pbx: Pbx, progress: Progress) -> Plan:
    """Keep the boxes in which somebody set an undocumented field since the run.

    The journal holds all fields of the first box that a run made. What those of the others were then is known where
    that box shows a default.
    """
    fields = await ask_of_each(plan, lambda box: _fields_of(box, pbx), pbx, progress)
    removed = {change.record.row: change.box for change in _removed(plan) if change.box}
    made = {row: whole for row, whole in past.whole.items() if _is_create(past.changes.get(row))}
    own = {box.id: made[row] for row, box in removed.items() if row in made}
    shown = {box_id: known for box_id, known in fields.items() if known is not None}
    changed = {box_id: find_set_fields(own[box_id], shown[box_id]) for box_id in own.keys() & shown.keys()}
    others = {box_id: known for box_id, known in shown.items() if box_id not in own}
    if made:
        found, open_ = find_not_default(next(iter(made.values())), others)
        changed |= found
    else:
        open_ = tuple(sorted({n for held in others.values() for n, value in held.items() if not is_nothing(value)}))
    reasons = {
        box.id: ("changed-since", _changed(box, changed[box.id])) for box in removed.values() if changed.get(box.id)
    }
    plan = replace(plan, changes=tuple(_with_fields(change, fields) for change in plan.changes))
    plan = keep_boxes(plan, reasons)
    return _warn(plan, "fields-not-known", _open(open_)) if open_ else plan


async def keep_greetings(plan: Plan, pbx: Pbx, progress: Progress) -> Plan:
    """Keep the boxes that have a greeting: the run gave them none."""
    unknown = -1

    async def count(box: Box) -> int | None:
        try:
            return await pbx.count_greetings(box.id)
        except OutcomeUnknown:
            return unknown

    counts = await ask_of_each(plan, count, pbx, progress)
    numbers = {change.box.id: change.box.extension_number for change in _removed(plan) if change.box}
    reasons: dict[str, tuple[str, str]] = {}
    for box_id, found in counts.items():
        if found == unknown:
            why = f"The PBX does not show whether box {numbers[box_id]} has a greeting"
            reasons[box_id] = ("greetings-not-known", f"{why}, so it is kept as it is. {_REMOVE_TOO}")
        elif found:
            why = f"Box {numbers[box_id]} has a greeting"
            reasons[box_id] = ("has-greeting", f"{why}, so it is kept as it is. {_REMOVE_TOO}")
    plan = keep_boxes(plan, reasons)
    return _warn(plan, "greetings-not-known", _NOT_ASKED) if None in counts.values() else plan


async def ask_of_each(plan: Plan, ask: Callable[[Box], Awaitable[T]], pbx: Pbx, progress: Progress) -> dict[str, T]:
    """Ask something of each box that is to be removed, several at once; the answers by id."""
    boxes = [change.box for change in _removed(plan) if change.box]
    answers: dict[str, T] = {}

    async def ask_one(box: Box) -> None:
        answers[box.id] = await ask(box)
        progress(len(answers), len(boxes))

    await in_parallel(boxes, ask_one, pbx.connections)
    return answers


async def _fields_of(box: Box, pbx: Pbx) -> Mapping[str, Any] | None:
    """The undocumented fields of a box, None where it cannot be read alone: it is read again before it is removed."""
    try:
        return undocumented((await pbx.fetch_whole_box(box.id, box.extension_number)).fields)
    except PbxRefused:
        return None


def _removed(plan: Plan) -> Iterable[Change]:
    return (change for change in plan.changes if change.kind is ChangeKind.REMOVE)


def _is_create(change: Change | None) -> bool:
    return change is not None and change.kind is ChangeKind.CREATE


def _with_fields(change: Change, fields: Mapping[str, Mapping[str, Any] | None]) -> Change:
    if change.kind is ChangeKind.REMOVE and change.box and (known := fields.get(change.box.id)) is not None:
        return replace(change, undocumented=known)
    return change


def _changed(box: Box, names: Iterable[str]) -> str:
    shown = ", ".join(printable(name) for name in names)
    return f"Box {box.extension_number} was changed since the run in {shown}, so it is kept as it is."


def _open(names: Iterable[str]) -> str:
    shown = ", ".join(printable(name) for name in names)
    return f"Whether somebody changed {shown} since the run is not known: the journal does not show what it was then."


def _warn(plan: Plan, code: str, message: str) -> Plan:
    problem = Problem(row=None, code=code, message=message, severity=Severity.WARNING)
    return replace(plan, problems=(problem, *plan.problems))
