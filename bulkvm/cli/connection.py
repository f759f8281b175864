"""Which PBX a command talks to."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bulkvm.cli.places import simulator_state
from bulkvm.errors import UsageError
from bulkvm.settings import SendSettings, Site, site_of_environment

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bulkvm.pbx import Pbx

SIMULATOR: Final = "simulator"


@dataclass(frozen=True, slots=True)
class Connection:
    """A site, and how to call it."""

    site: Site
    settings: SendSettings
    app: Any = None  # the embedded PBX

    def open(self) -> "AbstractAsyncContextManager[Pbx]":
        """Open the PBX for calls."""
        from bulkvm.pbx import connect

        return connect(self.site, self.settings, app=self.app)


def open_site(name: str | None, settings: SendSettings) -> Connection:
    """The PBX of that name; without a name, the one that the environment describes."""
    if name == SIMULATOR:
        from bulkvm.simulator import Settings, create_app

        return Connection(
            Site(name=SIMULATOR, url="http://simulator", token=Settings().token),
            settings,
            create_app(simulator_state()),
        )
    if name is not None:
        raise UsageError(
            f'There is no site called "{name}". `--site simulator` is built in; for a PBX of yours set BULKVM_URL.'
        )
    return Connection(site_of_environment(os.environ), settings)
