"""Back up the boxes of several sites, or of all tenants of one."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bulkvm.backup import BackupSettings, Folder, Manifest, back_up, find_former_names, list_backed_up, name_part
from bulkvm.files.ownership import warn_of_shared_folder
from bulkvm.files.storage import Store
from bulkvm.jobs.connection import Connection
from bulkvm.jobs.each_tenant import do_each, file_key, for_each_tenant, worst_exit_code
from bulkvm.model.errors import BackupNotProven
from bulkvm.model.settings import MIN_SAMPLE
from bulkvm.model.tenant import ListedTenant, Tenant

_MAX_LOSS: Final = 30  # per cent of the tenants that have backups
_NO_TENANT: Final = BackupNotProven(
    "The PBX lists no enabled tenant, so nothing was backed up. Check the login with `bulkvm tenants`. If the list is "
    "right, run the same command with --force."
)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What became of the backup of each site or tenant, by its name: its manifest, or why there is none.

    Attributes:
        disabled: the tenants that are not enabled, so that they were not backed up.
        former: the tenants that have backups, and that the PBX no longer lists.
        renamed: the names of tenants, by names that they had in earlier backups.
        loss: that so many tenants are no longer listed that the list is suspicious.
    """

    by_site: Mapping[str, Manifest | Exception]
    disabled: Sequence[str] = ()
    former: Sequence[str] = ()
    renamed: Mapping[str, str] = field(default_factory=dict, hash=False)
    loss: BackupNotProven | None = None

    @property
    def errors(self) -> list[Exception]:
        """Why sites were not backed up."""
        return [end for end in self.by_site.values() if isinstance(end, Exception)]

    @property
    def repeated(self) -> list[list[str]]:
        """The names under which the same tenant was backed up, for each tenant with several."""
        names: defaultdict[str, list[str]] = defaultdict(list)
        for name, end in self.by_site.items():
            if isinstance(end, Manifest) and end.tenant:
                names[end.tenant.key].append(name)
        return [of_tenant for of_tenant in names.values() if len(of_tenant) > 1]

    @property
    def exit_code(self) -> int:
        """The highest exit code of all sites."""
        return worst_exit_code([*self.errors, *([self.loss] if self.loss else [])])


def back_up_sites(
    sites: Mapping[str, Callable[[], Connection]], settings: BackupSettings, *, all_tenants: bool = False
) -> BackupReport:
    """Back up several sites to new files in one folder, some at once. A failure at one site does not stop the others.

    Args:
        sites: opens each site, by its name. What it raises is what became of that site.
        settings: the folder, and which backups are kept.
        all_tenants: whether all tenants of a system administrator's site are backed up, as by `back_up_tenants`.
    """
    _warn_of_others(settings.folder)
    ended: dict[str, BackupReport] = {}

    async def back_up_one(name: str) -> None:
        try:
            connection = sites[name]()
            if all_tenants and connection.site.is_administrator:
                ended[name] = _with_site(name, await _back_up_tenants(connection, settings))
            else:
                ended[name] = BackupReport({name: await _back_up(connection, settings)})
        except Exception as error:  # noqa: BLE001  (not even a bug at one site may stop the others)
            ended[name] = BackupReport({name: error})

    is_done: Callable[[str], bool] = lambda name: name in ended and not ended[name].exit_code  # noqa: E731
    asyncio.run(do_each(list(sites), back_up_one, what="sites", is_done=is_done))
    reports = [ended[name] for name in sites]
    return BackupReport(
        {name: end for report in reports for name, end in report.by_site.items()},
        [name for report in reports for name in report.disabled],
        [name for report in reports for name in report.former],
        {former: name for report in reports for former, name in report.renamed.items()},
    )


def _with_site(site: str, report: BackupReport) -> BackupReport:
    """A report about the tenants of a site, with the name of the site in those of its tenants."""
    by_site = {f"{site}/{name}": end for name, end in report.by_site.items()}
    return BackupReport(
        by_site if report.loss is None else {**by_site, site: report.loss},
        [f"{site}/{name}" for name in report.disabled],
        [f"{site}/{name}" for name in report.former],
        {f"{site}/{former}": f"{site}/{name}" for former, name in report.renamed.items()},
    )


def back_up_tenants(connection: Connection, settings: BackupSettings) -> BackupReport:
    """Back up every enabled tenant of a PBX, some at once, to new files in a folder with the name of the site.

    A failure at one tenant does not stop the others.

    Args:
        connection: the login of a system administrator.
        settings: the folder of that folder, and which backups of each tenant are kept.

    Raises:
        UsageError: it is not the login of a system administrator.
        BulkvmError: the tenants could not be listed.
    """
    _warn_of_others(settings.folder)
    return asyncio.run(_back_up_tenants(connection, settings))


async def _back_up_tenants(connection: Connection, settings: BackupSettings) -> BackupReport:
    folder = settings.folder / name_part(connection.site.name)
    before, gone, former_names = list_backed_up(folder), list[str](), dict[str, tuple[str, ...]]()

    def compare_with_former(tenants: Iterable[ListedTenant]) -> None:
        listed = {file_key(tenant.domain) for tenant in tenants}
        gone.extend(name for name in before if file_key(name) not in listed)
        former_names.update(find_former_names(folder, gone))

    async def back_up_one(_name: str, of_tenant: Connection) -> Manifest:
        tenant = of_tenant.site.tenant
        return await _back_up(of_tenant, settings, former_names.get(tenant.key, ()) if tenant else ())

    report = await for_each_tenant(connection, back_up_one, compare_with_former)
    renamed = {
        former: name for name, listed in report.tenants.items() for former in former_names.get(listed.tenant.key, ())
    }
    former = [name for name in gone if name not in map(name_part, renamed)]
    loss = _find_loss(before, former, settings) if report.by_tenant or settings.force else _NO_TENANT
    return BackupReport(report.by_tenant, report.disabled, former, renamed, loss)


def _warn_of_others(folder: Path | Store) -> None:
    if isinstance(folder, Path):
        warn_of_shared_folder(folder, "backups")


async def _back_up(
    connection: Connection, settings: BackupSettings, former_names: Sequence[str] | None = None
) -> Manifest:
    """Back up a site, or a tenant of one, which has the folder of the site and the name of its domain."""
    site = connection.site
    async with connection.open() as pbx:
        if site.is_administrator:
            tenant = await pbx.tenant()
            settings = replace(settings, folder=settings.folder / name_part(site.name))
            site = replace(site, name=tenant.domain or tenant.id or site.name)
            if former_names is None:
                former_names = await asyncio.to_thread(_find_former_names, settings.folder, tenant, site.name)
        return await back_up(pbx, site, settings, former_names=former_names or ())


def _find_former_names(folder: Folder, tenant: Tenant, name: str) -> Sequence[str]:
    """The former names of a tenant, if it has no backup under its present one."""
    before = list_backed_up(folder)
    return find_former_names(folder, before).get(tenant.key, ()) if name_part(name) not in before else ()


def _find_loss(before: Sequence[str], former: Sequence[str], settings: BackupSettings) -> BackupNotProven | None:
    if settings.force or len(former) < MIN_SAMPLE or 100 * len(former) <= _MAX_LOSS * len(before):
        return None
    return BackupNotProven(
        f"The PBX no longer lists {len(former)} of the {len(before)} tenants that have backups, so they were not "
        "backed up. If the list is right, move their files away, or run the same command once with --force."
    )
