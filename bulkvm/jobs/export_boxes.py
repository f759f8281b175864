"""Export boxes: all of a tenant, complete or not at all; or those of every tenant."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bulkvm.backup import name_part
from bulkvm.columns import SECRET_HEADERS
from bulkvm.files import check_local, check_target, make_private_folder
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.each_tenant import TenantObserver, TenantsReport, for_each_tenant
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.model.box import Box
from bulkvm.model.errors import UsageError
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
    return _write(file, boxes, observer, pins=pins, bom=bom, overwrite=overwrite)


def export_tenants(
    folder: Path,
    connection: Connection,
    *,
    file_format: str = "csv",
    query: Query = _ALL,
    pins: bool = True,
    bom: bool = True,
    overwrite: bool = False,
    observer: Observer = SILENT,
) -> TenantsReport[ExportReport]:
    """Export every enabled tenant of a PBX to a file in a folder, named after the tenant's domain.

    Args:
        folder: the folder, which is created if necessary.
        connection: the login of a system administrator.
        file_format: csv, xlsx or json.
        query: which boxes, and in which order.
        pins: whether PINs are exported.
        bom: whether a CSV file begins with a byte order mark.
        overwrite: whether existing files may be replaced.
        observer: is shown notices about what is missing.

    Raises:
        UsageError: it is not the login of a system administrator.
        BulkvmError: the tenants could not be listed.
    """
    _make_folder(folder)

    async def export(name: str, of_tenant: Connection) -> ExportReport:
        file = folder / f"{name_part(name)}.{file_format}"
        check_target(file, overwrite=overwrite)
        own = TenantObserver(name, observer)
        boxes = await _list(of_tenant, query, own, pins=pins)
        return _write(file, boxes, own, pins=pins, bom=bom, overwrite=overwrite)

    return asyncio.run(for_each_tenant(connection, export))


def _make_folder(folder: Path) -> None:
    """Create the folder for the files of tenants.

    Raises:
        UsageError: it cannot be created.
    """
    check_local(folder)
    try:
        make_private_folder(folder)
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise UsageError(f"The folder {folder} cannot be created: {reason}. Name another folder.") from error


def _write(
    file: Path | None, boxes: tuple[Box, ...], observer: Observer, *, pins: bool, bom: bool, overwrite: bool
) -> ExportReport:
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
            return await pbx.read_confirmed(
                lambda: list_whole_boxes(pbx, query, progress, without=without, on_unchecked=observer.notice)
            )
