"""The whole list of boxes, complete or not at all, though it may change while it is read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from bulkvm.columns import KEY_COLUMN
from bulkvm.model.box import Box, group_duplicates
from bulkvm.model.errors import ListKeptChanging, MalformedAnswer

PAGE: Final = 100  # the most that one request may ask for (API page, "List", top)
READINGS: Final = 3
_MOST_BOXES: Final = 2_000_000  # twice what a sheet holds: a list that claims more may never end

Params: TypeAlias = dict[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which boxes are listed, and in which order, in the PBX's own words (API page, "List")."""

    filter: str | None = None
    search: str | None = None
    orderby: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: the PBX's count of all boxes that the query finds, and some of them."""

    count: int
    boxes: tuple[Box, ...]


FetchPage: TypeAlias = Callable[[Params], Awaitable[Page]]
Progress: TypeAlias = Callable[[int, int], None]  # boxes read, boxes in all


def no_progress(_done: int, _total: int) -> None:
    """Show nothing."""


async def list_completely(fetch: FetchPage, query: Query, progress: Progress) -> tuple[Box, ...]:
    """Read the list until a reading agrees with the count that the PBX gives before and after it.

    The first readings go by key. A PBX that orders its list by one rule and filters it by another would lose boxes
    that way, so the last one goes by position, each page overlapping the one before. So do all where the query has an
    order of its own.

    Two boxes with one number may be one that was removed and made again meanwhile. They count if two readings show
    them.

    Returns:
        In the query's order, or else in extension order.

    Raises:
        ListKeptChanging: no reading agreed.
    """
    twice: set[str] = set()
    for pages in (_by_position,) * READINGS if query.orderby else (_by_key, _by_key_again, _by_position):
        found, counted = await _read(pages(fetch, query), progress)
        if len(found) == counted == await _count(fetch, query):
            ids = {box.id for boxes in group_duplicates(found).values() for box in boxes}
            if ids <= twice:
                return found if query.orderby else tuple(sorted(found, key=lambda box: (box.extension_number, box.id)))
            twice |= ids
    raise ListKeptChanging(
        f"The PBX counts {counted} boxes and listed {len(found)} when it was read last; {READINGS} readings did not "
        "agree. Nothing incomplete is used. Try again when nobody is changing boxes."
    )


async def _read(pages: AsyncIterator[Page], progress: Progress) -> tuple[tuple[Box, ...], int]:
    """All boxes of one reading, each once, and the count that its first page gave."""
    found: dict[str, Box] = {}
    counted: int | None = None
    async for page in pages:
        counted = page.count if counted is None else counted
        known = len(found)
        found.update((box.id, box) for box in page.boxes)
        if page.boxes:
            progress(len(found), counted)
        # Not at the count: a box that was added may stand in for one that is still to come. Beyond it, nothing agrees.
        if len(found) == known or len(found) > counted:
            break
    return tuple(found.values()), counted or 0


async def _count(fetch: FetchPage, query: Query) -> int:
    return (await fetch({**_asked(query), "top": 1})).count


async def _by_key(fetch: FetchPage, query: Query, operator: str = "gt") -> AsyncIterator[Page]:
    """Page after page, each from the last extension of the one before: a box that comes or goes shifts nothing."""
    after = None
    while True:
        page = await fetch({**_asked(query, after), "orderby": "extension_number", "top": PAGE})
        yield page
        if not page.boxes:
            return
        after = f"extension_number {operator} {quote(page.boxes[-1].extension_number)}"


def _by_key_again(fetch: FetchPage, query: Query) -> AsyncIterator[Page]:
    """The same with the last extension once more on the next page: of two boxes that have it, one may not be read."""
    return _by_key(fetch, query, "ge")


async def _by_position(fetch: FetchPage, query: Query) -> AsyncIterator[Page]:
    """Page after page, each from the last box of the one before. It ends where that box is no longer in its place."""
    order = _total_order(query.orderby)
    last: Box | None = None
    skip = 0
    while True:
        page = await fetch({**_asked(query), "orderby": order, "skip": skip, "top": PAGE})
        if last and not (page.boxes and page.boxes[0].id == last.id):
            return
        yield page
        if not page.boxes:
            return
        last = page.boxes[-1]
        skip += len(page.boxes) - 1


def _total_order(order: str | None) -> str:
    """The order, with the extension last: boxes that it leaves equal could change places from page to page."""
    if order is None or KEY_COLUMN.header in order:
        return order or KEY_COLUMN.header
    return f"{order}, {KEY_COLUMN.header}"


def _asked(query: Query, condition: str | None = None) -> Params:
    conditions = [c for c in (query.filter, condition) if c]
    params: Params = {}
    if conditions:
        params["filter"] = conditions[0] if len(conditions) == 1 else f"({conditions[0]}) and {conditions[1]}"
    if query.search:
        params["search"] = query.search
    return params


def quote(text: str) -> str:
    """A text in a filter; an apostrophe is doubled."""
    return "'" + text.replace("'", "''") + "'"


def read_page(content: Mapping[str, Any], read: Callable[[Any], Box]) -> Page:
    """Read one page of the list.

    Raises:
        MalformedAnswer: it is not a page.
    """
    count, items = content.get("count"), content.get("items")
    if items is None and count == 0 and "items" in content:
        items = []
    if not isinstance(count, int) or isinstance(count, bool) or not isinstance(items, list):
        raise MalformedAnswer("The PBX answered the request for its list with something that is not a list.")
    if not 0 <= count <= _MOST_BOXES:
        raise MalformedAnswer(f"The PBX counts {count:,} boxes, and at most {_MOST_BOXES:,} are read.")
    return Page(count, tuple(read(item) for item in items))
