"""Reads boxes back after they were changed, several with one request where that is safe."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bulkvm.model.box import Box
from bulkvm.model.change import Change, Plan
from bulkvm.model.errors import BulkvmError
from bulkvm.pbx import Pbx, in_parallel
from bulkvm.planning import expected_box, find_exact_differences, hidden_fields
from bulkvm.upload.neighbours import Neighbours, order_by_number
from bulkvm.upload.row_result import RowResult


@dataclass(slots=True)
class _Group:
    """Rows whose boxes are on one page of the list: those that are to be sent, and the results of those to verify."""

    left: set[int]
    unverified: list[RowResult] = field(default_factory=list)


class ReadBack:
    """Reads the boxes of a plan back in groups, each after the last of its rows was sent.

    A page of the list can only confirm that a box is as it was sent. A box of which it does not show that is fetched
    alone, and so are all boxes if the list shows one of them differently from a single answer.
    """

    def __init__(self, pbx: Pbx, plan: Plan, fetch: Callable[[RowResult], Awaitable[RowResult]]) -> None:
        """Make the groups.

        Args:
            pbx: the PBX.
            plan: the changes, which should be sent in the order of `order_by_number`.
            fetch: verifies one row by a single answer.
        """
        self._pbx = pbx
        self._fetch = fetch
        self._groups: dict[int, _Group] = {}
        self._hidden: frozenset[str] | None = None  # fields that a single answer does not show
        self._is_list_used = True
        self._comparing = asyncio.Lock()
        neighbours = Neighbours((c for c in plan.changes if c.is_to_send), plan.numbers)
        place = 0
        while place < len(neighbours.changes):
            places = neighbours.on_page(place)
            rows = [neighbours.changes[other].record.row for other in places]
            self._groups |= dict.fromkeys(rows, _Group(set(rows)))
            place = places.stop

    async def after(self, result: RowResult) -> Sequence[RowResult]:
        """Record the result of a row. After the last one of its group, verify the group and return its results."""
        group = self._groups.get(result.outcome.row)
        if group is None:
            return ()
        group.left.discard(result.outcome.row)
        if result.unverified:
            group.unverified.append(result)
        return () if group.left else await self._verify(group)

    async def finish(self) -> Sequence[RowResult]:
        """Verify the groups of which not all rows were sent."""
        groups = {id(group): group for group in self._groups.values() if group.unverified}
        return [result for group in groups.values() for result in await self._verify(group)]

    async def _verify(self, group: _Group) -> Sequence[RowResult]:
        results, group.unverified = group.unverified, []
        listed = await self._list(results)
        verified: list[RowResult] = []

        async def verify(result: RowResult) -> None:
            verified.append(self._confirm(result, listed) or await self._fetch(result))

        await in_parallel(results, verify, self._pbx.connections)
        return verified

    def _confirm(self, result: RowResult, listed: Mapping[str | None, Box]) -> RowResult | None:
        """The result of a row whose box the list shows as it was sent."""
        box, change = listed.get(result.outcome.id), result.unverified
        assert change is not None
        if box is None or self._hidden is None or not self._hidden.issuperset(hidden_fields(box)):
            return None
        expected = expected_box(change, box.id)
        if box.extension_number != expected.extension_number or find_exact_differences(box, expected):
            return None
        return RowResult(result.outcome, box)

    async def _list(self, results: Sequence[RowResult]) -> Mapping[str | None, Box]:
        """The boxes of a group as the list shows them, by id; none if it takes no fewer requests to fetch them."""
        changes = sorted((result.unverified for result in results if result.unverified), key=order_by_number)
        boxes: dict[str | None, Box] = {}
        # Before it is used, one of its boxes is also fetched alone.
        while self._is_list_used and len(changes) > (1 if self._hidden is not None else 2):
            try:
                page = [whole.box for whole in await self._pbx.fetch_whole_page(*_first_and_last(changes))]
            except BulkvmError:
                break
            boxes |= {box.id: box for box in page}
            last = max((box.extension_number for box in page), default="")
            left = [change for change in changes if change.record.extension_number > last]
            if len(left) == len(changes):
                break
            changes = left
        async with self._comparing:
            if self._is_list_used and self._hidden is None and boxes:
                await self._compare(next((r for r in results if r.outcome.id in boxes), None), boxes)
        return boxes if self._is_list_used else {}

    async def _compare(self, result: RowResult | None, listed: Mapping[str | None, Box]) -> None:
        """Stop using the list if it shows a box differently from a single answer."""
        try:
            if result and result.outcome.id:
                single = await self._pbx.fetch_box(result.outcome.id, result.outcome.extension_number)
                if single == listed[single.id]:
                    self._hidden = frozenset(hidden_fields(single))
        except BulkvmError:
            pass
        self._is_list_used = self._hidden is not None


def _first_and_last(changes: Sequence[Change]) -> Iterator[str]:
    return (change.record.extension_number for change in (changes[0], changes[-1]))
