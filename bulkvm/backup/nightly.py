"""One backup of one site: listed, written, proven, and those pruned that have had their time."""

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from bulkvm.backup.folder import find_damage, hand_out, list_backups, take_back, workshop
from bulkvm.backup.manifest import Manifest, backup_name, format_manifest, manifest_name
from bulkvm.backup.proof import count_without_pin, find_loss, find_suspicion, last_good
from bulkvm.backup.retention import KEEP_ALL, Keep, choose_pruned
from bulkvm.box import Box
from bulkvm.errors import BackupNotProven, PbxUnreachable, SheetError, StoppedEarly, UsageError
from bulkvm.files import writing
from bulkvm.pbx import Pbx
from bulkvm.readers import read_sheet
from bulkvm.reports.export import without_gaps, write_export
from bulkvm.settings import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """How backups are made tonight: where, when, how many stay, and whether far fewer boxes are accepted (`force`)."""

    folder: Path
    now: datetime
    keep: Keep = KEEP_ALL
    force: bool = False


async def back_up(pbx: Pbx, site: Site, night: Night) -> Manifest:
    """Back up all boxes of a PBX. Whatever goes wrong, the backups that are there stay as they are.

    Raises:
        BackupNotProven: it could not be written, was not read back as it was fetched, or holds suspiciously little;
            in this last case it is kept under a name that says so.
        PbxError: the list could not be read completely.
        LoginRefused: the PBX does not allow it.
    """
    try:
        boxes = await pbx.list_whole_boxes()
    except StoppedEarly as error:
        raise PbxUnreachable("The PBX went away while its list was read, and stayed away. Try again later.") from error
    try:
        return await asyncio.to_thread(_store, [without_gaps(box) for box in boxes], site, night)
    except (UsageError, SheetError) as error:
        raise BackupNotProven(f"No backup was made. {error}") from error
    except OSError as error:
        raise BackupNotProven(
            f"No backup was made in {night.folder}: {error.strerror or error}. Check that the folder is there, that "
            "you may write in it, and that the disk has room."
        ) from error


def _store(boxes: Sequence[Box], site: Site, night: Night) -> Manifest:
    folder = night.folder
    with workshop(folder) as place:
        intact = [
            manifest
            for file, manifest in list_backups(folder)
            if manifest and manifest.site == site.name and find_damage(folder, file, manifest) is None
        ]
        suspicion = None if night.force else find_suspicion(boxes, last_good(intact, night.now))
        made = _make(place, boxes, site, night, suspicion)
        hand_out(place, folder, made.file)
        if suspicion:
            raise BackupNotProven(
                f"{suspicion}. It is kept as {folder / made.file}, and no older backup was removed. "
                "If that is right, run the same once with --force."
            )
        for old in choose_pruned([made, *intact], night.keep, night.now):
            with suppress(OSError):  # open in Excel, on Windows, or the like: the next night tries again
                take_back(place, folder, old.file)
    return made


def _make(place: Path, boxes: Sequence[Box], site: Site, night: Night, suspicion: str | None) -> Manifest:
    """Write a backup and its manifest, and read back that it is all there."""
    names = (backup_name(site.name, night.now, number, suspect=suspicion is not None) for number in count(1))
    name = next(name for name in names if not (night.folder / name).exists())
    file = write_export(place / name, boxes)
    if loss := find_loss(read_sheet(file), boxes):
        raise BackupNotProven(f"No backup was made: what was written could not be read back: {loss}")
    manifest = Manifest(
        file=name,
        site=site.name,
        pbx=site.url,
        time=night.now.replace(microsecond=0),
        count=len(boxes),
        without_pin=count_without_pin(boxes),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        suspect=suspicion,
    )
    with writing(place / manifest_name(name)) as new:
        new.file.write(format_manifest(manifest).encode())
    return manifest
