"""Keeps boxes that an undo would remove although they were used since: messages, greetings, undocumented fields."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from bulkvm.model.box import Box
from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import PbxRefused
from bulkvm.model.problem import Problem, ProblemCode, Severity
from bulkvm.pbx import Pbx, Progress, find_not_default, find_set_fields, in_parallel, is_nothing, undocumented
from bulkvm.planning.undo_plan import kept
from bulkvm.runs.run import PastRun
from bulkvm.text import count, printable

T = TypeVar("T")

_REMOVE_GREETING: Final = "To delete it with its greeting, add --with-messages."
_REMOVE_MESSAGES: Final = "To delete it with its messages, add --with-messages."
_OPTIONS: Final = {
    ProblemCode.HAS_MESSAGES: _REMOVE_MESSAGES,
    ProblemCode.MESSAGES_NOT_KNOWN: _REMOVE_MESSAGES,
    ProblemCode.HAS_GREETING: _REMOVE_GREETING,
    ProblemCode.GREETINGS_NOT_KNOWN: _REMOVE_GREETING,
}


def keep_boxes(plan: Plan, reasons: Mapping[str, tuple[ProblemCode, str]]) -> Plan:
    """Keep boxes that an undo would remove.

    Args:
        plan: an undo.
        reasons: the problem code and the message for each box to keep, by id.
    """
    changes: list[Change] = []
    problems = list(plan.problems)
    for change in plan.changes:
        reason = reasons.get(change.box.id) if change.box and change.kind is ChangeKind.REMOVE else None
        if reason is None:
            changes.append(change)
            continue
        code, message = reason
        problem = Problem(
            row=change.record.row,
            code=code,
            message=message,
            severity=Severity.WARNING,
            option=_OPTIONS.get(code, ""),
        )
        changes.append(kept(change.record, change.box, problem.message))
        problems.append(problem)
    problems.sort(key=lambda problem: problem.row or 0)
    return replace(plan, changes=tuple(changes), problems=tuple(problems))


def spare_messages(plan: Plan, messages: Mapping[str, int | None]) -> Plan:
    """Keep the boxes that hold messages, or may hold some. The others are checked again before they are removed.

    Args:
        plan: an undo.
        messages: the number of messages of each box to remove, by id; None where the PBX does not show it.
    """
    boxes = [change.box for change in _removed(plan) if change.box]
    plan = keep_boxes(
        plan, {box.id: _with_messages(box, messages.get(box.id)) for box in boxes if messages.get(box.id) != 0}
    )
    return replace(
        plan,
        changes=tuple(replace(c, spares_messages=True) if c.kind is ChangeKind.REMOVE else c for c in plan.changes),
    )


async def keep_set_fields(plan: Plan, past: PastRun, pbx: Pbx, progress: Progress) -> Plan:
    """Keep the boxes with an undocumented field that was set since the run.

    The journal has all fields of the first box that a run created. For the others, its values count as the defaults.
    """
    fields = await fetch_for_removed(plan, lambda box: _fields_of(box, pbx), pbx, progress)
    removed = {change.record.row: change.box for change in _removed(plan) if change.box}
    made = {row: whole for row, whole in past.whole.items() if _is_create(past.changes.get(row))}
    own = {box.id: made[row] for row, box in removed.items() if row in made}
    shown = {box_id: known for box_id, known in fields.items() if known is not None}
    changed = {box_id: find_set_fields(own[box_id], shown[box_id]) for box_id in own.keys() & shown.keys()}
    others = {box_id: known for box_id, known in shown.items() if box_id not in own}
    if made:
        found, unknown = find_not_default(next(iter(made.values())), others)
        changed |= found
    else:
        unknown = tuple(sorted({n for held in others.values() for n, value in held.items() if not is_nothing(value)}))
    reasons = {
        box.id: (ProblemCode.CHANGED_SINCE, _changed(box, changed[box.id]))
        for box in removed.values()
        if changed.get(box.id)
    }
    plan = replace(plan, changes=tuple(_with_fields(change, fields) for change in plan.changes))
    plan = keep_boxes(plan, reasons)
    return _warn(plan, ProblemCode.FIELDS_NOT_KNOWN, _fields_not_known(unknown)) if unknown else plan


async def keep_greetings(plan: Plan, pbx: Pbx, progress: Progress) -> Plan:
    """Keep the boxes that have a greeting, which was recorded since the run, or may have one."""
    counts = await fetch_for_removed(plan, lambda box: pbx.count_greetings(box.id), pbx, progress)
    boxes = [change.box for change in _removed(plan) if change.box]
    return keep_boxes(plan, {box.id: _with_greeting(box, counts[box.id]) for box in boxes if counts[box.id] != 0})


async def fetch_for_removed(
    plan: Plan, fetch: Callable[[Box], Awaitable[T]], pbx: Pbx, progress: Progress
) -> dict[str, T]:
    """Call `fetch` for each box to remove, several at once. Returns the results by id."""
    boxes = [change.box for change in _removed(plan) if change.box]
    results: dict[str, T] = {}

    async def fetch_one(box: Box) -> None:
        results[box.id] = await fetch(box)
        progress(len(results), len(boxes))

    await in_parallel(boxes, fetch_one, pbx.connections)
    return results


async def _fields_of(box: Box, pbx: Pbx) -> Mapping[str, Any] | None:
    """The undocumented fields of a box; None if it cannot be fetched. It is fetched again before it is removed."""
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


def _fields_not_known(names: Iterable[str]) -> str:
    shown = ", ".join(printable(name) for name in names)
    return f"Whether {shown} was changed since the run is not known: the journal does not have the former value."


def _warn(plan: Plan, code: ProblemCode, message: str) -> Plan:
    problem = Problem(row=None, code=code, message=message, severity=Severity.WARNING)
    return replace(plan, problems=(problem, *plan.problems))


def _with_messages(box: Box, messages: int | None) -> tuple[ProblemCode, str]:
    if messages is None:
        return ProblemCode.MESSAGES_NOT_KNOWN, _why_not_known(box, "holds messages")
    return ProblemCode.HAS_MESSAGES, _why_kept(box, f"holds {count(messages, 'message')}")


def _with_greeting(box: Box, greetings: int | None) -> tuple[ProblemCode, str]:
    if greetings is None:
        return ProblemCode.GREETINGS_NOT_KNOWN, _why_not_known(box, "has a greeting")
    return ProblemCode.HAS_GREETING, _why_kept(box, "has a greeting")


def _why_kept(box: Box, what: str) -> str:
    return f"Box {box.extension_number} {what}, so it is kept as it is."


def _why_not_known(box: Box, what: str) -> str:
    return f"The PBX does not show whether box {box.extension_number} {what}, so it is kept as it is."
