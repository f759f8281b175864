"""Makes a backup of one site: fetches the boxes, writes and verifies the file, and deletes old backups."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Final

from bulkvm.backup.backup_folder import (
    Folder,
    find_proven_damage,
    is_taken,
    list_backups,
    publish,
    staging,
    tidy,
    unpublish,
)
from bulkvm.backup.checks import count_without_pin, find_loss, find_suspicion, last_good
from bulkvm.backup.manifest import Manifest, backup_name, format_manifest, is_backup_name, manifest_name, name_part
from bulkvm.backup.retention import KEEP_ALL, Keep, choose_pruned
from bulkvm.files import writing
from bulkvm.files.storage import StoreError
from bulkvm.model.box import Box, group_duplicates
from bulkvm.model.errors import (
    BackupNotProven,
    FileError,
    Interrupted,
    SheetError,
    UsageError,
)
from bulkvm.model.settings import Site
from bulkvm.model.tenant import Tenant, name_distinctly, normalize_url
from bulkvm.pbx import Pbx, list_whole_boxes
from bulkvm.readers import read_sheet
from bulkvm.reports.export_file import count_not_shown, unknown_as_blank, write_export

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """The settings of a backup.

    Attributes:
        folder: the backup folder, on this machine or in a store.
        now: the time, with a time zone.
        keep: how many backups to keep.
        force: whether a suspicious list, such as one with far fewer boxes, is accepted.
        lock_timeout: seconds to wait for another backup in the same folder.
    """

    folder: Folder
    now: datetime
    keep: Keep = KEEP_ALL
    force: bool = False
    lock_timeout: float = 600.0

    def __post_init__(self) -> None:
        """Convert the time to UTC, by which backups are named.

        Raises:
            UsageError: it has no time zone.
        """
        if self.now.tzinfo is None:
            raise UsageError("BackupSettings.now must have a time zone, such as datetime.now(UTC).")
        object.__setattr__(self, "now", self.now.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class _Source:
    """What is backed up: the boxes of a tenant, and its site, with the names that the tenant had before."""

    boxes: Sequence[Box]
    site: Site
    tenant: Tenant
    not_shown: Mapping[str, int]
    former_names: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The backups of a site, except those that are damaged.

    Attributes:
        same: the intact backups of the same tenant. Only these are ever deleted.
        maybe: backups of 0.1.0 of the same PBX, whose tenant is not known. They are used for comparison.
        other: the backups of another tenant.
        unread: backups of the first two kinds that cannot be read, as in an archive. Their manifests are used for
            comparison.
        damaged: the files of damaged backups of the first two kinds.
    """

    same: list[Manifest] = field(default_factory=list)
    maybe: list[Manifest] = field(default_factory=list)
    other: list[Manifest] = field(default_factory=list)
    unread: list[Manifest] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def list_of(self, manifest: Manifest, tenant: Tenant) -> list[Manifest]:
        """The list that a backup belongs to."""
        if manifest.tenant:
            return self.same if manifest.tenant.is_same(tenant) else self.other
        with suppress(ValueError):  # the PBX's address in it is not valid
            if normalize_url(manifest.pbx) == tenant.pbx:
                return self.maybe
        return self.other


async def back_up(pbx: Pbx, site: Site, settings: BackupSettings, *, former_names: Sequence[str] = ()) -> Manifest:
    """Back up all boxes of a PBX. After any error, the earlier backups are unchanged.

    Args:
        pbx: the PBX.
        site: the site, by whose name backups are named.
        settings: the folder, and which backups are kept.
        former_names: other names under which the same tenant has backups.

    Raises:
        BackupNotProven: the backup could not be written or verified, or is suspicious. A suspicious one is kept, with
            a name that shows it.
        PbxError, PbxAway: the list could not be read completely.
        LoginRefused: the PBX does not accept the login.
    """
    tenant = await pbx.tenant()
    warn = partial(_log.warning, "%s: %s", site.name)
    boxes = await pbx.read_confirmed(lambda: list_whole_boxes(pbx, on_unchecked=warn))
    source = _Source([unknown_as_blank(box) for box in boxes], site, tenant, count_not_shown(boxes), former_names)
    try:
        async with staging(settings.folder, settings.lock_timeout) as place:
            return await _in_thread(partial(_store, place, source, settings))
    except (FileError, UsageError, SheetError) as error:
        raise BackupNotProven(f"No backup was made. {error}") from error
    except OSError as error:
        raise BackupNotProven(
            f"No backup was made in {settings.folder}: {error.strerror or error}. Check that the folder exists, "
            "that you may write to it, and that the disk has free space."
        ) from error


async def _in_thread(work: Callable[[Event], Manifest]) -> Manifest:
    """Run work in a thread. When cancelled, signal it to stop, and wait until it has."""
    stop = Event()
    working = asyncio.get_running_loop().run_in_executor(None, work, stop)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop.set()
        with suppress(Exception):
            await working
        raise


def _store(place: Path, source: _Source, settings: BackupSettings, stop: Event) -> Manifest:
    folder = settings.folder
    tidy(place, folder)
    try:
        earlier = _find_earlier(source, settings)
        if earlier.other and not earlier.same:
            other, ours = earlier.other[0].tenant, source.tenant
            theirs, own = name_distinctly(other, ours) if other else (earlier.other[0].pbx, ours)
            _log.warning(
                "%s: the earlier backups in %s are of %s, this one is of %s. They are neither compared nor deleted.",
                source.site.name, folder, theirs, own,
            )  # fmt: skip
        last = last_good([*earlier.same, *earlier.maybe, *earlier.unread], settings.now)
        if last is None and earlier.damaged:
            _log.warning(
                "%s: all earlier good backups in %s are damaged, so whether boxes are missing was not checked. "
                "`bulkvm backup verify` lists them.",
                source.site.name, folder,
            )  # fmt: skip
        suspicion = None if settings.force else find_suspicion(source.boxes, last, source.not_shown)
        made = _make(place, source, settings, suspicion)
        if stop.is_set():
            raise Interrupted("Stopped. No backup was made.")
        publish(place, folder, made.file)
        if suspicion:
            raise BackupNotProven(
                f"{suspicion}. The backup is kept as {folder / made.file}, and no older backup was deleted. "
                "If the list is right, run the same command once with --force."
            )
        for old in choose_pruned([made, *earlier.same], settings.keep, settings.now):
            try:
                unpublish(place, folder, old.file)
            except OSError:  # on Windows, it may be open in Excel: the next backup tries again
                continue
            except StoreError as error:
                _log.warning("%s: older backups were not deleted: %s", source.site.name, error)
                break
    finally:
        tidy(place, folder)
    return made


def _find_earlier(source: _Source, settings: BackupSettings) -> _Earlier:
    """The backups of a site, without damaged ones, whose files have not been renamed, from the newest on.

    Where all are kept, only the newest good one is needed: reading them all would take longer every night.
    """
    folder, earlier, site = settings.folder, _Earlier(), source.site.name
    listed = [
        (manifest, file)
        for name in (site, *source.former_names)
        for file, manifest in list_backups(folder, f"{name_part(name)}-")
        if manifest and manifest.site == name and is_backup_name(file)
    ]
    for manifest, file in sorted(listed, key=lambda found: found[0].time, reverse=True):
        of = earlier.list_of(manifest, source.tenant)
        if of is not earlier.same and manifest.site != site:
            continue
        try:
            if find_proven_damage(folder, file, manifest) is not None:
                if of is not earlier.other and manifest.suspect is None:
                    earlier.damaged.append(file)
                continue
        except (OSError, StoreError):
            if of is not earlier.other:
                earlier.unread.append(manifest)
            continue
        of.append(manifest)
        is_last_good = of is not earlier.other and manifest.suspect is None and manifest.time <= settings.now
        if is_last_good and settings.keep == KEEP_ALL:
            break
    return earlier


def _make(place: Path, source: _Source, settings: BackupSettings, suspicion: str | None) -> Manifest:
    """Write a backup and its manifest to the staging folder, and verify it."""
    boxes, site = source.boxes, source.site
    names = (backup_name(site.name, settings.now, number, suspect=suspicion is not None) for number in count(1))
    folder = settings.folder
    name = next(n for n in names if not (is_taken(folder, n) or is_taken(folder, manifest_name(n))))
    file = write_export(place / name, boxes)
    if loss := find_loss(read_sheet(file), boxes):
        raise BackupNotProven(f"No backup was made: the file that was written could not be verified: {loss}")
    manifest = Manifest(
        file=name,
        site=site.name,
        pbx=site.url,
        tenant=source.tenant,
        time=settings.now.replace(microsecond=0),
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
