"""Whatever the PBX, another administrator and the clock do meanwhile: a backup is complete, or there is none."""

import asyncio
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bulkvm.backup import Keep, Manifest, verify
from bulkvm.model.errors import PbxError
from bulkvm.model.settings import SendSettings
from bulkvm.pbx import connect
from bulkvm.readers import read_sheet
from bulkvm.simulator import FaultRules, SimulatorSettings, running
from bulkvm.validation import validate
from tests.backup.backups import NIGHT, QUICK, SITE, back_up_from, files_in, pbx_with

HASTY = SendSettings(retries=2, max_rps=0, max_outage=0.05, timeout=0.5)


async def numbers_on(app: Starlette) -> set[str]:
    async with connect(SITE, QUICK, app=app) as pbx:
        return {box.extension_number for box in await pbx.list_boxes()}


async def made_or_told(app: Starlette, folder: Path) -> Manifest | None:
    """A backup, or none where the PBX could not be read."""
    try:
        return await back_up_from(app, folder, settings=HASTY)
    except PbxError:
        return None


@pytest.mark.parametrize("seed", range(40))
async def test_a_backup_misses_no_box_that_existed_throughout(tmp_path: Path, seed: int) -> None:
    app = pbx_with(tmp_path, 50, settings=SimulatorSettings(page_cap=7 + seed % 5, summary_lists=seed % 4 == 0))
    folder = tmp_path / "nights"
    former = await back_up_from(app, folder, now=NIGHT - timedelta(days=1))
    files, before = files_in(folder), await numbers_on(app)
    rate = 0.02 * (1 + seed % 5)
    changes = [f"admin-{what}:list:rate={rate},seed={seed}{what}" for what in ("add", "remove", "rename")]
    app.state.faults = FaultRules([*changes, f"random:any:rate={rate / 2},seed={seed}"])

    made = await made_or_told(app, folder)

    if made is None:
        assert files_in(folder) == files
        return
    app.state.faults = FaultRules()
    backed_up = [record.extension_number for record in validate(read_sheet(folder / made.file)).records]
    assert len(set(backed_up)) == len(backed_up) == made.count
    assert before & await numbers_on(app) <= set(backed_up)
    assert verify(folder).intact == (former.file, made.file)


def left_of(history: list[Manifest], now: datetime, last: int) -> list[str]:
    """The names of what `--keep` leaves."""
    past = sorted((backup for backup in history if backup.time <= now), key=lambda backup: backup.time)
    return sorted({backup.file for backup in history if backup.time > now} | {b.file for b in past[-last:]})


@settings(deadline=None, max_examples=40)
@given(
    jumps=st.lists(st.sampled_from([1, 1, 1, -1, -3, 40, -40, 4000, -4000]), min_size=1, max_size=9),
    last=st.integers(1, 3),
)
def test_a_clock_that_jumps_removes_neither_the_new_backup_nor_later_dated_ones(jumps: list[int], last: int) -> None:
    with tempfile.TemporaryDirectory() as work:
        folder, app, now = Path(work) / "nights", pbx_with(Path(work), 15), NIGHT
        history: list[Manifest] = []
        for days in jumps:
            now += timedelta(days=days, seconds=1)
            made = asyncio.run(back_up_from(app, folder, now=now, keep=Keep(last=last)))

            history = [*(backup for backup in history if (folder / backup.file).exists()), made]
            verified = verify(folder)
            assert made.file in verified.intact
            assert (verified.suspect, verified.damaged) == ((), {})
            assert sorted(verified.intact) == left_of(history, now, last)


def test_backups_that_several_programs_make_at_once_are_all_whole(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    command = [sys.executable, "-m", "bulkvm", "backup", str(folder), "--keep", "50"]
    with running(pbx_with(tmp_path, 200)) as server:
        environment = os.environ | {
            "BULKVM_URL": server.url,
            "BULKVM_TOKEN": SimulatorSettings().token,
            "BULKVM_CONFIG": str(tmp_path),
            "BULKVM_MAX_RPS": "0",
        }
        programs = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        printed = "".join(program.communicate()[1] for program in programs)

    assert [program.returncode for program in programs] == [0] * 4
    assert all(line.startswith("Waiting for another backup in ") for line in printed.splitlines())  # on a slow machine
    assert len(verify(folder).intact) == 4
    assert verify(folder).damaged == {}
    for name in verify(folder).intact:
        assert len(validate(read_sheet(folder / name)).records) == 200
