"""Boxes, sites and nights for the tests of backups."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette

from bulkvm.backup import KEEP_ALL, BackupSettings, Keep, Manifest, back_up
from bulkvm.files.storage import Store
from bulkvm.model.settings import SendSettings, Site
from bulkvm.pbx import connect
from bulkvm.simulator import SimulatorSettings, create_app

SITE = Site(name="clinic", url="http://simulator", token=SimulatorSettings().token)
NIGHT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
QUICK = SendSettings(retries=1, max_rps=0)


def write_seed(file: Path, count: int) -> Path:
    boxes = [
        {
            "extension_number": f"{n:04}",
            "name": f"=Box {n}",
            "pin": "024680",
            "enable_pin": True,
            "enable_email_notify": False,
            "id": f"id{n}",
        }
        for n in range(101, 101 + count)
    ]
    file.write_text(json.dumps(boxes), encoding="utf-8")
    return file


def pbx_with(
    folder: Path, count: int, *, settings: SimulatorSettings | None = None, faults: Sequence[str] = ()
) -> Starlette:
    """A PBX with so many boxes; 20 on a page, so that a list has several."""
    seed = write_seed(folder / f"seed-{count}.json", count)
    return create_app(seed=seed, settings=settings or SimulatorSettings(page_cap=20), faults=faults)


async def back_up_from(
    app: Starlette,
    folder: Path | Store,
    *,
    now: datetime = NIGHT,
    keep: Keep = KEEP_ALL,
    force: bool = False,
    site: Site = SITE,
    settings: SendSettings = QUICK,
    lock_timeout: float = 60,
) -> Manifest:
    async with connect(site, settings, app=app) as pbx:
        night = BackupSettings(folder=folder, now=now, keep=keep, force=force, lock_timeout=lock_timeout)
        return await back_up(pbx, site, night)


def files_in(folder: Path) -> dict[str, bytes]:
    """What a folder holds for all to see."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} if folder.exists() else {}
