"""A backup that is killed at any moment, or finds no room on the disk: nothing that looks whole and is not."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bulkvm.backup import Keep, verify
from bulkvm.model.errors import BackupNotProven
from bulkvm.readers import read_sheet
from bulkvm.validation import validate
from tests.backup.backups import NIGHT, back_up_from, files_in, pbx_with
from tests.backup.programs import run_python

# Begins a backup for each n, and kills it just before it does the n-th thing to its folder.
KILLED_NIGHTS = """
import asyncio, os, shutil, signal, sys
from pathlib import Path
from bulkvm.backup import Keep
from tests.backup.backups import NIGHT, back_up_from, pbx_with

work = Path(sys.argv[1])
app = pbx_with(work, 50)
left = 0

def count(event, arguments):
    global left
    if event in {"open", "os.link", "os.rename", "os.remove", "os.mkdir"} and str(work / "night") in str(arguments[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
for n in range(1, 1000):
    folder = work / f"night-{n}"
    shutil.copytree(work / "before", folder)
    child = os.fork()
    if child == 0:
        left = n
        asyncio.run(back_up_from(app, folder, keep=Keep(last=1)))
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(n)
        break
"""

# Begins a backup whose files may grow to so many bytes and no further, as on a disk that is full; one for each number.
NIGHTS_WITH_LITTLE_ROOM = """
import asyncio, os, resource, shutil, sys
from pathlib import Path
from bulkvm.backup import Keep
from bulkvm.model.errors import BackupNotProven
from tests.backup.backups import back_up_from, pbx_with

work = Path(sys.argv[1])
app = pbx_with(work, 50)
for room in map(int, sys.argv[2:]):
    folder = work / f"night-{room}"
    shutil.copytree(work / "before", folder)
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        try:
            asyncio.run(back_up_from(app, folder, keep=Keep(last=1)))
        except BackupNotProven as error:
            print(error, flush=True)
            os._exit(8)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

# A backup during which another program holds a file open, so that it can be neither renamed nor removed, as on Windows.
NIGHT_WITH_A_HELD_FILE = """
import asyncio, sys
from pathlib import Path
from bulkvm.backup import Keep
from tests.backup.backups import back_up_from, pbx_with

work, held = Path(sys.argv[1]), sys.argv[2]

def refuse(event, arguments):
    if event in {"os.rename", "os.remove"} and str(arguments[0]).endswith(held):
        raise PermissionError(13, "The process cannot access the file")

app = pbx_with(work, 50)
sys.addaudithook(refuse)
asyncio.run(back_up_from(app, work / "nights", keep=Keep(last=1)))
"""

without_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork to begin many nights quickly")


@without_fork
async def test_a_backup_that_is_killed_at_any_moment_leaves_no_partial_backup(tmp_path: Path) -> None:
    app = pbx_with(tmp_path, 50)
    former = await back_up_from(app, tmp_path / "before", now=NIGHT - timedelta(days=1))

    ended = run_python(KILLED_NIGHTS, tmp_path)

    assert ended.stderr == ""
    killed = int(ended.stdout) - 1
    assert killed > 10, "so many things are done to the folder"
    for night in (tmp_path / f"night-{n}" for n in range(1, killed + 2)):
        verified = verify(night)
        assert verified.damaged == {}
        assert verified.intact
        assert {name for name in files_in(night) if name.endswith(".csv")} <= {
            former.file,
            "clinic-20261123T021500Z.csv",
        }
        for file in verified.intact:
            assert len(validate(read_sheet(night / file)).records) == 50
        after = await back_up_from(app, night, now=NIGHT + timedelta(days=1), keep=Keep(last=1))
        assert verify(night).intact == (after.file,)
        assert len(files_in(night)) == 2
        assert [left.name for left in (night / ".bulkvm").iterdir()] == ["lock"]


@without_fork
async def test_a_full_disk_leaves_the_former_backups_and_nothing_else(tmp_path: Path) -> None:
    await back_up_from(pbx_with(tmp_path, 50), tmp_path / "before", now=NIGHT - timedelta(days=1))
    before = files_in(tmp_path / "before")
    largest = max(map(len, before.values()))
    rooms = [0, 1, 100, 300, 400, largest - 1]

    ended = run_python(NIGHTS_WITH_LITTLE_ROOM, tmp_path, *map(str, [*rooms, largest]))

    *reported, last = ended.stdout.splitlines()
    assert (ended.stderr, last) == ("", "0")
    assert reported[1::2] == ["8"] * len(rooms)
    assert all(line.startswith("No backup was made. ") for line in reported[::2])
    for room in rooms:
        assert files_in(tmp_path / f"night-{room}") == before
        assert [left.name for left in (tmp_path / f"night-{room}" / ".bulkvm").iterdir()] == ["lock"]


@pytest.mark.parametrize("held", [".csv", ".manifest.json"])
async def test_an_old_backup_that_another_program_holds_open_is_deleted_by_a_later_backup(
    tmp_path: Path, held: str
) -> None:
    app, folder = pbx_with(tmp_path, 50), tmp_path / "nights"
    former = await back_up_from(app, folder, now=NIGHT - timedelta(days=1))

    ended = run_python(NIGHT_WITH_A_HELD_FILE, tmp_path, former.file.removesuffix(".csv") + held)

    assert (ended.returncode, ended.stderr) == (0, "")
    verified = verify(folder)
    assert verified.damaged == {}
    assert "clinic-20261123T021500Z.csv" in verified.intact
    after = await back_up_from(app, folder, now=NIGHT + timedelta(days=1), keep=Keep(last=1))
    assert verify(folder).intact == (after.file,)
    assert len(files_in(folder)) == 2
    assert [left.name for left in (folder / ".bulkvm").iterdir()] == ["lock"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
async def test_a_read_only_folder_is_reported_and_not_changed(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    await back_up_from(app, folder, now=NIGHT - timedelta(days=1))
    before = files_in(folder)
    for part in (folder / ".bulkvm", folder):
        part.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")

    with pytest.raises(BackupNotProven, match="No backup was made"):
        await back_up_from(app, folder)

    assert files_in(folder) == before
