"""A real disk that is full at any moment of a backup."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bulkvm.backup import Keep, verify
from bulkvm.model.errors import BackupNotProven
from tests.backup.backups import NIGHT, back_up_from, files_in, pbx_with

_PAGE = 4096
_MOST = 20  # pages


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, with 80 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    mounted = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={_MOST * _PAGE}", "tmpfs", place], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("only an administrator of a Linux machine can make a disk")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk: Path, left: int) -> None:
    """Leave so many pages free."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(free - left * _PAGE))


async def test_a_full_disk_leaves_former_backups_intact_and_no_partial_one(tmp_path: Path, disk: Path) -> None:
    app, folder = pbx_with(tmp_path, 200), disk / "nights"
    former = await back_up_from(app, folder, now=NIGHT - timedelta(days=1))
    before = files_in(folder)

    needed = 2 + len(before[former.file]) // _PAGE  # pages, with one for the manifest
    for left in range(needed):
        fill(disk, left)
        with pytest.raises(BackupNotProven, match="disk is full"):
            await back_up_from(app, folder, keep=Keep(last=1))
        assert files_in(folder) == before
        assert [entry.name for entry in (folder / ".bulkvm").iterdir()] == ["lock"]
    fill(disk, needed)
    made = await back_up_from(app, folder, keep=Keep(last=1))

    assert verify(folder).intact == (made.file,)
    assert verify(folder).damaged == {}
