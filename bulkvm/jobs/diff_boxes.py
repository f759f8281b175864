"""Compare the boxes of two files, or of a file and the PBX, or of a folder and all tenants of a PBX."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bulkvm.backup import (
    MANIFEST_SUFFIX,
    Folder,
    download,
    list_backed_up,
    list_file_names,
    name_part,
    newest_backup,
    site_part,
)
from bulkvm.files import check_target
from bulkvm.files.storage import Store
from bulkvm.files.temporary_files import scratch_folder
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.each_tenant import TenantObserver, TenantsReport, file_key, for_each_tenant
from bulkvm.jobs.observer import SILENT, Observer
from bulkvm.jobs.sheet_input import describe_input_tenant, has_manifest, read_input
from bulkvm.jobs.sheet_options import SheetOptions
from bulkvm.model.box import Box
from bulkvm.model.errors import FileError, SheetError, UsageError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.model.problem import ProblemCode
from bulkvm.model.sheet import ReadAs, Sheet
from bulkvm.model.tenant import ListedTenant, Tenant
from bulkvm.pbx import list_whole_boxes
from bulkvm.planning import Diff, boxes_from_rows, make_diff
from bulkvm.reports.diff_table import write_diff
from bulkvm.reports.output_checks import check_not_input
from bulkvm.reports.table_file import table_format
from bulkvm.reports.text.problem_text import render_problems
from bulkvm.text import join_and
from bulkvm.validation import take_rows

_AS_IT_IS: Final = SheetOptions()
_SUFFIXES: Final = (".csv", ".xlsx", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffReport:
    """How the boxes differ.

    Attributes:
        names: what to call the two sides.
        diff: the differences.
        exit_code: as of the command line.
        output: the file with the differences; None if none was written.
        output_error: why that file could not be written.
        read_as: how A, or else B, was read, if it is another system's export.
    """

    names: tuple[str, str]
    diff: Diff
    exit_code: ExitCode
    output: Path | None = None
    output_error: Exception | None = None
    read_as: ReadAs | None = None


def diff_boxes(
    a: Path,
    b: "Path | Connection",
    options: SheetOptions = _AS_IT_IS,
    *,
    output: Path | None = None,
    overwrite: bool = False,
    observer: Observer = SILENT,
) -> DiffReport:
    """Compare the boxes of a sheet with those of another one, or with those on the PBX.

    Boxes are matched by extension. Values that an import would refuse are compared as they are.

    Args:
        a: a sheet; `-` is standard input.
        b: another sheet, or the PBX.
        options: how A is read. If they name a system, A or the sheet B must be its export, and both may be.
        output: a file for the differences (.xlsx or .csv).
        overwrite: whether an existing file may be replaced.
        observer: is shown the progress, and notices about what is wrong in a sheet.

    Raises:
        SheetError: a sheet cannot be read, or a row has no unique extension.
        UsageError: the output cannot be written there.
        LoginRefused: the PBX refuses the login.
        PbxError: the list could not be read completely.
    """
    _check_files([side for side in (a, b) if isinstance(side, Path)], output, overwrite=overwrite)
    if isinstance(b, Path):
        sheet, other = _read_both(a, b, options, observer)
        read_as, theirs = sheet.read_as or other.read_as, _boxes_in(other, observer)
    else:
        sheet = read_input(a, options, observer)
        read_as, theirs = sheet.read_as, asyncio.run(_list(b, sheet, observer))
    names, diff = _names(a, b), make_diff(_boxes_in(sheet, observer), theirs)
    written: Path | None = None
    failed: Exception | None = None
    if output:
        try:
            with observer.progress("Writing the differences"):
                written = write_diff(output, diff, names, overwrite=overwrite)
        except Exception as error:  # noqa: BLE001  (the differences are known, and are still to be shown)
            failed = error
    report = DiffReport(names=names, diff=diff, exit_code=_exit_code(diff), read_as=read_as)
    return replace(report, output=written, output_error=failed)


def _check_files(files: Sequence[Path], output: Path | None, *, overwrite: bool) -> None:
    """Check that the files of a comparison differ from each other, and that its output can be written.

    Raises:
        UsageError: they do not, or it cannot.
    """
    if [str(file) for file in files] == ["-", "-"]:
        raise UsageError("Standard input can be read only once. Name a file for one of the two.")
    if output:
        table_format(output)
        for file in files:
            check_not_input(output, file)
        check_target(output, overwrite=overwrite)


def diff_tenants(folder: Folder, connection: Connection, *, observer: Observer = SILENT) -> TenantsReport[DiffReport]:
    """Compare the boxes of every enabled tenant of a PBX with its file in a folder.

    A tenant's file is named after its domain, as `export_tenants` writes it; else it is the newest good backup.

    Args:
        folder: the folder, on this machine or in a store; or the one in which that of the site's backups is.
        connection: the login of a system administrator.
        observer: is shown notices about what is wrong in a sheet.

    Raises:
        UsageError: there is no such folder, or it is not the login of a system administrator.
        BulkvmError: the tenants could not be listed.
    """
    files = _list_files(folder)
    of_site = folder / name_part(connection.site.name)
    if not files and list_backed_up(of_site):
        folder = of_site  # `folder` is the one that was given to `back_up_tenants`

    async def compare(name: str, of_tenant: Connection) -> DiffReport:
        own, tenant = TenantObserver(name, observer), of_tenant.site.tenant
        assert tenant
        with scratch_folder() as temporary:
            file = _fetch(folder, _find_file(folder, files, name, tenant), Path(temporary))
            sheet = read_input(file, _AS_IT_IS, own)
            diff = make_diff(_boxes_in(sheet, own), await _list(of_tenant, sheet, own))
        names = file.name, f"the tenant {name}"
        return DiffReport(names=names, diff=diff, exit_code=_exit_code(diff))

    report = asyncio.run(for_each_tenant(connection, compare))
    return replace(report, unmatched=_list_unmatched(folder, files, report.tenants))


def _list_files(folder: Folder) -> Mapping[str, list[str]]:
    """The names of the files in a folder, by their `file_key`, except backups and results of importing them.

    Raises:
        UsageError: there is no such folder.
        StoreError: the store cannot be used.
    """
    try:
        names = list_file_names(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read: {error.strerror}. Name the folder with the tenants' files."
        ) from error
    files: dict[str, list[str]] = {}
    for name in sorted(names):
        restored = f"{name.rpartition('.result')[0]}.csv"  # the backup of whose import it is a result
        if name.endswith(_SUFFIXES) and not (name.endswith(MANIFEST_SUFFIX) or site_part(name) or site_part(restored)):
            files.setdefault(file_key(Path(name).stem), []).append(name)
    return files


def _list_unmatched(
    folder: Folder, files: Mapping[str, Iterable[str]], tenants: Mapping[str, ListedTenant]
) -> list[str]:
    """The files in a folder, and the names that its backups begin with, which are those of no tenant."""
    known = {file_key(name) for name in (*tenants, *(tenant.domain for tenant in tenants.values()))}
    plain = {name for key, names in files.items() if key not in known for name in names}
    return sorted(plain | {name for name in list_backed_up(folder) if file_key(name) not in known})


def _find_file(folder: Folder, files: Mapping[str, list[str]], name: str, tenant: Tenant) -> str:
    """The name of the file of a tenant.

    Raises:
        FileError: there is none, or several.
    """
    own = files.get(file_key(name), [])
    if len(own) > 1:
        raise FileError(f"{folder} has {len(own)} files of this tenant: {join_and(own)}. Keep the right one there.")
    if found := own or list(filter(None, [newest_backup(folder, tenant)])):
        return found[0]
    part = name_part(name)
    raise FileError(f"{folder} has neither a file {part}.csv, .xlsx or .json nor a good backup of this tenant.")


def _fetch(folder: Folder, name: str, temporary: Path) -> Path:
    """A file in a folder; of one in a store, a temporary copy."""
    return download(folder / name, temporary) if isinstance(folder, Store) else folder / name


def _exit_code(diff: Diff) -> ExitCode:
    return ExitCode.DONE if diff.is_empty else ExitCode.DIFFERENCES


def _names(a: Path, b: "Path | Connection") -> tuple[str, str]:
    """What to call the two sides."""
    if not isinstance(b, Path):
        return _name(a), f"the PBX {b.site.name}"
    return (str(a), str(b)) if a.name == b.name else (_name(a), _name(b))


def _name(file: Path) -> str:
    return "standard input" if str(file) == "-" else file.name


def _read_both(a: Path, b: Path, options: SheetOptions, observer: Observer) -> tuple[Sheet, Sheet]:
    """Read two sheets, of which either or both may be exports of the system that the options name."""
    try:
        first = read_input(a, options, observer)
    except SheetError as error:
        if options.system is None or str(a) == "-":
            raise
        try:
            first = read_input(a, _AS_IT_IS, observer)
        except SheetError:
            raise error from None  # a damaged export, or neither
        return first, read_input(b, options, observer)
    try:
        return first, read_input(b, _AS_IT_IS, observer)
    except SheetError as error:
        if options.system is None or error.problem.code is not ProblemCode.OTHER_SYSTEM:
            raise
        return first, read_input(b, options, observer)


def _boxes_in(sheet: Sheet, observer: Observer) -> tuple[Box, ...]:
    """The boxes of a sheet, all of them or none."""
    rows, errors = take_rows(sheet)
    if errors:
        observer.notice(render_problems(errors))
        raise SheetError(f"{sheet.path.name} cannot be compared. Correct its errors first.")
    return boxes_from_rows(rows)


async def _list(connection: Connection, sheet: Sheet, observer: Observer) -> tuple[Box, ...]:
    """List the boxes on the PBX, and report if the sheet to compare is the backup of another tenant."""
    async with connection.open() as pbx:
        if has_manifest(sheet) and (other := describe_input_tenant(sheet, await pbx.tenant())):
            observer.notice(other)
        with observer.progress("Boxes read") as progress:
            return await pbx.read_confirmed(
                lambda: list_whole_boxes(pbx, progress=progress, on_unchecked=observer.notice)
            )
