"""The folder with the backups and their manifests, and the staging folder in it.

A backup is written and verified in the staging folder, under its final name. To publish it, its manifest is moved to
the backup folder first, and the backup last. To delete it, the backup is moved back to the staging folder first. So a
file that a killed program left only in the staging folder is not a backup, and neither is its manifest.

The same holds in a store, where no lock is possible: a backup that is being published or deleted has a file in the
staging folder, with a random number before its name. What a killed program left there is deleted after a day.
"""

import asyncio
import errno
import hashlib
import logging
import os
import re
import secrets
import stat
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Final, TypeAlias

from bulkvm.backup.manifest import (
    SUFFIX,
    Manifest,
    is_backup_name,
    is_manifest_name,
    manifest_name,
    name_part,
    parse_manifest,
    site_part,
)
from bulkvm.files import flush_folder, make_private_folder, rename_exclusively
from bulkvm.files.locks import locked_in_turn
from bulkvm.files.ownership import is_ours, open_regular
from bulkvm.files.storage import Store, StoreError
from bulkvm.files.temporary_files import is_temporary_name, scratch_folder
from bulkvm.model.errors import BackupNotProven, LockHeld, SheetError, UsageError
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant, name_distinctly

Folder: TypeAlias = Path | Store

_STAGING: Final = ".bulkvm"
_LOCK: Final = "lock"
_NO_SITES: Final = (_STAGING, "lost+found")  # the latter belongs to the file system
_MAX_MANIFEST: Final = 64 * 1024  # bytes, a hundred times the usual size
_JUNCTION: Final = 0xA0000003  # the reparse tag of a link to a folder on Windows
_STAGED: Final = re.compile(r"[0-9a-f]{12}-(.+)")  # in a store
_ABANDONED: Final = timedelta(days=1)  # publishing a backup never takes as long

_log: Final = logging.getLogger(__name__)


@asynccontextmanager
async def staging(folder: Folder, lock_timeout: float) -> AsyncIterator[Path]:
    """Lock a backup folder, which is created if necessary; other backups wait. A store has no locks.

    Yields:
        The staging folder; for a store, a temporary one on this machine.

    Raises:
        BackupNotProven: another backup holds the lock for too long, or the staging folder belongs to another user.
    """
    if isinstance(folder, Store):
        await asyncio.to_thread(_tidy_store, folder)
        with scratch_folder() as temporary:
            yield Path(temporary)
        return
    make_private_folder(folder)
    place = folder / _STAGING
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
    _check_own(place)
    try:
        async with locked_in_turn(place / _LOCK, f"another backup in {folder}", lock_timeout):
            yield place
    except LockHeld as error:
        raise BackupNotProven(
            f"No backup was made: another backup in {folder} is still running. Check whether it makes progress, or "
            "wait longer with --lock-timeout."
        ) from error


def publish(place: Path, folder: Folder, file: str) -> None:
    """Move a verified backup and its manifest from the staging folder to the backup folder.

    Raises:
        StoreError: the store failed, or another backup of the same second took the name. Nothing remains under it.
    """
    if isinstance(folder, Store):
        _upload(place, folder, file)
        return
    for name in (manifest_name(file), file):
        rename_exclusively(place / name, folder / name)
    flush_folder(folder)


def unpublish(place: Path, folder: Folder, file: str) -> None:
    """Delete a backup and its manifest."""
    if isinstance(folder, Store):
        mark = _staged(folder, file)
        mark.write(b"")
        for gone in (folder / file, folder / manifest_name(file), mark):
            gone.delete()
        return
    (folder / file).replace(place / file)
    (folder / manifest_name(file)).unlink()
    (place / file).unlink()


def tidy(place: Path, folder: Folder) -> None:
    """Delete the files that killed backups left in the staging folder of a local folder. Others are kept."""
    if isinstance(folder, Store):
        return
    with _opened(place) as handle:
        for name in os.listdir(place if handle is None else handle):  # noqa: PTH208  (pathlib takes no descriptor)
            with suppress(OSError):  # on Windows, another program has it open: the next backup tries again
                _tidy_one(name, place, handle, folder)


def list_backups(folder: Folder, of: str = "") -> Iterator[tuple[str, Manifest | None]]:
    """List the names of all backups in a folder, with their manifests, None for each that is missing or unreadable.

    A file with another name is a backup if it has a manifest: both were renamed.

    Args:
        folder: the folder, which may hold the backups of thousands of tenants.
        of: list only backups whose names begin so.
    """
    names = set(list_file_names(folder, of))
    beside = {name.removesuffix(SUFFIX) + ".csv" for name in names if name.endswith(SUFFIX)}
    for file in sorted(beside | set(filter(is_backup_name, names))):
        if file not in names and _is_staged(folder, file):
            continue
        manifest = _read_manifest(folder / manifest_name(file))
        if manifest or is_backup_name(file):
            yield file, manifest


def list_backed_up(folder: Folder) -> list[str]:
    """The sites or tenants that have backups in a folder, by the part of the names that is theirs."""
    try:
        names = list_file_names(folder)
    except (OSError, StoreError):  # there is no backup yet, or the first one will report why
        return []
    return sorted({part for name in names if (part := site_part(name))})


def find_former_names(folder: Folder, parts: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The names that tenants had in backups, by the key of the tenant.

    Args:
        folder: the backup folder.
        parts: which backups, by the part of their names that is the tenant's.
    """
    newest: dict[str, str] = {}
    wanted = set(parts)
    for name in list_file_names(folder) if wanted else ():
        if (part := site_part(name)) in wanted:
            newest[part] = max(name, newest.get(part, ""))
    found: dict[str, tuple[str, ...]] = {}
    for file in newest.values():
        manifest = _read_manifest(folder / manifest_name(file))
        if manifest and manifest.tenant and manifest.tenant.id:
            key = manifest.tenant.key
            found[key] = (*found.get(key, ()), manifest.site)
    return found


def list_site_folders(folder: Folder) -> list[Folder]:
    """The folders in a backup folder that may hold the backups of a site's tenants.

    Raises:
        OSError, StoreError: the folder cannot be read.
    """
    if isinstance(folder, Store):
        names = folder.list_folders()
    else:
        with os.scandir(folder) as found:
            names = [entry.name for entry in found if entry.is_dir()]
    return [folder / name for name in sorted(names) if name not in _NO_SITES]


def list_file_names(folder: Folder, of: str = "") -> list[str]:
    """The names in a folder that begin with `of`."""
    if isinstance(folder, Store):
        return folder.list_names(of)
    return [name for name in os.listdir(folder) if name.startswith(of)]  # noqa: PTH208  (much faster)


def newest_backup(folder: Folder, tenant: Tenant) -> str | None:
    """The name of the newest good backup of a tenant in the folder of its site; None if there is none."""
    site = tenant.domain or tenant.id or ""
    found = [
        (manifest.time, file)
        for file, manifest in list_backups(folder, f"{name_part(site)}-")
        if manifest and manifest.site == site and not manifest.suspect and is_backup_name(file)
        if _may_be_of(manifest, tenant)
    ]
    return max(found)[1] if found else None


def is_taken(folder: Folder, name: str) -> bool:
    """Whether a folder has a file with a name."""
    return name in folder.list_names(name) if isinstance(folder, Store) else os.path.lexists(folder / name)


def find_damage(folder: Folder, file: str, manifest: Manifest | None) -> str | None:
    """Describe how a backup is damaged, or why it cannot be read; None if its checksum is the one in its manifest."""
    try:
        return find_proven_damage(folder, file, manifest)
    except (OSError, StoreError) as error:
        return f"it cannot be read ({error.strerror if isinstance(error, OSError) else error})."


def find_proven_damage(folder: Folder, file: str, manifest: Manifest | None) -> str | None:
    """Describe how a backup is damaged; None if its checksum is the one in its manifest.

    Raises:
        OSError, StoreError: it cannot be read, and may be intact.
    """
    if manifest is None:
        return "it has no manifest, so it cannot be verified."
    if manifest.file != file and is_backup_name(file):
        return f"its manifest is that of {manifest.file}, so it cannot be verified."
    try:
        with _open(folder / file) as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return "it is missing; only its manifest exists."
    return None if digest == manifest.sha256 else "checksum mismatch: it was changed or damaged."


def download(file: Store, folder: Path) -> Path:
    """Copy a file and its manifest, if there is one, from a store to a folder on this machine.

    Raises:
        UsageError: there is no such file.
        StoreError: the store cannot be used.
    """
    try:
        copy = folder / file.name
        copy.write_bytes(file.read())
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {file}. Check its name and its folder.") from error
    with suppress(FileNotFoundError):
        if copy.suffix == ".csv":
            beside = manifest_name(file.name)
            (folder / beside).write_bytes(file.beside(beside).read())
    return copy


def check_backup(sheet: Sheet) -> None:
    """Check a sheet against the manifest beside its file, if there is one.

    Raises:
        SheetError: the sheet or its manifest was changed or damaged.
    """
    file = sheet.path
    beside = file.with_name(manifest_name(file.name))
    if file.suffix != ".csv":
        return
    manifest = _read_manifest(beside)
    if manifest is None and is_backup_name(file.name) and os.path.lexists(beside):
        raise SheetError(
            f"The manifest of {file.name} ({beside.name}) cannot be read, so the backup cannot be verified. Use "
            "another backup, or copy both files again. If this backup is intact for certain, rename it.",
            ProblemCode.CHANGED_BACKUP,
        )
    if manifest is None or (manifest.sha256 == sheet.sha256 and file.name in {manifest.file, _renamed(file.name)}):
        return
    raise SheetError(
        f"The checksum or name of {file.name} does not match its manifest ({manifest_name(file.name)}): it was changed "
        "or damaged. Use another backup, or an intact copy. If you changed it yourself, save it under another name.",
        ProblemCode.CHANGED_BACKUP,
    )


def describe_other_tenant(sheet: Sheet, tenant: Tenant) -> str | None:
    """Describe whose backup a sheet is; None if it is no backup of another tenant."""
    if sheet.path.suffix != ".csv" or not (
        manifest := _read_manifest(sheet.path.with_name(manifest_name(sheet.path.name)))
    ):
        return None
    if manifest.tenant is None or _may_be_of(manifest, tenant):
        return None
    theirs, ours = name_distinctly(manifest.tenant, tenant)
    return f"{sheet.path.name} is a backup of {theirs}, not of {ours}."


def warn_of_other_tenant(sheet: Sheet, tenant: Tenant) -> Problem | None:
    """Warn of a sheet that is a backup of another tenant than the one it is to be sent to."""
    if described := describe_other_tenant(sheet, tenant):
        message = f"{described} Check the plan: boxes with the same number get the values of this backup."
        return Problem(row=None, code=ProblemCode.OTHER_TENANT, message=message)
    return None


def _may_be_of(manifest: Manifest, tenant: Tenant) -> bool:
    """Whether a backup may be that of a tenant. One with the same id is the same, at another address of its PBX."""
    former = manifest.tenant
    return former is None or bool(former.id and former.id == tenant.id) or not former.contradicts(tenant)


def _renamed(name: str) -> str | None:
    """The name of a renamed backup, whose manifest still has the former name; None for the name of a backup."""
    return None if is_backup_name(name) else name


def _check_own(place: Path) -> None:
    """Check that the staging folder belongs to this user, since files in it are deleted.

    Raises:
        BackupNotProven: it is not a folder, or belongs to another user.
    """
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION:
        raise BackupNotProven(f"No backup was made: the staging folder {place} is a link or a file. Delete it.")
    if not is_ours(found):
        raise BackupNotProven(
            f"No backup was made: the staging folder {place} belongs to another user. Run the backup as that user, or "
            "to another folder."
        )
    if os.name != "nt" and stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        place.chmod(stat.S_IRWXU)


@contextmanager
def _opened(place: Path) -> Iterator[int | None]:
    """Open the staging folder, so that no one can replace it. None on Windows, which has no such call."""
    if os.unlink not in os.supports_dir_fd:
        yield None
        return
    handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not is_ours(os.fstat(handle)):
            raise PermissionError(errno.EPERM, f"{place} belongs to another user")
        yield handle
    finally:
        os.close(handle)


def _tidy_one(name: str, place: Path, handle: int | None, folder: Path) -> None:
    path = place / name if handle is None else name
    found = os.stat(path, dir_fd=handle, follow_symlinks=False)
    is_name_of_ours = is_backup_name(name) or is_manifest_name(name) or is_temporary_name(name)
    if not (is_name_of_ours and stat.S_ISREG(found.st_mode) and is_ours(found)):
        return
    if is_backup_name(name) and not os.path.lexists(folder / name):
        (folder / manifest_name(name)).unlink(missing_ok=True)
    os.unlink(path, dir_fd=handle)


def _is_staged(folder: Folder, file: str) -> bool:
    """Whether a backup that is not in its folder is being published or deleted."""
    if isinstance(folder, Store):
        return any(found and found[1] == file for found in map(_STAGED.fullmatch, (folder / _STAGING).list_names()))
    return os.path.lexists(folder / _STAGING / file)


def _open(path: Folder) -> BufferedReader | BytesIO:
    return path.open() if isinstance(path, Store) else open_regular(path)


def _staged(folder: Store, file: str) -> Store:
    return folder / _STAGING / f"{secrets.token_hex(6)}-{file}"


def _upload(place: Path, folder: Store, file: str) -> None:
    """Write a backup and its manifest to a store: under temporary names, then under their own, the backup last."""
    names = (manifest_name(file), file)
    contents = {name: (place / name).read_bytes() for name in names}
    staged = {name: _staged(folder, name) for name in reversed(names)}
    written: dict[Store, bytes] = {}
    try:
        for name, temporary in staged.items():
            temporary.write(contents[name])
        for name in names:
            written[folder / name] = contents[name]
            (folder / name).write(contents[name], staged[name])
    except BaseException as error:
        _clean_up(written, reversed(staged.values()))
        if isinstance(error, FileExistsError):
            message = f"Another backup was written as {folder / file} in the same second. Run the command again."
            raise StoreError(message) from error
        raise
    try:
        for temporary in reversed(staged.values()):
            temporary.delete()
    except StoreError as error:
        _log.warning("A temporary file remains after a backup, and the next one deletes it after a day: %s", error)


def _clean_up(written: Mapping[Store, bytes], staged: Iterable[Store]) -> None:
    """Delete what a failed backup wrote to a store, if the store still answers. Files of other backups are kept."""
    with suppress(StoreError):
        for path, content in reversed(list(written.items())):
            with suppress(FileNotFoundError):
                if path.read() == content:
                    path.delete()
        for path in staged:  # what marks the backup as unfinished is the last
            path.delete()


def _tidy_store(folder: Store) -> None:
    """Delete what backups that were killed more than a day ago left in the staging folder of a store."""
    for name in (folder / _STAGING).list_names():
        found = _STAGED.fullmatch(name)
        path = folder / _STAGING / name
        if not found or not path.is_older(_ABANDONED):
            continue
        if is_backup_name(found[1]) and not is_taken(folder, found[1]):
            (folder / manifest_name(found[1])).delete()
        path.delete()


def _read_manifest(path: Folder) -> Manifest | None:
    """Read a manifest; None for anything else, such as a pipe, a huge file, or another program's file."""
    try:
        with _open(path) as opened:
            content = opened.read(_MAX_MANIFEST + 1)
        return parse_manifest(content.decode()) if len(content) <= _MAX_MANIFEST else None
    except (OSError, ValueError):
        return None
