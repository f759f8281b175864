"""Write the template, blank or for one tenant."""

import asyncio
from collections import Counter
from pathlib import Path

from bulkvm.columns import SECRET_HEADERS
from bulkvm.files import check_target
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.model.settings import DEFAULT_PIN_POLICY, SET_PIN_LENGTH
from bulkvm.pbx import list_whole_boxes
from bulkvm.reports.template.template_workbook import Tenant, write_template


def make_template(
    file: Path, connection: Connection | None = None, *, overwrite: bool = False, observer: Observer = SILENT
) -> Path:
    """Write a blank sheet to fill in.

    Args:
        file: a .xlsx or .csv file.
        connection: the PBX whose PIN policy and prompt languages the template has; None for the usual ones.
        overwrite: whether an existing file may be replaced.
        observer: is shown the progress, and a notice about a PIN policy that cannot be used.

    Raises:
        UsageError: the file cannot be written there.
        BulkvmError: the PBX could not be asked.
    """
    check_target(file, overwrite=overwrite)
    tenant = asyncio.run(_read_choices(connection, observer)) if connection else Tenant()
    return write_template(file, tenant, overwrite=overwrite)


async def _read_choices(connection: Connection, observer: Observer) -> Tenant:
    """Read the tenant's PIN policy, and the prompts that its boxes use, the most common first."""
    async with connection.open() as pbx:
        policy = await pbx.read_confirmed(pbx.pin_policy)
        if policy.contradiction:
            observer.notice(f"{policy.contradiction} {SET_PIN_LENGTH}")
            policy = DEFAULT_PIN_POLICY
        with observer.progress("Boxes read") as progress:
            boxes = await pbx.read_confirmed(lambda: list_whole_boxes(pbx, progress=progress, without=SECRET_HEADERS))
    used = Counter(box.prompt for box in boxes if isinstance(box.prompt, str))
    return Tenant(tuple(prompt for prompt, _ in used.most_common()) or Tenant().prompts, policy)
