"""Plans an import or an undo against the boxes that the PBX has now."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from bulkvm.model.box import Box, Owner, Record
from bulkvm.model.change import Plan
from bulkvm.model.settings import DEFAULT_PIN_POLICY, PinPolicy
from bulkvm.pbx import Pbx, Progress, complete_listed, is_list_exact, no_progress
from bulkvm.planning.box_index import BoxIndex
from bulkvm.planning.comparison import fields_to_fetch, hidden_fields
from bulkvm.planning.import_plan import check_completed, make_plan, warn_of_gone
from bulkvm.planning.number_conflicts import NumberOwners, find_taken
from bulkvm.planning.pin_generation import NewPins, warn_of_old_pins
from bulkvm.planning.undo_checks import fetch_for_removed, keep_greetings, keep_set_fields, spare_messages
from bulkvm.planning.undo_plan import DoneRun, plan_undo
from bulkvm.runs.run import PastRun

_ELLIPSIS: Final = ".… "  # characters that a list may append to a truncated text


async def plan_for(
    pbx: Pbx,
    records: Sequence[Record],
    *,
    progress: Progress = no_progress,
    policy: PinPolicy = DEFAULT_PIN_POLICY,
    make_pin: Callable[[str], str] | None = None,
    keep_unseen: bool = False,
    completed: Sequence[Record] = (),
) -> Plan:
    """List the PBX's boxes, fetch those that the list does not show completely, and compare them with records.

    Args:
        pbx: the PBX.
        records: the valid rows of a sheet.
        progress: called with the number of boxes read, and their total.
        policy: how long a PIN may be.
        make_pin: generates a PIN for an extension. Called for rows without a PIN that create a box, or that update one
            whose present PIN the rules refuse.
        keep_unseen: whether to leave fields that the PBX does not show as they are.
        completed: the extension and the id of each row that an earlier run completed, and that is not planned.

    Raises:
        SheetError: the id of a row that is done belongs to a box with another extension.
    """
    pins = NewPins(policy, make_pin)
    return await ImportPlanner(pbx).plan(records, pins, progress, keep_unseen=keep_unseen, completed=completed)


class ImportPlanner:
    """Plans an import. The PBX's boxes and numbers are read once, when they are first needed."""

    def __init__(self, pbx: Pbx) -> None:
        """Make a planner without asking the PBX."""
        self._pbx = pbx
        self._owners = NumberOwners(pbx)
        self._listed: tuple[Box, ...] | None = None

    async def find_taken(self, numbers: Iterable[str], progress: Progress) -> tuple[dict[str, Owner], list[str]]:
        """Look up which numbers something other than a box uses, and what; and those of which the PBX does not show it.

        Args:
            numbers: of rows.
            progress: called with the number of boxes or numbers read, and their total.
        """
        boxes = {box.extension_number for box in await self._list(progress)}
        new = [number for number in dict.fromkeys(numbers) if number not in boxes]
        await self._owners.read(new, progress, one_by_one=True)
        owners = ((number, self._owners.known.get(number)) for number in new)
        taken = {number: owner for number, owner in owners if owner and not owner.is_box}
        return taken, [number for number in new if not self._owners.has_read(number)]

    async def plan(
        self,
        records: Sequence[Record],
        pins: NewPins,
        progress: Progress = no_progress,
        *,
        keep_unseen: bool = False,
        completed: Sequence[Record] = (),
        sheet_numbers: Iterable[str] = (),
    ) -> Plan:
        """Plan an import. See `plan_for`. The numbers of the sheet, with those of invalid rows, are not suggested.

        Raises:
            SheetError: the id of a row that is done belongs to a box with another extension.
        """
        listed = {box.id: box for box in await self._list(progress)}
        check_completed(completed, listed)
        boxes = await self._complete(listed, records, progress)
        index = BoxIndex(boxes.values())
        records, kept = pins.fill_in_all(records, index)
        new = [record.extension_number for record in records if record.extension_number not in index.by_number]
        used = {*index.by_number, *sheet_numbers, *(record.extension_number for record in records)}
        taken = await find_taken(self._owners, new, used, progress)
        plan = make_plan(records, boxes.values(), taken, keep_unseen=keep_unseen)
        warnings = (
            *warn_of_gone(completed, boxes.values()),
            *pins.warn_of_kept(plan.changes, set(kept)),
            *warn_of_old_pins(plan.changes, pins.policy),
        )
        return replace(plan, numbers=frozenset(used), problems=(*plan.problems, *warnings))

    async def _list(self, progress: Progress) -> tuple[Box, ...]:
        if self._listed is None:
            self._listed = await self._pbx.list_boxes(progress=progress)
        return self._listed

    async def _complete(
        self, boxes: dict[str, Box], records: Iterable[Record], progress: Progress
    ) -> Mapping[str, Box]:
        """Fetch the boxes of rows that the list does not show completely."""
        index = BoxIndex(boxes.values())
        listed = [(record, index.find(record)) for record in records]
        in_part = [
            box for record, box in listed if box and (fields_to_fetch(record, box) or _may_be_truncated(record, box))
        ]
        known = {box.id for box in in_part}
        whole = [box for _, box in listed if box and box.id not in known]
        if not await is_list_exact(self._pbx, whole):
            in_part += whole
        return await complete_listed(self._pbx, boxes, _with_another(in_part, boxes), progress=progress)


async def plan_undo_of(
    past: PastRun,
    pbx: Pbx,
    progress: Progress = no_progress,
    *,
    with_messages: bool = False,
    sent_values: Mapping[int, Mapping[str, Any]] | None = None,
    undone_by: Mapping[int, str] | None = None,
    created_later: Mapping[str, str] | None = None,
) -> Plan:
    """List the PBX's boxes, fetch those that a run changed, and plan to undo the run.

    Args:
        past: the run.
        pbx: the PBX that it changed.
        progress: called with the number of boxes read, and their total.
        with_messages: whether to remove boxes including their messages and greetings. By default, boxes that hold
            any, or may hold any, are kept.
        sent_values: see `DoneRun`.
        undone_by: see `DoneRun`.
        created_later: see `DoneRun`.
    """
    boxes = {box.id: box for box in await pbx.list_boxes(progress=progress)}
    numbers = {outcome.extension_number for outcome in past.outcomes if outcome.status.may_have_changed}
    changed = (box for box in boxes.values() if box.extension_number in numbers)
    in_part = [box for box in changed if hidden_fields(box)]
    boxes = await complete_listed(pbx, boxes, _with_another(in_part, boxes), progress=progress)
    done = DoneRun(
        outcomes=past.outcomes,
        changes=past.changes,
        records={row: sheet_row.record for row, sheet_row in past.rows.items()},
        read_back=past.read_back,
        sent_values=sent_values or {},
        undone_by=undone_by or {},
        created_later=created_later or {},
    )
    plan = plan_undo(done, boxes.values())
    if kept := _kept_by_list(plan, {box.id for box in in_part}):
        boxes = await complete_listed(pbx, boxes, kept, progress=progress)
        plan = plan_undo(done, boxes.values())
    plan = replace(plan, numbers=frozenset(box.extension_number for box in boxes.values()))
    if plan.to_send:
        warnings = warn_of_old_pins(plan.changes, await pbx.pin_policy(), of_undo=True)
        plan = replace(plan, problems=(*plan.problems, *warnings))
    plan = await keep_set_fields(plan, past, pbx, progress)
    if with_messages:
        return plan
    return await keep_greetings(spare_messages(plan, await _count_messages(plan, pbx, progress)), pbx, progress)


async def _count_messages(plan: Plan, pbx: Pbx, progress: Progress) -> Mapping[str, int | None]:
    """The number of messages in each box to remove, by id."""
    return await fetch_for_removed(plan, lambda box: pbx.count_messages(box.id), pbx, progress)


def _kept_by_list(plan: Plan, fetched: Collection[str]) -> list[Box]:
    """The boxes that only a list shows as changed: it may truncate long values, so these boxes must be fetched."""
    warned = {problem.row for problem in plan.problems}
    return [c.box for c in plan.changes if c.box and c.record.row in warned and c.box.id not in fetched]


def _may_be_truncated(record: Record, box: Box) -> bool:
    """Whether a listed name may be the truncated name of the record."""
    if not isinstance(record.name, str) or not isinstance(box.name, str) or record.name == box.name:
        return False
    return record.name.startswith(box.name.rstrip(_ELLIPSIS))


def _with_another(listed: Sequence[Box], boxes: Mapping[str, Box]) -> Sequence[Box]:
    """The boxes, and another one if there is only one: a mask is recognised if several boxes show the same value."""
    others = (box for box in boxes.values() if box not in listed and hidden_fields(box))
    return [*listed, *islice(others, 1)] if len(listed) == 1 else listed
