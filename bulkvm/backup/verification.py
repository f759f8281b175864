"""All backups of a folder, against their manifests."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bulkvm.backup.folder import find_damage, list_backups
from bulkvm.errors import BackupNotProven


@dataclass(frozen=True, slots=True)
class Verified:
    """The names of the backups that are as they were written; which of these are not trusted; what ails the others."""

    intact: tuple[str, ...]
    suspect: tuple[str, ...]
    damaged: Mapping[str, str]


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
    return Verified(
        intact=tuple(file for file, damage in damages.items() if damage is None),
        suspect=tuple(file for file, manifest in found if manifest and manifest.suspect and damages[file] is None),
        damaged={file: damage for file, damage in damages.items() if damage is not None},
    )
