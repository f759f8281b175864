"""Count the boxes of every tenant."""

import asyncio

from bulkvm.jobs.connection import Connection
from bulkvm.jobs.each_tenant import TenantsReport, for_each_tenant


def count_boxes(connection: Connection) -> TenantsReport[int]:
    """List the tenants of a PBX, and count the boxes of each enabled one.

    Raises:
        UsageError: it is not the login of a system administrator.
        BulkvmError: the tenants could not be listed.
    """

    async def count(_: str, of_tenant: Connection) -> int:
        async with of_tenant.open() as pbx:
            return await pbx.read_confirmed(pbx.count_boxes)

    return asyncio.run(for_each_tenant(connection, count))
