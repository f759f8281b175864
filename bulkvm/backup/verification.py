"""Verifies all backups in a folder against their manifests."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bulkvm.backup.backup_folder import Folder, find_damage, list_backups, list_site_folders
from bulkvm.backup.manifest import Manifest
from bulkvm.files.storage import StoreError
from bulkvm.model.errors import BackupNotProven
from bulkvm.text import printable


@dataclass(frozen=True, slots=True)
class Verified:
    """The backups in a folder.

    Attributes:
        intact: the names of the backups whose checksum matches.
        suspect: the intact backups that are suspicious.
        damaged: a description of the damage of each other backup, by name.
        newest: the time of the newest good backup of each site; of each site and tenant, if a site has backups of
            several tenants. None if all are dated in the future.
        without_good: the sites, named in the same way, that only have suspicious backups.
        future: the intact backups that are dated in the future, by a wrong clock.
    """

    intact: tuple[str, ...]
    suspect: tuple[str, ...]
    damaged: Mapping[str, str]
    newest: Mapping[str, datetime | None]
    without_good: tuple[str, ...] = ()
    future: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no backup at all."""
        return not self.intact and not self.damaged


def verify_all(folder: Folder, *, now: datetime | None = None) -> Mapping[Folder, Verified | BackupNotProven]:
    """Check every backup in a folder and in the folders of sites in it, which have their tenants' backups.

    Args:
        folder: the backup folder.
        now: the time, with a time zone; by default, this machine's.

    Returns:
        What was found in each folder that has backups, or why it cannot be read; in `folder` itself if none has any.

    Raises:
        BackupNotProven: `folder` cannot be read.
    """
    own = verify(folder, now=now)
    found: dict[Folder, Verified | BackupNotProven] = {}
    for place in _site_folders(folder):
        try:
            verified = verify(place, now=now)
        except BackupNotProven as error:
            found[place] = error
        else:
            if not verified.is_empty:
                found[place] = verified
    return found if own.is_empty and found else {folder: own, **found}


def _site_folders(folder: Folder) -> list[Folder]:
    try:
        return list_site_folders(folder)
    except OSError as error:
        raise BackupNotProven(f"{folder} cannot be read: {error.strerror or error}.") from error
    except StoreError as error:
        raise BackupNotProven(str(error)) from error


def verify(folder: Folder, *, now: datetime | None = None) -> Verified:
    """Check every backup in a folder against its manifest. Nothing is changed.

    Args:
        folder: the backup folder.
        now: the time, with a time zone; by default, this machine's.

    Raises:
        BackupNotProven: the folder cannot be read.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    try:
        found = list(list_backups(folder))
    except OSError as error:
        raise BackupNotProven(f"{folder} cannot be read: {error.strerror or error}.") from error
    except StoreError as error:
        raise BackupNotProven(str(error)) from error
    damages = {file: find_damage(folder, file, manifest) for file, manifest in found}
    whole = [(file, manifest) for file, manifest in found if manifest and damages[file] is None]
    newest, without_good = _find_newest([manifest for _, manifest in whole], now)
    return Verified(
        intact=tuple(file for file, damage in damages.items() if damage is None),
        suspect=tuple(file for file, manifest in whole if manifest.suspect),
        damaged={file: damage for file, damage in damages.items() if damage is not None},
        newest=newest,
        without_good=without_good,
        future=tuple(file for file, manifest in whole if manifest.time > now),
    )


def _find_newest(whole: Iterable[Manifest], now: datetime) -> tuple[Mapping[str, datetime | None], tuple[str, ...]]:
    """The time of the newest good backup of each site and tenant, and those without a good one."""
    groups = _group_by_tenant(whole)
    latest = [max(group, key=lambda one: (one.tenant is not None, one.time)) for group in groups]
    named = {
        name: [one.time for one in group if not one.suspect] for name, group in zip(_names(latest), groups, strict=True)
    }
    newest = {name: max((time for time in good if time <= now), default=None) for name, good in named.items() if good}
    return newest, tuple(sorted(name for name, good in named.items() if not good))


def _group_by_tenant(whole: Iterable[Manifest]) -> list[list[Manifest]]:
    """Group backups by site and tenant; those of all tenants of a site by the tenant, whose domain may have changed."""
    groups: list[list[Manifest]] = []
    of_site: dict[str, list[list[Manifest]]] = {}
    of_tenant: dict[str, list[Manifest]] = {}
    # Backups of 0.1.0, which name no tenant, come last and join the group of their site.
    for manifest in sorted(whole, key=lambda one: (one.tenant is None, one.time)):
        tenant, same_site = manifest.tenant, of_site.setdefault(manifest.site, [])
        key = tenant.key if tenant and tenant.id and tenant.domain == manifest.site else None
        group = of_tenant.get(key) if key else None
        group = group or next((group for group in same_site if _is_same_tenant(group[0], manifest)), None)
        if group is None:
            groups.append(group := [])
        group.append(manifest)
        if not any(known is group for known in same_site):
            same_site.append(group)
        if key:
            of_tenant[key] = group
    return groups


def _is_same_tenant(one: Manifest, other: Manifest) -> bool:
    return one.tenant is None or other.tenant is None or one.tenant.is_same(other.tenant)


def _names(manifests: Sequence[Manifest]) -> list[str]:
    """Names for sites; with the tenant for each that has the name of another, and with its id if that is not enough."""
    sites = Counter(manifest.site for manifest in manifests)
    tenants = Counter((manifest.site, str(manifest.tenant)) for manifest in manifests)
    names = []
    for manifest in manifests:
        tenant = manifest.tenant
        of_tenant = f" ({tenant or manifest.pbx})" if sites[manifest.site] > 1 else ""
        of_id = f" (id {tenant.id})" if tenant and tenant.id and tenants[manifest.site, str(tenant)] > 1 else ""
        names.append(printable(f"{manifest.site}{of_tenant}{of_id}"))
    return names
