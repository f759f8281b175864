"""Reads boxes again right before they are changed, several with one request where that is safe."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

from bulkvm.model.change import Change, ChangeKind, Plan
from bulkvm.model.errors import PbxError, PbxRefused
from bulkvm.pbx import PAGE, Pbx, WholeBox, in_parallel, undocumented
from bulkvm.upload.neighbours import Neighbours, order_by_number

MAX_AGE: Final = 2.0  # seconds between reading a box and sending its update
_MAX_PAGE_AGE: Final = 1.5  # seconds until a page is used, which leaves some for the update to wait for its turn
_FIRST_SIZE: Final = 16  # changes for which a page is read, until it is known how many are sent in that time
_MIN_SIZE: Final = 2
_MIN_CHANGES: Final = 16  # with fewer, comparing the list with single answers takes more requests than it saves
_MAX_UNUSED: Final = 4  # pages in a row; then pages take longer than they are valid, as at one request per second
_SPREAD: Final = 8  # boxes, over all that change
_TEXTS: Final = ("name", "recipients")  # fields that a list may truncate


def is_served_by_pages(change: Change) -> bool:
    """Whether a page of the list may show the box of a change. Boxes that an undo overwrites are fetched one by one."""
    return change.kind is ChangeKind.UPDATE and change.wanted is None


def order_for_pages(change: Change) -> tuple[bool, int, str]:
    """The key that sorts changes so that those served by one page are consecutive."""
    return (True, *order_by_number(change)) if is_served_by_pages(change) else (False, 0, "")


async def add_undocumented(plan: Plan, pbx: Pbx) -> Plan:
    """Add to each update the undocumented fields of its box, if the PBX shows them."""
    current, found = CurrentBoxes(pbx, plan), dict[int, Mapping[str, Any]]()

    async def fetch(change: Change) -> None:
        with suppress(PbxRefused):
            found[change.record.row] = undocumented((await current.fetch(change)).fields)

    await in_parallel(sorted(filter(is_served_by_pages, plan.changes), key=order_for_pages), fetch, pbx.connections)
    changes = (replace(change, undocumented=found.get(change.record.row)) for change in plan.changes)
    return replace(plan, changes=tuple(changes))


class CurrentBoxes:
    """Fetches the boxes of a plan as they are on the PBX now.

    A page of the list is used instead of single answers if it shows the same fields, and only for boxes that have not
    changed since the plan. All others are fetched one by one. So are all boxes if the list shows one of some samples
    differently from a single answer: truncated, with defaults or blanks, or as it was before its update.
    """

    def __init__(self, pbx: Pbx, plan: Plan, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make it without reading anything.

        Args:
            pbx: the PBX.
            plan: the changes. They are served by pages in the order of `order_for_pages`.
            clock: seconds, from any starting point.
        """
        self._pbx = pbx
        self._clock = clock
        self._neighbours = Neighbours(filter(is_served_by_pages, plan.changes), plan.numbers)
        self._changes = self._neighbours.changes
        self._places = {change.record.row: place for place, change in enumerate(self._changes)}
        self._pages: dict[int, _Page] = {}
        self._latest: deque[_Page] = deque(maxlen=_MAX_UNUSED)
        self._size = _FIRST_SIZE
        self._shown: frozenset[str] | None = None  # the fields of a single answer, once one was read
        self._is_served_by_list = len(self._changes) >= _MIN_CHANGES
        self._first: Change | None = None  # the first that was fetched: with a canary, its box was changed since
        self._is_compared = False
        self._comparing = asyncio.Lock()

    async def fetch(self, change: Change, *, alone: bool = False) -> WholeBox:
        """Fetch the box of a change, `alone` or with others. Raises the same errors as `Pbx.fetch_whole_box`."""
        planned = change.box
        assert planned is not None
        if not alone and self._shown is not None:
            await self._compare_list()
        if not alone and self._shown is not None and (page := self._page_for(change)):
            boxes = await page.read(self._shown)
            self._is_served_by_list &= bool(boxes)
            if planned.id in boxes and page.is_recent():
                page.used += 1
                if page.used == page.size:
                    self._size = min(PAGE, 2 * self._size)
                return boxes[planned.id]
        whole = await self._pbx.fetch_whole_box(planned.id, planned.extension_number)
        self._shown = self._shown or frozenset(whole.fields)
        self._first = self._first or change
        return whole

    async def _compare_list(self) -> None:
        """Compare the list with single answers, once."""
        async with self._comparing:
            if self._is_served_by_list and not self._is_compared:
                await in_parallel(self._samples(), self._compare, self._pbx.connections)
            self._is_compared = True

    async def _compare(self, change: Change) -> None:
        """Stop using the list if it shows the box of a change otherwise than a single answer does."""
        planned, number = change.box, change.record.extension_number
        assert planned is not None
        try:
            single = (await self._pbx.fetch_whole_box(planned.id, number)).box
            if single == planned and change is not self._first:
                return
            page = await self._pbx.fetch_whole_page(number, number)
        except PbxError:
            page = ()
        if not any(whole.box == single for whole in page):
            self._is_served_by_list = False

    def _samples(self) -> Collection[Change]:
        """The first change, those with the longest texts, and some others."""
        first = [self._first] if self._first else []
        longest = [max(self._changes, key=partial(_length, name)) for name in _TEXTS]
        spread = self._changes[:: -(-len(self._changes) // _SPREAD)]
        return {change.record.row: change for change in (*first, *longest, *spread)}.values()

    def _page_for(self, change: Change) -> "_Page | None":
        """The page for a change; None if a single answer takes no more requests."""
        place = self._places.get(change.record.row)
        if place is None or not self._is_served_by_list:
            return None
        page = self._pages.pop(place, None)
        if page and page.is_recent():
            return page
        if page:  # too large to be used up in time
            self._size = max(_MIN_SIZE, page.used)
        places = self._neighbours.on_page(place, self._size)
        if len(self._latest) == _MAX_UNUSED and not any(page.is_useful() for page in self._latest):
            self._is_served_by_list = False
        if len(places) < _MIN_SIZE or not self._is_served_by_list:
            return None
        page = _Page(self._pbx, [self._changes[other] for other in places], self._clock)
        self._latest.append(page)
        self._pages |= dict.fromkeys(places[1:], page)
        return page


class _Page:
    """A page of the list, read once, for all changes of boxes on it."""

    def __init__(self, pbx: Pbx, changes: Sequence[Change], clock: Callable[[], float]) -> None:
        self.size = len(changes)
        self.used = 0
        self._pbx = pbx
        self._first, self._last = (change.record.extension_number for change in (changes[0], changes[-1]))
        self._planned = {change.box.id: change.box for change in changes if change.box}
        self._clock = clock
        self._began = clock()
        self._lock = asyncio.Lock()
        self._boxes: Mapping[str, WholeBox] | None = None

    async def read(self, shown: frozenset[str]) -> Mapping[str, WholeBox]:
        """The boxes, by id, that have not changed since the plan and have the same fields as a single answer."""
        async with self._lock:
            if self._boxes is None:
                self._began = self._clock()
                try:
                    listed = await self._pbx.fetch_whole_page(self._first, self._last)
                except PbxError:
                    listed = ()
                self._boxes = {
                    whole.box.id: whole
                    for whole in listed
                    if whole.box == self._planned.get(whole.box.id) and whole.fields.keys() == shown
                }
        return self._boxes

    def is_recent(self) -> bool:
        """Whether the page is recent enough. Its age counts from before the request, which may have to wait."""
        return self._boxes is None or self._clock() - self._began <= _MAX_PAGE_AGE

    def is_useful(self) -> bool:
        """Whether the page replaces several single answers, or still may."""
        return self.used >= _MIN_SIZE or self.is_recent()


def _length(name: str, change: Change) -> int:
    """The length of a field of the planned box as text."""
    return len(str(getattr(change.box, name)))
