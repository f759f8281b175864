"""Finds numbers of new boxes that something else on the PBX uses, and the next free ones."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from bulkvm.model.box import NumberConflict, Owner
from bulkvm.model.errors import NotAllowed, OutcomeUnknown, PbxRefused
from bulkvm.pbx import NUMBER_LISTS, NumberList, NumberPage, Pbx, Progress, in_parallel, no_progress

_MAX_TRIES: Final = 20  # to find the next free number


async def find_taken(
    owners: "NumberOwners", numbers: Sequence[str], used: set[str], progress: Progress
) -> dict[str, NumberConflict]:
    """Look up the owner of each number, and the next free number if it has one.

    Args:
        owners: looks them up.
        numbers: numbers of new boxes.
        used: numbers of existing boxes and of the sheet, which are not suggested. Each suggested one is added.
        progress: called with the numbers looked up, and their total.

    Returns:
        The numbers that the PBX shows to be in use.
    """
    await owners.read(numbers, progress)
    return {
        number: await _describe(number, owner, used, owners)
        for number in numbers
        if (owner := owners.known.get(number))
    }


def reason_to_skip(owner: Owner) -> str:
    """Why a row is left out whose number is taken."""
    return f"The number belongs to {owner}."


async def find_conflict(pbx: Pbx, number: str, used: set[str]) -> NumberConflict | None:
    """Look up what uses a number; None if the PBX does not show it. See `find_taken`."""
    owners = NumberOwners(pbx)
    owner = await owners.find(number)
    return await _describe(number, owner, used, owners) if owner else None


class NumberOwners:
    """Looks up what uses which numbers, each once, if the PBX shows it.

    Attributes:
        known: the owners of the numbers that were looked up; None for a free number.
    """

    def __init__(self, pbx: Pbx) -> None:
        """Make one without asking the PBX."""
        self.known: dict[str, Owner | None] = {}
        self._asked: set[str] = set()
        self._pbx = pbx
        self._listed: list[tuple[str, str]] = []  # ranges of which all lists were read completely

    async def read(self, numbers: Sequence[str], progress: Progress, *, one_by_one: bool = False) -> None:
        """Look up numbers: in the lists, or one by one where that takes fewer requests.

        With `one_by_one`, also those that may be in a list that is not shown; else the create shows who has them.

        A PBX may compare numbers as texts or by value; for numbers of one length, both give the same range.
        """
        by_length: defaultdict[int, list[str]] = defaultdict(list)
        for number in numbers:
            if not self.has_read(number):
                by_length[len(number)].append(number)
        for group in by_length.values():
            is_read = len(group) > len(NUMBER_LISTS) and await self._read_lists(group, progress)
            if not is_read or one_by_one:
                await self._ask([n for n in group if n not in self.known and not self._is_listed(n)], progress)

    async def find(self, number: str) -> Owner | None:
        """What uses a number; None if it is free. It is asked for if the lists do not show it."""
        if number not in self.known and self._is_listed(number):
            self.known[number] = None
        return self.known[number] if number in self.known else await self._look_up(number)

    async def is_free(self, number: str) -> bool:
        """Whether a number is free. Not all kinds of extensions are in lists, so the number itself is asked for."""
        return not await self.find(number) and (number in self._asked or not await self._look_up(number))

    async def _look_up(self, number: str) -> Owner | None:
        self.known[number] = await self._pbx.number_owner(number)
        self._asked.add(number)
        return self.known[number]

    def has_read(self, number: str) -> bool:
        """Whether it is known what uses a number, without a request."""
        return number in self.known or self._is_listed(number)

    def _is_listed(self, number: str) -> bool:
        return any(len(number) == len(first) and first <= number <= last for first, last in self._listed)

    async def _ask(self, numbers: Sequence[str], progress: Progress) -> None:
        asked = 0

        async def ask(number: str) -> None:
            nonlocal asked
            try:
                await self.find(number)
            except NotAllowed:
                raise
            except PbxRefused:
                pass  # the owner of this number is not shown
            asked += 1
            progress(asked, len(numbers))

        with suppress(NotAllowed, OutcomeUnknown):  # no owner can be looked up
            await in_parallel(numbers, ask, self._pbx.connections)

    async def _read_lists(self, numbers: Sequence[str], progress: Progress) -> bool:
        """Read the lists, unless asking for each number takes fewer requests. Returns whether they were read.

        A list that is not shown leaves its numbers to the create, which the PBX refuses then.
        """
        first, last = min(numbers), max(numbers)
        found: defaultdict[NumberList, set[str]] = defaultdict(set)
        first_pages: dict[NumberList, NumberPage] = {}
        without_numbers = False

        async def read(page_at: tuple[NumberList, int]) -> None:
            nonlocal without_numbers
            number_list, skip = page_at
            with suppress(PbxRefused, OutcomeUnknown):
                page = await self._pbx.fetch_number_page(number_list, first, last, skip)
                first_pages.setdefault(number_list, page)
                self.known |= page.owners
                without_numbers |= len(page.owners) < page.size
                found[number_list] |= page.ids
                progress(sum(map(len, found.values())), sum(page.count for page in first_pages.values()))

        await in_parallel([(number_list, 0) for number_list in NUMBER_LISTS], read, self._pbx.connections)
        if sum((page.count - 1) // max(page.size, 1) for page in first_pages.values()) >= len(numbers):
            return False  # before the pages are enumerated: a count may be wrong by any factor
        others = [
            (number_list, skip)
            for number_list, page in first_pages.items()
            for skip in range(page.size, page.count, page.size or page.count or 1)
        ]
        await in_parallel(others, read, self._pbx.connections)
        is_complete = all(each in found and len(found[each]) >= first_pages[each].count for each in NUMBER_LISTS)
        if is_complete and not without_numbers:
            self._listed.append((first, last))
        return True


async def _describe(number: str, owner: Owner, used: set[str], owners: NumberOwners) -> NumberConflict:
    if not owner.is_box:
        with suppress(PbxRefused, OutcomeUnknown):
            return NumberConflict(number, owner, await _next_free(number, used, owners))
    return NumberConflict(number, owner, None)


async def _next_free(number: str, used: set[str], owners: NumberOwners) -> str | None:
    """The next number that is free and was not suggested to another row; it is added to `used`."""
    following = (f"{int(number) + step:0{len(number)}}" for step in range(1, _MAX_TRIES + 1))
    candidates = [other for other in following if len(other) == len(number) and other not in used]
    first_unknown = next(
        (place for place, other in enumerate(candidates) if place and not owners.has_read(other)), None
    )
    for place, candidate in enumerate(candidates):
        if place == first_unknown:
            await owners.read(candidates[place:], no_progress)
        if await owners.is_free(candidate) and candidate not in used:  # several rows ask at once
            used.add(candidate)
            return candidate
    return None
