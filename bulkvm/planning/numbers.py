"""Checks whether the numbers of new boxes are free."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

from bulkvm.model.errors import NotAllowed, OutcomeUnknown, PbxRefused
from bulkvm.pbx import Pbx, Progress
from bulkvm.pbx.parallel import in_parallel
from bulkvm.planning.import_plan import NumberConflict

_MAX_TRIES: Final = 20  # to find the next free number


async def find_taken(
    pbx: Pbx, numbers: Sequence[str], used: Collection[str], progress: Progress
) -> dict[str, NumberConflict]:
    """Look up the owner of each number, and the next free number if it has one.

    Args:
        pbx: the PBX.
        numbers: numbers of new boxes.
        used: numbers of existing boxes and of the sheet, which are not suggested.
        progress: called with the numbers looked up, and their total.

    Returns:
        The numbers that the PBX shows to be in use.
    """
    taken: dict[str, NumberConflict] = {}
    asked = 0

    async def ask(number: str) -> None:
        nonlocal asked
        try:
            if owner := await pbx.number_owner(number):
                taken[number] = NumberConflict(owner, None)  # even if the search for a free one fails
                taken[number] = NumberConflict(owner, await _next_free(pbx, number, used))
        except NotAllowed:
            raise
        except PbxRefused:
            pass  # the owner of this number is not shown
        asked += 1
        progress(asked, len(numbers))

    with suppress(NotAllowed, OutcomeUnknown):  # not known for any number
        await in_parallel(numbers, ask, pbx.connections)
    return taken


async def _next_free(pbx: Pbx, number: str, used: Collection[str]) -> str | None:
    for step in range(1, _MAX_TRIES + 1):
        candidate = f"{int(number) + step:0{len(number)}}"
        if len(candidate) == len(number) and candidate not in used and not await pbx.number_owner(candidate):
            return candidate
    return None
