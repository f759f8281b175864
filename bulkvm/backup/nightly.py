"""One backup of one site: listed, written, proven, and those pruned that have had their time."""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Final

from bulkvm.backup.backup_folder import find_damage, list_backups, publish, staging, tidy, unpublish
from bulkvm.backup.checks import count_without_pin, find_loss, find_suspicion, last_good
from bulkvm.backup.manifest import Manifest, backup_name, format_manifest, is_backup_name, manifest_name
from bulkvm.backup.retention import KEEP_ALL, Keep, choose_pruned
from bulkvm.files import writing
from bulkvm.model.box import Box, group_duplicates
from bulkvm.model.errors import (
    BackupNotProven,
    FileError,
    Interrupted,
    PbxUnreachable,
    SheetError,
    StoppedEarly,
    UsageError,
)
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, normalize_url
from bulkvm.pbx import Pbx
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import count_not_shown, unknown_as_blank, write_export

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """How backups are made tonight.

    Attributes:
        folder: where.
        now: when, with its time zone.
        keep: how many stay.
        force: whether far fewer boxes than in the last backup are accepted.
        lock_timeout: seconds to wait while another backup is at work in the folder.
    """

    folder: Path
    now: datetime
    keep: Keep = KEEP_ALL
    force: bool = False
    lock_timeout: float = 600.0

    def __post_init__(self) -> None:
        """Refuse a time that is not known for certain, and bring it to UTC, by which backups are named.

        Raises:
            UsageError: it has no time zone.
        """
        if self.now.tzinfo is None:
            raise UsageError("Night.now must have a time zone, such as datetime.now(UTC).")
        object.__setattr__(self, "now", self.now.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class _Source:
    """What is backed up: the boxes of a tenant, and the name under which its site is known here."""

    boxes: Sequence[Box]
    site: Site
    tenant: Tenant
    not_shown: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Former:
    """The intact backups under a site's name.

    Attributes:
        same: those of the same tenant. Only they are ever removed.
        maybe: those of the same PBX that 0.1.0 made, whose tenant is not known. They are compared with.
        other: those of another tenant.
    """

    same: list[Manifest]
    maybe: list[Manifest]
    other: list[Manifest]

    def list_of(self, manifest: Manifest, tenant: Tenant) -> list[Manifest]:
        """Where a backup belongs."""
        if manifest.tenant:
            return self.same if manifest.tenant.is_same(tenant) else self.other
        with suppress(ValueError):  # what it holds as the PBX's address is none
            if normalize_url(manifest.pbx) == tenant.pbx:
                return self.maybe
        return self.other


async def back_up(pbx: Pbx, site: Site, night: BackupSettings) -> Manifest:
    """Back up all boxes of a PBX. Whatever goes wrong, the backups that are there stay as they are.

    Raises:
        BackupNotProven: it could not be written, was not read back as it was fetched, or holds suspiciously little;
            in this last case it is kept under a name that says so.
        PbxError: the list could not be read completely.
        LoginRefused: the PBX does not accept the login.
    """
    try:
        tenant = await pbx.tenant()
        boxes = await pbx.list_whole_boxes()
    except StoppedEarly as error:
        raise PbxUnreachable("The PBX became unreachable while its boxes were read. Try again later.") from error
    made_of = _Source([unknown_as_blank(box) for box in boxes], site, tenant, count_not_shown(boxes))
    try:
        async with staging(night.folder, night.lock_timeout) as place:
            return await _in_thread(partial(_store, place, made_of, night))
    except (FileError, UsageError, SheetError) as error:
        raise BackupNotProven(f"No backup was made. {error}") from error
    except OSError as error:
        raise BackupNotProven(
            f"No backup was made in {night.folder}: {error.strerror or error}. Check that the folder is there, that "
            "you may write in it, and that the disk has room."
        ) from error


async def _in_thread(work: Callable[[Event], Manifest]) -> Manifest:
    """Do work in a thread; when it is cancelled, tell it to stop, and wait until it has."""
    stop = Event()
    working = asyncio.get_running_loop().run_in_executor(None, work, stop)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop.set()
        with suppress(Exception):
            await working
        raise


def _store(place: Path, source: _Source, night: BackupSettings, stop: Event) -> Manifest:
    folder = night.folder
    tidy(place, folder)
    try:
        former = _find_former(folder, source)
        if former.other and not former.same:
            _log.warning(
                "%s: its former backups in %s are of %s, and this one is of %s. They are neither compared nor removed.",
                source.site.name, folder, former.other[-1].tenant or former.other[-1].pbx, source.tenant,
            )  # fmt: skip
        last = last_good([*former.same, *former.maybe], night.now)
        suspicion = None if night.force else find_suspicion(source.boxes, last, source.not_shown)
        made = _make(place, source, night, suspicion)
        if stop.is_set():
            raise Interrupted("Stopped. No backup was made.")
        publish(place, folder, made.file)
        if suspicion:
            raise BackupNotProven(
                f"{suspicion}. It is kept as {folder / made.file}, and no older backup was removed. "
                "If that is right, run the same once with --force."
            )
        for old in choose_pruned([made, *former.same], night.keep, night.now):
            with suppress(OSError):  # open in Excel, on Windows, or the like: the next night tries again
                unpublish(place, folder, old.file)
    finally:
        tidy(place, folder)
    return made


def _find_former(folder: Path, source: _Source) -> _Former:
    """The backups of a site that are as they were written, and under the name that they were given."""
    former = _Former([], [], [])
    for file, manifest in list_backups(folder):
        if not manifest or manifest.site != source.site.name or not is_backup_name(file):
            continue
        if find_damage(folder, file, manifest) is None:
            former.list_of(manifest, source.tenant).append(manifest)
    return former


def _make(place: Path, source: _Source, night: BackupSettings, suspicion: str | None) -> Manifest:
    """Write a backup and its manifest, and read back that it is all there."""
    boxes, site = source.boxes, source.site
    names = (backup_name(site.name, night.now, number, suspect=suspicion is not None) for number in count(1))
    name = next(name for name in names if not _is_taken(night.folder, name))
    file = write_export(place / name, boxes)
    if loss := find_loss(read_sheet(file), boxes):
        raise BackupNotProven(f"No backup was made: what was written could not be read back: {loss}")
    manifest = Manifest(
        file=name,
        site=site.name,
        pbx=site.url,
        tenant=source.tenant,
        time=night.now.replace(microsecond=0),
        count=len(boxes),
        without_pin=count_without_pin(boxes),
        not_shown=source.not_shown,
        same_number={number: len(twins) for number, twins in group_duplicates(boxes).items()},
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        suspect=suspicion,
    )
    with writing(place / manifest_name(name)) as new:
        new.file.write(format_manifest(manifest).encode())
    return manifest


def _is_taken(folder: Path, name: str) -> bool:
    return any(os.path.lexists(folder / taken) for taken in (name, manifest_name(name)))
