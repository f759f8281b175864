"""Completes boxes: what the list does not show of a box is in its single answer, or the other way round."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from bulkvm.columns import COLUMNS
from bulkvm.model.box import NOT_KNOWN, Box
from bulkvm.model.errors import ListKeptChanging, PbxError, PbxRefused
from bulkvm.pbx.client import Pbx
from bulkvm.pbx.listing import Progress, Query, no_progress
from bulkvm.pbx.masked_values import doubtful_values, fill_from_list, without_doubtful
from bulkvm.pbx.truncated_names import choose_probes, describe_unchecked, find_truncated, shows_other_values


def _ignore(_: str) -> None:
    """No-op callback."""


async def list_whole_boxes(
    pbx: Pbx,
    query: Query | None = None,
    progress: Progress = no_progress,
    *,
    without: Collection[str] = (),
    on_unchecked: Callable[[str], None] = _ignore,
) -> tuple[Box, ...]:
    """List boxes with everything that the PBX shows of them, also where its list is a summary.

    Args:
        pbx: the PBX.
        query: which boxes.
        progress: called with the number of boxes read, and their total.
        without: fields that are not worth fetching a box for.
        on_unchecked: called with a message if names may be truncated, since no box can be fetched.

    Returns:
        In extension order. Fields that the PBX never shows are NOT_KNOWN. Boxes that are removed during
        the call are left out.

    Raises:
        ListKeptChanging: the list cannot be read completely.
    """
    boxes = {box.id: box for box in await pbx.list_boxes(query, progress)}
    needed = {c.header for c in COLUMNS} - set(without)
    in_part = [
        box
        for box in boxes.values()
        if any(getattr(box, header) is NOT_KNOWN for header in needed) or doubtful_values(box).keys() & needed
    ]
    ids = {box.id for box in in_part}
    in_part += await _find_truncated(pbx, [box for box in boxes.values() if box.id not in ids], on_unchecked)
    return pbx.masks.remove((await complete_listed(pbx, boxes, in_part, query, progress)).values())


async def complete_listed(
    pbx: Pbx,
    boxes: Mapping[str, Box],
    in_part: Sequence[Box],
    query: Query | None = None,
    progress: Progress = no_progress,
) -> dict[str, Box]:
    """Fetch listed boxes that the list does not show completely.

    Args:
        pbx: the PBX.
        boxes: all boxes as they were listed, by id.
        in_part: the boxes to fetch.
        query: the query of the list.
        progress: called with the number of boxes read, and their total.

    Returns:
        All boxes, in the same order. Boxes that were removed since then are left out.

    Raises:
        ListKeptChanging: the PBX lists a box that it does not have.
    """
    fetched = await pbx.fetch_boxes(in_part, progress)
    gone = {box.id for box in in_part} - fetched.keys()
    if gone and gone & {box.id for box in await pbx.list_boxes(query)}:
        raise ListKeptChanging(
            "The PBX lists boxes that it then reports as missing. An incomplete list is not used. Try again when "
            "no one is changing boxes, or ask its administrator whether this user may see every box."
        )
    return {
        box_id: fill_from_list(fetched[box_id], box) if box_id in fetched else box
        for box_id, box in boxes.items()
        if box_id not in gone
    }


async def fetch_again(pbx: Pbx, known: Box) -> Box:
    """Fetch a box that was read before, and complete it from the list if a single answer shows less than before.

    Raises:
        NoSuchBox: it does not exist.
    """
    return await complete_box(pbx, await pbx.fetch_box(known.id, known.extension_number), known)


async def complete_box(pbx: Pbx, box: Box, known: Box) -> Box:
    """Complete a box that was fetched again from the list, if a single answer shows less than before."""
    box = without_doubtful(box, known)
    if box.filled_from(known, blanks=True) == box:
        return box
    for listed in pbx.masks.remove((await pbx.list_number(known.extension_number)).boxes):
        if (listed.id, listed.extension_number) == (known.id, known.extension_number):
            return box.filled_from(listed, blanks=True)
    return box


async def is_list_exact(pbx: Pbx, listed: Collection[Box]) -> bool:
    """Whether the list shows some of its boxes as single answers do, as far as these can be fetched."""
    probes = choose_probes(listed)
    try:
        return not await _differs(pbx, probes, await pbx.fetch_boxes(probes))
    except PbxError:
        return True


async def _find_truncated(pbx: Pbx, listed: Collection[Box], on_unchecked: Callable[[str], None]) -> list[Box]:
    """The boxes that the list may show differently from single answers; none, if this user may not fetch boxes."""
    probes = choose_probes(listed)
    try:
        fetched = await pbx.fetch_boxes(probes)
    except PbxRefused:
        fetched = {}
    if probes and not fetched:
        on_unchecked(describe_unchecked(listed))
        return []
    if await _differs(pbx, probes, fetched):
        return list(listed)
    return find_truncated(listed, fetched)


async def _differs(pbx: Pbx, listed: Iterable[Box], fetched: Mapping[str, Box]) -> bool:
    """Whether the list shows other values than single answers do, and not only before someone changed a box."""
    for box in listed:
        single = fetched.get(box.id)
        if single and shows_other_values(box, single):
            page = await pbx.list_number(box.extension_number)
            again = next((other for other in page.boxes if other.id == box.id), box)
            if shows_other_values(again, single):
                return True
    return False
