"""A simulated PBX on a socket, and one in-process."""

from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.applications import Starlette

from bulkvm.model.settings import Site
from bulkvm.pbx import Pbx, connect
from bulkvm.simulator import SimulatorSettings, create_app, running

TOKEN = SimulatorSettings().token


@pytest.fixture
def app() -> Starlette:
    return create_app()


@pytest.fixture
def site(app: Starlette) -> Iterator[Site]:
    """A site on a real socket."""
    with running(app) as server:
        yield Site(name="test", url=server.url, token=TOKEN)


@pytest.fixture
async def pbx(site: Site) -> AsyncIterator[Pbx]:
    async with connect(site) as opened:
        yield opened
