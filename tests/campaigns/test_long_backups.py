"""Backups of the largest PBX and of the most sites. `pytest -m campaign` runs them."""

from functools import partial
from pathlib import Path

import pytest

from bulkvm.backup import BackupSettings, Keep, verify
from bulkvm.jobs.back_up_sites import back_up_sites
from bulkvm.jobs.connection import Connection
from bulkvm.model.settings import Site
from bulkvm.readers import read_sheet
from bulkvm.simulator import SimulatorSettings, create_app
from bulkvm.validation import validate
from tests.backup.backups import NIGHT, QUICK, SITE, back_up_from, write_seed

pytestmark = pytest.mark.campaign


async def test_a_backup_of_fifty_thousand_boxes_is_complete(tmp_path: Path) -> None:
    seed = write_seed(tmp_path / "seed.json", 50_000)
    app = create_app(seed=seed, faults=["admin-rename:list:every=50"])

    made = await back_up_from(app, tmp_path / "nights", keep=Keep(last=1))

    assert made.count == 50_000
    assert 500 <= app.state.traffic.counts["list"] <= 504
    assert len(validate(read_sheet(tmp_path / "nights" / made.file)).records) == 50_000
    assert verify(tmp_path / "nights").intact == (made.file,)


def test_thirty_sites_of_a_thousand_boxes_are_backed_up_into_one_folder(tmp_path: Path) -> None:
    apps = [create_app(seed=write_seed(tmp_path / "seed.json", 1000 + n)) for n in range(30)]
    sites = {
        name: Connection(Site(name=name, url=SITE.url, token=SimulatorSettings().token), QUICK, app)
        for name, app in zip((f"site-{n:02}" for n in range(30)), apps, strict=True)
    }

    ended = back_up_sites(
        {name: partial(sites.__getitem__, name) for name in sites},
        BackupSettings(folder=tmp_path / "nights", now=NIGHT, keep=Keep(last=1)),
    )

    assert [made.count for made in ended.by_site.values() if not isinstance(made, Exception)] == list(range(1000, 1030))
    assert len(verify(tmp_path / "nights").intact) == 30
