"""Many calls at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def in_parallel(items: Iterable[T], do: Callable[[T], Awaitable[None]], workers: int) -> None:
    """Do something with each item, at most `workers` of them at a time.

    Workers take from one iterator, so that memory does not grow with the number of items. The first error stops the
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
