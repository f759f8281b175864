"""Which of the numbers that new boxes are to have are free."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

from bulkvm.model.errors import NotAllowed, OutcomeUnknown, PbxRefused
from bulkvm.pbx import Pbx, Progress
from bulkvm.pbx.parallel import in_parallel
from bulkvm.planning.comparison import NumberConflict

_NUMBERS_TRIED: Final = 20  # for the next free one


async def find_taken(
    pbx: Pbx, numbers: Sequence[str], used: Collection[str], progress: Progress
) -> dict[str, NumberConflict]:
    """Ask for the owner of each number, and for the next free number where it has one.

    Args:
        pbx: where.
        numbers: those that no box has.
        used: those that boxes have, or that the sheet wants; none of them is suggested.
        progress: hears how many were asked, of how many.

    Returns:
        The numbers that are taken, as far as this user may ask and the PBX tells.
    """
    taken: dict[str, NumberConflict] = {}
    asked = 0

    async def ask(number: str) -> None:
        nonlocal asked
        try:
            if owner := await pbx.number_owner(number):
                taken[number] = NumberConflict(owner, None)  # whatever comes of the search for a free one
                taken[number] = NumberConflict(owner, await _next_free(pbx, number, used))
        except NotAllowed:
            raise
        except PbxRefused:
            pass  # the owner of this number is not shown
        asked += 1
        progress(asked, len(numbers))

    with suppress(NotAllowed, OutcomeUnknown):  # it tells nothing of any further one
        await in_parallel(numbers, ask, pbx.connections)
    return taken


async def _next_free(pbx: Pbx, number: str, used: Collection[str]) -> str | None:
    for step in range(1, _NUMBERS_TRIED + 1):
        candidate = f"{int(number) + step:0{len(number)}}"
        if len(candidate) == len(number) and candidate not in used and not await pbx.number_owner(candidate):
            return candidate
    return None
