"""Runs calls concurrently."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def in_parallel(items: Iterable[T], do: Callable[[T], Awaitable[None]], workers: int) -> None:
    """Call `do` for each item, with at most `workers` calls at a time.

    The workers share one iterator, so memory does not grow with the number of items. The first error cancels the
    others and is raised.
    """
    shared = iter(items)

    async def work() -> None:
        for item in shared:
            await do(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
