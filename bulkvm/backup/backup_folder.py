"""The folder that holds backups, each beside its manifest, and the staging folder in it where they are made.

A backup is made and proven in the staging folder, under its name to be. Its manifest goes out first, and the backup's
own name in the folder is the last thing to appear. When it has had its time it comes back here before it is deleted. So
what a killed program leaves in the staging folder and not in the other one is no backup, and neither is its manifest.
"""

import errno
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from bulkvm.backup.manifest import SUFFIX, Manifest, is_backup_name, is_manifest_name, manifest_name, parse_manifest
from bulkvm.files import flush_folder, is_ours, is_temporary_name, make_private_folder, open_regular, rename_exclusively
from bulkvm.locks import locked_in_turn
from bulkvm.model.errors import BackupNotProven, LockHeld, SheetError
from bulkvm.model.problem import Problem, ProblemCode
from bulkvm.model.sheet import Sheet
from bulkvm.model.tenant import Tenant

_STAGING: Final = ".bulkvm"
_LOCK: Final = "lock"
_LONGEST_MANIFEST: Final = 64 * 1024  # bytes, a hundred times what one has
_JUNCTION: Final = 0xA0000003  # the tag of a link to a folder on Windows


@asynccontextmanager
async def staging(folder: Path, lock_timeout: float) -> AsyncIterator[Path]:
    """Be the only one at work in a folder, which is made if need be; whoever comes second waits.

    Yields:
        A folder of our own to make a backup in.

    Raises:
        BackupNotProven: another program is at work there all the time, or the folder to work in is not ours.
    """
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
            f"No backup was made: another backup has been at work in {folder} all the time. See whether it still does "
            "anything, or wait longer with --lock-timeout."
        ) from error


def publish(place: Path, folder: Path, file: str) -> None:
    """Put a proven backup and its manifest where they belong."""
    for name in (manifest_name(file), file):
        rename_exclusively(place / name, folder / name)
    flush_folder(folder)


def unpublish(place: Path, folder: Path, file: str) -> None:
    """Remove a backup and its manifest."""
    (folder / file).replace(place / file)
    (folder / manifest_name(file)).unlink()
    (place / file).unlink()


def tidy(place: Path, folder: Path) -> None:
    """Remove what backups that were killed left behind. What is not called as our files are stays."""
    with _opened(place) as handle:
        for name in os.listdir(place if handle is None else handle):  # noqa: PTH208  (pathlib takes no descriptor)
            with suppress(OSError):  # another program has it open, on Windows: the next night tries again
                _tidy_one(name, place, handle, folder)


def list_backups(folder: Path) -> Iterator[tuple[str, Manifest | None]]:
    """The names of all backups in a folder, with their manifests; None where there is none that can be read.

    A file of another name is one if there is a manifest beside it: somebody gave both another name.
    """
    names = {entry.name for entry in folder.iterdir()}
    beside = {name.removesuffix(SUFFIX) + ".csv" for name in names if name.endswith(SUFFIX)}
    for file in sorted(beside | set(filter(is_backup_name, names))):
        is_unfinished = file not in names and os.path.lexists(folder / _STAGING / file)
        if is_unfinished:
            continue
        manifest = _read_manifest(folder / manifest_name(file))
        if manifest or is_backup_name(file):
            yield file, manifest


def find_damage(folder: Path, file: str, manifest: Manifest | None) -> str | None:
    """Say what is wrong with a backup; None where it is to the last byte what its manifest says."""
    if manifest is None:
        return "it has no manifest of its own, so that nothing proves it."
    if manifest.file != file and is_backup_name(file):
        return f"it has no manifest of its own, so that nothing proves it: the one beside it is of {manifest.file}."
    try:
        with open_regular(folder / file) as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return "it is gone, and only its manifest is there."
    except OSError as error:
        return f"it cannot be read ({error.strerror})."
    return None if digest == manifest.sha256 else "it is not what was written: it was changed or damaged since."


def check_backup(sheet: Sheet) -> None:
    """Make sure that a sheet is what its manifest says, where one lies beside its file.

    Raises:
        SheetError: it was changed or damaged, or its manifest was.
    """
    file = sheet.path
    beside = file.with_name(manifest_name(file.name))
    if file.suffix != ".csv":
        return
    manifest = _read_manifest(beside)
    if manifest is None and is_backup_name(file.name) and os.path.lexists(beside):
        raise SheetError(
            f"The manifest beside {file.name} ({beside.name}) cannot be read, so nothing proves that the backup is "
            "whole. Take another backup, or copy both anew. If you know that this one is whole, save it under another "
            "name.",
            ProblemCode.CHANGED_BACKUP,
        )
    if manifest is None or (manifest.sha256 == sheet.sha256 and file.name in {manifest.file, _renamed(file.name)}):
        return
    raise SheetError(
        f"{file.name} is not what its manifest ({manifest_name(file.name)}) says: it was changed or damaged since. "
        "Take another backup, or a whole copy of this one. If you changed it yourself, save it under another name.",
        ProblemCode.CHANGED_BACKUP,
    )


def warn_of_other_tenant(sheet: Sheet, tenant: Tenant) -> Problem | None:
    """Say that a sheet is a backup of another tenant than the one that it is about to be sent to.

    A tenant that has the same id is the same one, by another address of its PBX.
    """
    if sheet.path.suffix != ".csv" or not (
        manifest := _read_manifest(sheet.path.with_name(manifest_name(sheet.path.name)))
    ):
        return None
    former = manifest.tenant
    if former is None or (former.id and former.id == tenant.id) or not former.contradicts(tenant):
        return None
    message = (
        f"{sheet.path.name} is a backup of {former}, and not of {tenant}. Look at the plan: boxes that have the same "
        "number there get the values of this backup."
    )
    return Problem(row=None, code=ProblemCode.OTHER_TENANT, message=message)


def _renamed(name: str) -> str | None:
    """The name, if a person has chosen it: then its manifest still names the former one."""
    return None if is_backup_name(name) else name


def _check_own(place: Path) -> None:
    """Make sure that what is to be removed in the staging folder is nothing of somebody else's.

    Raises:
        BackupNotProven: it is a link, or belongs to another user.
    """
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION:
        raise BackupNotProven(
            f"No backup was made: {place}, where bulkvm works, is a link or a file and not a folder. Remove it."
        )
    if not is_ours(found):
        raise BackupNotProven(
            f"No backup was made: {place}, where bulkvm works, belongs to another user. Run the backup as that user, "
            "or into a folder of your own."
        )
    if os.name != "nt" and stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        place.chmod(stat.S_IRWXU)


@contextmanager
def _opened(place: Path) -> Iterator[int | None]:
    """Hold on to the staging folder, so that nobody can put another one in its place; None on Windows, which cannot."""
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


def _read_manifest(path: Path) -> Manifest | None:
    """What a manifest says; None for anything else, such as a pipe, a huge file, or a foreign one of that name."""
    try:
        with open_regular(path) as opened:
            content = opened.read(_LONGEST_MANIFEST + 1)
        return parse_manifest(content.decode()) if len(content) <= _LONGEST_MANIFEST else None
    except (OSError, ValueError):
        return None
