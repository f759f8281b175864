"""A plan for the PBX as it is now."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from bulkvm.columns import COLUMNS
from bulkvm.model.box import BLANK, NOT_KNOWN, Box, Record
from bulkvm.model.change import Plan
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.pbx import Pbx, Progress, no_progress
from bulkvm.planning.box_index import BoxIndex
from bulkvm.planning.comparison import find_differences, make_plan, unknown_fields
from bulkvm.planning.numbers import find_taken
from bulkvm.planning.pin_generation import pin_fault, warn_of_old_pins
from bulkvm.planning.undo_checks import ask_of_each, keep_greetings, keep_set_fields
from bulkvm.planning.undo_plan import TO_UNDO, DoneRun, plan_undo, spare_messages
from bulkvm.runs.run import PastRun

_CUT: Final = ".… "  # what a list may put at the end of a text that it cuts


async def plan_for(
    pbx: Pbx,
    records: Sequence[Record],
    *,
    progress: Progress = no_progress,
    policy: PinPolicy = DEFAULT_PIN_POLICY,
    make_pin: Callable[[str], str] | None = None,
    keep_unseen: bool = False,
) -> Plan:
    """List the PBX's boxes, fetch those of which the list does not tell enough, and compare.

    Args:
        pbx: where the boxes are to be.
        records: what a sheet wants.
        progress: hears how many boxes are read, of how many.
        policy: what a PIN may be.
        make_pin: gives an extension that comes without a PIN one, if it is to be created, or to be updated and has one
            that may not be sent again.
        keep_unseen: leave fields that the PBX does not show as they are.
    """
    boxes = {box.id: box for box in await pbx.list_boxes(progress=progress)}
    index = BoxIndex(boxes.values())
    listed = ((record, index.find(record)) for record in records)
    in_part = [box for record, box in listed if box and (unknown_fields(record, box) or _may_be_cut(record, box))]
    boxes = await pbx.complete_listed(boxes, _with_another(in_part, boxes), progress=progress)
    index = BoxIndex(boxes.values())
    if make_pin:
        records = [
            replace(record, pin=make_pin(record.extension_number))
            if record.pin is BLANK and _needs_pin(record, index.find(record), policy)
            else record
            for record in records
        ]
    new = [record.extension_number for record in records if record.extension_number not in index.by_number]
    wanted = {record.extension_number for record in records}
    taken = await find_taken(pbx, new, index.by_number.keys() | wanted, progress)
    plan = make_plan(records, boxes.values(), taken, keep_unseen=keep_unseen)
    return replace(plan, problems=(*plan.problems, *warn_of_old_pins(plan.changes, policy)))


def _needs_pin(record: Record, box: Box | None, policy: PinPolicy) -> bool:
    return box is None or (pin_fault(box.pin, policy) is not None and bool(find_differences(record, box)))


async def plan_undo_of(
    past: PastRun,
    pbx: Pbx,
    progress: Progress = no_progress,
    *,
    with_messages: bool = False,
    given: Mapping[int, Mapping[str, Any]] | None = None,
    put_back_by: Mapping[int, str] | None = None,
    made_later: Mapping[str, str] | None = None,
) -> Plan:
    """List the PBX's boxes, fetch those that a run touched, and plan to put it back.

    Args:
        past: the run.
        pbx: where it was.
        progress: hears how many boxes are read, of how many.
        with_messages: remove boxes with the messages and greetings in them; else those that may hold messages, or have
            a greeting, are kept.
        given: see `DoneRun`.
        put_back_by: the same.
        made_later: the same.
    """
    boxes = {box.id: box for box in await pbx.list_boxes(progress=progress)}
    numbers = {outcome.extension_number for outcome in past.outcomes if outcome.status in TO_UNDO}
    touched = (box for box in boxes.values() if box.extension_number in numbers)
    in_part = [box for box in touched if _is_in_part(box)]
    boxes = await pbx.complete_listed(boxes, _with_another(in_part, boxes), progress=progress)
    done = DoneRun(
        outcomes=past.outcomes,
        changes=past.changes,
        records={row: given.record for row, given in past.rows.items()},
        read_back=past.read_back,
        given=given or {},
        put_back_by=put_back_by or {},
        made_later=made_later or {},
    )
    plan = plan_undo(done, boxes.values())
    if kept := _kept_by_list(plan, {box.id for box in in_part}):
        boxes = await pbx.complete_listed(boxes, kept, progress=progress)
        plan = plan_undo(done, boxes.values())
    if plan.to_send:
        warnings = warn_of_old_pins(plan.changes, await pbx.pin_policy(), of_undo=True)
        plan = replace(plan, problems=(*plan.problems, *warnings))
    plan = await keep_set_fields(plan, past, pbx, progress)
    if with_messages:
        return plan
    return await keep_greetings(spare_messages(plan, await _count_messages(plan, pbx, progress)), pbx, progress)


async def _count_messages(plan: Plan, pbx: Pbx, progress: Progress) -> Mapping[str, int | None]:
    """How many messages the boxes hold that are to be removed, by id."""
    return await ask_of_each(plan, lambda box: pbx.count_messages(box.id), pbx, progress)


def _kept_by_list(plan: Plan, fetched: Collection[str]) -> list[Box]:
    """The boxes that were changed since as far as a list shows them: it may cut long values, which a box alone has."""
    warned = {problem.row for problem in plan.problems}
    return [c.box for c in plan.changes if c.box and c.record.row in warned and c.box.id not in fetched]


def _may_be_cut(record: Record, box: Box) -> bool:
    """Whether a list may show the name that a record wants, and cut it."""
    if not isinstance(record.name, str) or not isinstance(box.name, str) or record.name == box.name:
        return False
    return record.name.startswith(box.name.rstrip(_CUT))


def _with_another(listed: Sequence[Box], boxes: Mapping[str, Box]) -> Sequence[Box]:
    """The boxes, with another one where there is only one: a mask is known by several boxes that show it."""
    others = (box for box in boxes.values() if box not in listed and _is_in_part(box))
    return [*listed, *islice(others, 1)] if len(listed) == 1 else listed


def _is_in_part(box: Box) -> bool:
    return any(getattr(box, column.header) is NOT_KNOWN for column in COLUMNS)
