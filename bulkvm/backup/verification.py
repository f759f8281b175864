"""All backups of a folder, against their manifests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bulkvm.backup.folder import find_damage, list_backups
from bulkvm.errors import BackupNotProven


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in a folder.

    `intact` are the names of the backups that are as they were written, `suspect` those of these that are not trusted.
    `damaged` says what ails the others. `newest` is when the newest good one of each site was made.
    """

    intact: tuple[str, ...]
    suspect: tuple[str, ...]
    damaged: Mapping[str, str]
    newest: Mapping[str, datetime]


def verify(folder: Path) -> Verified:
    """Check every backup in a folder against its manifest. Nothing is changed there.

    Raises:
        BackupNotProven: the folder cannot be looked into.
    """
    try:
        found = list(list_backups(folder))
    except OSError as error:
        raise BackupNotProven(f"{folder} cannot be looked into: {error.strerror}.") from error
    damages = {file: find_damage(folder, file, manifest) for file, manifest in found}
    whole = [manifest for file, manifest in found if manifest and damages[file] is None]
    return Verified(
        intact=tuple(file for file, damage in damages.items() if damage is None),
        suspect=tuple(manifest.file for manifest in whole if manifest.suspect),
        damaged={file: damage for file, damage in damages.items() if damage is not None},
        newest={m.site: m.time for m in sorted(whole, key=lambda m: m.time) if not m.suspect},
    )
