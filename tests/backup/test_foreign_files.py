"""Nothing that is not ours is removed, followed or waited for, whatever lies in a folder of backups."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bulkvm.backup import Keep, verify
from bulkvm.model.errors import BackupNotProven
from tests.backup.backups import NIGHT, back_up_from, files_in, pbx_with

DAY = timedelta(days=1)
NAME = "clinic-20261123T021500Z"
posix_only = pytest.mark.skipif(os.name == "nt", reason="made of what POSIX has")


async def test_foreign_files_in_the_staging_folder_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    staging = folder / ".bulkvm"
    staging.mkdir(parents=True)
    for name in ("notes.txt", "boxes.csv", "x.manifest.json", ".hidden"):
        (staging / name).write_text(name, "utf-8")
    (staging / "clinic-20200101T000000Z.csv").mkdir()
    before = sorted(staging.iterdir())

    await back_up_from(pbx_with(tmp_path, 3), folder)

    assert sorted(file for file in staging.iterdir() if file.name != "lock") == before


async def test_leftovers_of_a_killed_backup_are_removed_from_the_staging_folder(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    staging = folder / ".bulkvm"
    staging.mkdir(parents=True)
    left = ["clinic-20200101T000000Z.csv", "clinic-20200101T000000Z.manifest.json", ".bulkvm-0123456789ab.tmp"]
    for name in left:
        (staging / name).write_text(name, "utf-8")

    await back_up_from(pbx_with(tmp_path, 3), folder)

    assert [file.name for file in staging.iterdir()] == ["lock"]


async def test_a_manifest_is_kept_if_the_staging_folder_has_a_copy_of_it(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    former = await back_up_from(app, folder)
    (folder / ".bulkvm" / former.file).write_bytes((folder / former.file).read_bytes())

    found = verify(folder).intact
    await back_up_from(app, folder, now=NIGHT + DAY)

    assert found == (former.file,)
    assert former.file in verify(folder).intact


@posix_only
@pytest.mark.parametrize("as_file", [False, True], ids=["link", "file"])
async def test_a_staging_path_that_is_not_a_folder_is_refused(tmp_path: Path, *, as_file: bool) -> None:
    folder, elsewhere = tmp_path / "nights", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / f"{NAME}.csv").write_text("precious", "utf-8")
    if as_file:
        (folder / ".bulkvm").write_text("precious", "utf-8")
    else:
        (folder / ".bulkvm").symlink_to(elsewhere)

    with pytest.raises(BackupNotProven, match="is a link or a file"):
        await back_up_from(pbx_with(tmp_path, 3), folder)

    assert [file.name for file in elsewhere.iterdir()] == [f"{NAME}.csv"]
    assert [file.name for file in folder.iterdir()] == [".bulkvm"]


@posix_only
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
async def test_the_staging_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    staging = tmp_path / "nights" / ".bulkvm"
    staging.mkdir(parents=True)
    (staging / f"{NAME}.csv").write_text("theirs", "utf-8")
    os.chown(staging, 12345, 12345)

    with pytest.raises(BackupNotProven, match="belongs to another user"):
        await back_up_from(pbx_with(tmp_path, 3), tmp_path / "nights")

    assert [file.name for file in staging.iterdir()] == [f"{NAME}.csv"]


@posix_only
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
async def test_a_file_of_another_user_in_the_staging_folder_stays(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    (folder / ".bulkvm").mkdir(parents=True)
    theirs = folder / ".bulkvm" / "clinic-20200101T000000Z.csv"
    theirs.write_text("theirs", "utf-8")
    os.chown(theirs, 12345, 12345)

    await back_up_from(pbx_with(tmp_path, 3), folder)

    assert theirs.exists()


async def test_a_foreign_file_with_the_name_of_the_new_manifest_is_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    folder.mkdir()
    (folder / f"{NAME}.manifest.json").write_text("someone's", "utf-8")

    made = await back_up_from(pbx_with(tmp_path, 3), folder)

    assert made.file == f"{NAME}-2.csv"
    assert (folder / f"{NAME}.manifest.json").read_text() == "someone's"


def a_pipe(file: Path) -> None:
    os.mkfifo(file)


def a_folder(file: Path) -> None:
    file.mkdir()


def a_huge_file(file: Path) -> None:
    with file.open("wb") as huge:
        huge.truncate(10 * 2**30)


def wrong_types(file: Path) -> None:
    form = {"schema": 1, "file": ["x"], "site": ["x"], "pbx": 1, "time": 2, "count": "1", "without_pin": None}
    file.write_text(json.dumps(form | {"sha256": {}, "suspect": [], "program": 3}), "utf-8")


def not_utf_8(file: Path) -> None:
    file.write_bytes(b'{"schema": 1, "site": "\xff"}')


FOREIGN = [
    pytest.param(a_pipe, marks=posix_only),
    a_folder,
    pytest.param(a_huge_file, marks=posix_only),
    wrong_types,
    not_utf_8,
]


@pytest.mark.parametrize("put", FOREIGN)
@pytest.mark.parametrize("name", ["notes", "clinic-20261101T021500Z"])
async def test_an_invalid_manifest_is_a_foreign_file(tmp_path: Path, put: Callable[[Path], None], name: str) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    folder.mkdir()
    foreign = folder / f"{name}.manifest.json"
    put(foreign)

    first, last = [await back_up_from(app, folder, now=NIGHT + n * DAY, keep=Keep(last=1)) for n in range(2)]

    verified = verify(folder)
    assert (first.file in verified.intact, verified.intact) == (False, (last.file,))
    assert list(verified.damaged) == ([] if name == "notes" else [f"{name}.csv"])
    assert foreign.exists()


@posix_only
async def test_a_pipe_in_place_of_a_backup_is_reported_without_reading_it(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    former = await back_up_from(app, folder)
    (folder / former.file).unlink()
    os.mkfifo(folder / former.file)

    made = await back_up_from(app, folder, now=NIGHT + DAY)

    assert verify(folder).intact == (made.file,)
    assert "cannot be read" in verify(folder).damaged[former.file]


def rename_pair(folder: Path, file: str, stem: str) -> None:
    (folder / file).rename(folder / f"{stem}.csv")
    (folder / f"{file.removesuffix('.csv')}.manifest.json").rename(folder / f"{stem}.manifest.json")


async def test_a_backup_under_another_name_is_checked_too(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    made = [await back_up_from(app, folder, now=NIGHT + n * DAY) for n in range(3)]
    for number, backup in enumerate(made):
        rename_pair(folder, backup.file, f"month-{number}")
    (folder / "month-1.csv").write_bytes((folder / "month-1.csv").read_bytes()[:-9])
    (folder / "month-2.csv").unlink()

    verified = verify(folder)

    assert verified.intact == ("month-0.csv",)
    assert list(verified.damaged) == ["month-1.csv", "month-2.csv"]
    assert "changed or damaged" in verified.damaged["month-1.csv"]
    assert "is missing" in verified.damaged["month-2.csv"]


async def test_a_backup_under_another_name_does_not_count_for_retention(tmp_path: Path) -> None:
    folder, app = tmp_path / "nights", pbx_with(tmp_path, 3)
    rename_pair(folder, (await back_up_from(app, folder)).file, "month")

    await back_up_from(app, folder, now=NIGHT + DAY, keep=Keep(last=1))

    assert "month.csv" in files_in(folder)
