"""Lists all boxes, completely or not at all, although the list may change while it is read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from bulkvm.columns import KEY_COLUMN
from bulkvm.model.box import Box, group_duplicates
from bulkvm.model.errors import ListKeptChanging, MalformedAnswer

PAGE: Final = 100  # boxes, the maximum for one request (API page, "List", top)
READINGS: Final = 3
_MAX_BOXES: Final = 2_000_000  # twice the rows of a sheet; a list that claims more may be endless

Params: TypeAlias = dict[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which boxes are listed, and in which order, in the syntax of the API (API page, "List")."""

    filter: str | None = None
    search: str | None = None
    orderby: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list: the PBX's count of all matching boxes, and some of them."""

    count: int
    boxes: tuple[Box, ...]


FetchPage: TypeAlias = Callable[[Params], Awaitable[Page]]
Progress: TypeAlias = Callable[[int, int], None]  # boxes read, boxes in all


def no_progress(_done: int, _total: int) -> None:
    """No-op callback."""


async def list_completely(fetch: FetchPage, query: Query, progress: Progress) -> tuple[Box, ...]:
    """Read the list until a reading agrees with the PBX's count before and after it.

    The first readings paginate by key. On a PBX that sorts and filters by different rules, that would miss boxes, so
    the last reading paginates by position, each page overlapping the previous one. So do all readings if the query has
    an order of its own.

    Two boxes with the same number may be one box that was deleted and created again in between. They count if two
    readings show them.

    Returns:
        In the query's order, by default in extension order.

    Raises:
        ListKeptChanging: no reading agreed.
    """
    seen_duplicates: set[str] = set()
    for pages in (_by_position,) * READINGS if query.orderby else (_by_key, _by_key_again, _by_position):
        found, counted = await _read(pages(fetch, query), progress)
        if len(found) == counted == await _count(fetch, query):
            ids = {box.id for boxes in group_duplicates(found).values() for box in boxes}
            if ids <= seen_duplicates:
                return found if query.orderby else tuple(sorted(found, key=lambda box: (box.extension_number, box.id)))
            seen_duplicates |= ids
    raise ListKeptChanging(
        f"The PBX counts {counted} boxes and listed {len(found)} when it was read last; {READINGS} readings did not "
        "agree. An incomplete list is not used. Try again when no one is changing boxes."
    )


async def _read(pages: AsyncIterator[Page], progress: Progress) -> tuple[tuple[Box, ...], int]:
    """All boxes of one reading, without duplicates, and the count on its first page."""
    found: dict[str, Box] = {}
    counted: int | None = None
    async for page in pages:
        counted = page.count if counted is None else counted
        known = len(found)
        found.update((box.id, box) for box in page.boxes)
        if page.boxes:
            progress(len(found), counted)
        # At the count, go on: a new box may have replaced one that is still to come. Beyond it, no reading agrees.
        if len(found) == known or len(found) > counted:
            break
    return tuple(found.values()), counted or 0


async def _count(fetch: FetchPage, query: Query) -> int:
    return (await fetch({**_params(query), "top": 1})).count


async def _by_key(fetch: FetchPage, query: Query, operator: str = "gt") -> AsyncIterator[Page]:
    """Paginate by key, from the last extension of each page: new or deleted boxes do not shift the others."""
    after = None
    while True:
        page = await fetch({**_params(query, after), "orderby": KEY_COLUMN.header, "top": PAGE})
        yield page
        if not page.boxes:
            return
        after = f"extension_number {operator} {quote(page.boxes[-1].extension_number)}"


def _by_key_again(fetch: FetchPage, query: Query) -> AsyncIterator[Page]:
    """Paginate by key, with the last extension again on the next page: another box may have the same number."""
    return _by_key(fetch, query, "ge")


async def _by_position(fetch: FetchPage, query: Query) -> AsyncIterator[Page]:
    """Paginate by position, from the last box of each page. Stop if that box has moved."""
    order = _total_order(query.orderby)
    last: Box | None = None
    skip = 0
    while True:
        page = await fetch({**_params(query), "orderby": order, "skip": skip, "top": PAGE})
        if last and not (page.boxes and page.boxes[0].id == last.id):
            return
        yield page
        if not page.boxes:
            return
        last = page.boxes[-1]
        skip += len(page.boxes) - 1


def _total_order(order: str | None) -> str:
    """The order, with the extension as the last criterion, so that equal boxes cannot swap between pages."""
    if order is None or KEY_COLUMN.header in order:
        return order or KEY_COLUMN.header
    return f"{order}, {KEY_COLUMN.header}"


def _params(query: Query, condition: str | None = None) -> Params:
    conditions = [c for c in (query.filter, condition) if c]
    params: Params = {}
    if conditions:
        params["filter"] = conditions[0] if len(conditions) == 1 else f"({conditions[0]}) and {conditions[1]}"
    if query.search:
        params["search"] = query.search
    return params


def quote(text: str) -> str:
    """Quote a text for a filter; apostrophes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def read_page(content: Mapping[str, Any], read: Callable[[Any], Box]) -> Page:
    """Read one page of the list.

    Raises:
        MalformedAnswer: it is not a page of the list.
    """
    count, items = content.get("count"), content.get("items")
    if items is None and count == 0 and "items" in content:
        items = []
    if not isinstance(count, int) or isinstance(count, bool) or not isinstance(items, list):
        raise MalformedAnswer("The PBX did not respond with a list of boxes.")
    if not 0 <= count <= _MAX_BOXES:
        raise MalformedAnswer(f"The PBX counts {count:,} boxes, and at most {_MAX_BOXES:,} are read.")
    return Page(count, tuple(read(item) for item in items))
