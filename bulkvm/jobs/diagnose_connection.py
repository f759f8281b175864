"""Diagnose the connection to a PBX, step by step."""

import asyncio
from collections.abc import Callable

from bulkvm.jobs.connection import Connection
from bulkvm.pbx.diagnostics import Finding, examine


def diagnose_connection(connection: Connection, found: Callable[[Finding], None]) -> list[Finding]:
    """Check everything that a run needs, from the host name to the time of a request.

    Args:
        connection: the PBX; without a password or token, only what needs none is checked.
        found: is called with each finding at once.

    Raises:
        UsageError: the settings of the site are not valid.
    """
    return asyncio.run(_examine(connection, found))


async def _examine(connection: Connection, found: Callable[[Finding], None]) -> list[Finding]:
    findings = []
    async for finding in examine(
        connection.site, connection.settings, app=connection.app, no_secret=connection.no_secret
    ):
        findings.append(finding)
        found(finding)
    return findings
