"""Export boxes: all of a tenant, complete or not at all."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bulkvm.columns import SECRET_HEADERS
from bulkvm.files import check_target
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.model.box import Box
from bulkvm.pbx import Query, list_whole_boxes
from bulkvm.reports.export_file import (
    check_export_name,
    count_not_shown,
    describe_duplicates,
    describe_not_shown,
    unknown_as_blank,
    write_export,
)

_ALL: Final = Query()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What was exported.

    Attributes:
        boxes: all boxes; what the PBX does not show is blank.
        not_shown: the number of boxes whose field the PBX does not show, by field.
        file: the file; None if none was written.
    """

    boxes: tuple[Box, ...]
    not_shown: Mapping[str, int]
    file: Path | None = None


def export_boxes(
    file: Path | None,
    connection: Connection,
    *,
    query: Query = _ALL,
    pins: bool = True,
    bom: bool = True,
    overwrite: bool = False,
    observer: Observer = SILENT,
) -> ExportReport:
    """List all boxes of a tenant, and write them to a file.

    Args:
        file: a .csv, .xlsx or .json file; None to write none.
        connection: the PBX.
        query: which boxes, and in which order.
        pins: whether PINs are exported.
        bom: whether a CSV file begins with a byte order mark, by which Excel recognises UTF-8.
        overwrite: whether an existing file may be replaced.
        observer: is shown the progress, and notices about what is missing.

    Raises:
        UsageError: the file cannot be written there.
        LoginRefused: the PBX refuses the login.
        PbxError: the list could not be read completely.
    """
    if file:
        check_export_name(file)
        check_target(file, overwrite=overwrite)
    boxes = asyncio.run(_list(connection, query, observer, pins=pins))
    not_shown = {field: n for field, n in count_not_shown(boxes).items() if pins or field not in SECRET_HEADERS}
    if not_shown:
        text = describe_not_shown(not_shown)
        observer.notice(
            f"{text[0].upper()}{text[1:]}, so they are left blank. Importing the file does not change them."
        )
    for duplicates in describe_duplicates(boxes):
        observer.notice(duplicates)
    whole = tuple(unknown_as_blank(box) for box in boxes)
    written = None
    if file:
        with observer.progress("Writing the file"):
            written = write_export(file, whole, pins=pins, bom=bom, overwrite=overwrite)
    return ExportReport(boxes=whole, not_shown=not_shown, file=written)


async def _list(connection: Connection, query: Query, observer: Observer, *, pins: bool) -> tuple[Box, ...]:
    async with connection.open() as pbx:
        with observer.progress("Boxes read") as progress:
            without = () if pins else SECRET_HEADERS
            boxes = await list_whole_boxes(pbx, query, progress, without=without, on_unchecked=observer.notice)
        await pbx.check_tenant()
    return boxes
