"""Back up the boxes of several sites."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bulkvm.backup import BackupSettings, Manifest, back_up
from bulkvm.jobs.connection import Connection
from bulkvm.model.errors import BulkvmError
from bulkvm.model.exit_codes import ExitCode
from bulkvm.ownership import warn_of_shared_folder
from bulkvm.pbx import in_parallel

_SITES_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What became of the backup of each site, by the site's name: its manifest, or why there is none."""

    by_site: Mapping[str, Manifest | Exception]

    @property
    def errors(self) -> list[Exception]:
        """Why sites were not backed up."""
        return [end for end in self.by_site.values() if isinstance(end, Exception)]

    @property
    def exit_code(self) -> int:
        """The highest exit code of all sites."""
        return max(
            (e.exit_code if isinstance(e, BulkvmError) else ExitCode.NOT_ALL_DONE for e in self.errors),
            default=ExitCode.DONE,
        )


def back_up_sites(sites: Mapping[str, Callable[[], Connection]], settings: BackupSettings) -> BackupReport:
    """Back up several sites to new files in one folder, some at once. A failure at one site does not stop the others.

    Args:
        sites: opens each site, by its name. What it raises is what became of that site.
        settings: the folder, and which backups are kept.
    """
    warn_of_shared_folder(settings.folder, "backups")
    ended: dict[str, Manifest | Exception] = {}

    async def back_up_one(name: str) -> None:
        try:
            connection = sites[name]()
            async with connection.open() as pbx:
                ended[name] = await back_up(pbx, connection.site, settings)
        except Exception as error:  # noqa: BLE001  (not even a bug at one site may stop the others)
            ended[name] = error

    asyncio.run(in_parallel(sites, back_up_one, _SITES_AT_ONCE))
    return BackupReport({name: ended[name] for name in sites})
