"""The folder that holds backups, each beside its manifest, and the workshop in it where they are made.

A backup is made and proven in the workshop, under its name to be. Its manifest goes out first, and the backup's own
name in the folder is the last thing to appear. When it has had its time it comes back here before it is deleted. So
whatever a killed program leaves in the workshop is not a backup, and if a manifest outside is of it, neither is that.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock

from bulkvm.backup.manifest import SUFFIX, Manifest, is_backup_name, manifest_name, parse_manifest
from bulkvm.files import flush_folder, make_private_folder

_WORKSHOP: Final = ".bulkvm"
_LOCK: Final = "lock"


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """Be the only one at work in a folder, which is made if need be; whoever comes second waits.

    Yields:
        An empty folder to make a backup in.
    """
    make_private_folder(folder)
    place = folder / _WORKSHOP
    place.mkdir(mode=0o700, exist_ok=True)
    with FileLock(place / _LOCK, mode=0o600):
        _tidy(folder, place)
        try:
            yield place
        finally:
            _tidy(folder, place)


def hand_out(place: Path, folder: Path, file: str) -> None:
    """Put a proven backup and its manifest where they belong."""
    (place / manifest_name(file)).replace(folder / manifest_name(file))
    (place / file).replace(folder / file)
    flush_folder(folder)


def take_back(place: Path, folder: Path, file: str) -> None:
    """Remove a backup and its manifest."""
    (folder / file).replace(place / file)
    (folder / manifest_name(file)).unlink()
    (place / file).unlink()


def list_backups(folder: Path) -> Iterator[tuple[str, Manifest | None]]:
    """The names of all backups in a folder, with their manifests; None where there is none that can be read."""
    names = {entry.name for entry in folder.iterdir()}
    manifests = {name.removesuffix(SUFFIX) + ".csv" for name in names if name.endswith(SUFFIX)}
    for file in sorted(manifests | set(filter(is_backup_name, names))):
        if is_backup_name(file) and not (folder / _WORKSHOP / file).exists():
            yield file, _read_manifest(folder / manifest_name(file))


def find_damage(folder: Path, file: str, manifest: Manifest | None) -> str | None:
    """Say what is wrong with a backup; None where it is to the last byte what its manifest says."""
    if manifest is None or manifest.file != file:
        return "it has no manifest of its own, so that nothing proves it."
    try:
        with (folder / file).open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return "it is gone, and only its manifest is there."
    except OSError as error:
        return f"it cannot be read ({error.strerror})."
    return None if digest == manifest.sha256 else "it is not what was written: it was changed or damaged since."


def _tidy(folder: Path, place: Path) -> None:
    for left in place.iterdir():
        if left.name == _LOCK:
            continue
        with suppress(OSError):  # another program has one of the two open, on Windows: the next night tries again
            if is_backup_name(left.name):
                (folder / manifest_name(left.name)).unlink(missing_ok=True)
            left.unlink()


def _read_manifest(path: Path) -> Manifest | None:
    try:
        return parse_manifest(path.read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return None
