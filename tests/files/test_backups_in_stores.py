"""Backups in an object store: proven like those in a folder, and never half of one under a good name."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bulkvm.backup import Keep, verify
from bulkvm.model.errors import BackupNotProven
from bulkvm.model.settings import Site
from tests.backup.backups import NIGHT, SITE, back_up_from, files_in, pbx_with
from tests.files.s3_server import S3

DAY = timedelta(days=1)
NAME = "clinic-20261123T021500Z"


async def test_a_backup_in_a_store_is_the_same_as_in_a_folder(s3: S3, tmp_path: Path) -> None:
    app = pbx_with(tmp_path, 50)
    await back_up_from(app, tmp_path / "nights")

    manifest = await back_up_from(app, s3.folder)

    assert s3.files == {f"nights/{name}": content for name, content in files_in(tmp_path / "nights").items()}
    assert manifest.sha256 == hashlib.sha256(s3.files[f"nights/{NAME}.csv"]).hexdigest()
    assert verify(s3.folder, now=NIGHT) == verify(tmp_path / "nights", now=NIGHT)


async def test_a_store_keeps_the_backups_that_the_rules_keep(s3: S3, tmp_path: Path) -> None:
    app = pbx_with(tmp_path, 5)
    await back_up_from(app, s3.folder, site=Site(name="clinic-north", url=SITE.url, token=SITE.token))
    for night in range(3):
        await back_up_from(app, s3.folder, now=NIGHT + night * DAY, keep=Keep(last=1))

    assert [name for name in s3.names if name.endswith(".csv")] == [
        "clinic-20261125T021500Z.csv", "clinic-north-20261123T021500Z.csv",
    ]  # fmt: skip
    assert len(s3.names) == 4


async def test_backups_that_may_not_be_deleted_are_kept_with_a_warning(
    s3: S3, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = pbx_with(tmp_path, 5)
    await back_up_from(app, s3.folder)
    s3.disturb = lambda method, _path: "403" if method == "DELETE" else None

    made = await back_up_from(app, s3.folder, now=NIGHT + DAY, keep=Keep(last=1))

    assert set(verify(s3.folder, now=NIGHT + DAY).intact) == {f"{NAME}.csv", made.file}
    assert "clinic: older backups were not deleted: s3://" in caplog.text
    assert "Access Denied" in caplog.text


async def test_a_store_that_cannot_create_a_file_on_a_condition_is_an_error_that_says_so(
    s3: S3, tmp_path: Path
) -> None:
    s3.disturb = lambda method, _path: "501" if method == "PUT" else None

    with pytest.raises(BackupNotProven, match="the store does not support conditional writes"):
        await back_up_from(pbx_with(tmp_path, 5), s3.folder)

    assert s3.names == []


@pytest.mark.parametrize("keep", [Keep(), Keep(last=1)], ids=["all", "one"])
async def test_a_backup_that_a_store_does_not_return_is_still_compared(s3: S3, tmp_path: Path, keep: Keep) -> None:
    await back_up_from(pbx_with(tmp_path, 50), s3.folder)
    s3.disturb = lambda method, path: "403" if (method, path.endswith(f"{NAME}.csv")) == ("GET", True) else None

    with pytest.raises(BackupNotProven, match="lists 5 boxes, but the last good backup"):
        await back_up_from(pbx_with(tmp_path, 5), s3.folder, now=NIGHT + DAY, keep=keep)

    assert f"{NAME}.csv" in s3.names


async def test_a_store_keeps_a_suspicious_backup_under_a_name_that_shows_it(s3: S3, tmp_path: Path) -> None:
    await back_up_from(pbx_with(tmp_path, 50), s3.folder)

    with pytest.raises(BackupNotProven, match=r"lists 5 boxes, .* kept as s3://.*/nights/.*-suspect.csv"):
        await back_up_from(pbx_with(tmp_path, 5), s3.folder, now=NIGHT + DAY, keep=Keep(last=1))

    assert [name for name in s3.names if name.endswith(".csv")] == [
        f"{NAME}.csv", "clinic-20261124T021500Z-suspect.csv",
    ]  # fmt: skip


async def test_a_name_that_is_taken_in_a_store_is_not_used(s3: S3, tmp_path: Path) -> None:
    s3.put(f"nights/{NAME}.csv", b"mine")

    made = await back_up_from(pbx_with(tmp_path, 5), s3.folder)

    assert made.file == f"{NAME}-2.csv"
    assert s3.files[f"nights/{NAME}.csv"] == b"mine"


@pytest.mark.parametrize("suffix", [".csv", ".manifest.json"])
async def test_a_name_that_is_taken_in_the_last_moment_is_not_overwritten(s3: S3, tmp_path: Path, suffix: str) -> None:
    def take(method: str, path: str) -> None:
        if (method, path) == ("PUT", f"/{s3.bucket}/nights/{NAME}{suffix}"):
            s3.put(f"nights/{NAME}{suffix}", b"mine")

    s3.disturb = take

    with pytest.raises(BackupNotProven, match="Another backup was written as s3://"):
        await back_up_from(pbx_with(tmp_path, 5), s3.folder)

    assert s3.files == {f"nights/{NAME}{suffix}": b"mine"}


async def test_backups_at_once_into_one_bucket_do_not_disturb_each_other(s3: S3, tmp_path: Path) -> None:
    app = pbx_with(tmp_path, 5)
    await back_up_from(app, s3.folder)
    sites = [Site(name=name, url=SITE.url, token=SITE.token) for name in ("clinic", "clinic", "clinic", "other")]

    ended = await asyncio.gather(
        *(
            back_up_from(app, s3.folder, now=NIGHT + timedelta(hours=1 + n), keep=Keep(last=1), site=site)
            for n, site in enumerate(sites)
        )
    )

    left = set(s3.names)
    assert {ended[2].file, ended[3].file} <= left  # the newest of each site
    assert f"{NAME}.csv" not in left
    assert verify(s3.folder, now=NIGHT + DAY).damaged == {}
    assert [name for name in left if name.startswith(".bulkvm")] == []


async def test_of_two_different_backups_of_one_second_one_is_kept(s3: S3, tmp_path: Path) -> None:
    apps = [pbx_with(tmp_path, count) for count in (5, 6)]

    ended = await asyncio.gather(*(back_up_from(app, s3.folder) for app in apps), return_exceptions=True)

    made = [end for end in ended if not isinstance(end, BaseException)]
    assert [str(end) for end in ended if isinstance(end, BaseException) and "in the same second" not in str(end)] == []
    assert verify(s3.folder, now=NIGHT).intact == tuple(sorted(manifest.file for manifest in made))
    assert len(s3.names) == 2 * len(made)
    assert made


@pytest.mark.parametrize("at", [".bulkvm/", ""])
async def test_a_store_that_keeps_something_else_proves_nothing(s3: S3, tmp_path: Path, at: str) -> None:
    start = f"nights/{at}"
    s3.disturb = lambda method, path: (
        "damage" if method == "PUT" and path.endswith(".csv") and ("/.bulkvm/" in path) == bool(at) else None
    )

    with pytest.raises(BackupNotProven, match=f"s3://.*/{start}.* was read back, and its content is not what"):
        await back_up_from(pbx_with(tmp_path, 5), s3.folder)

    assert s3.files == {}


async def test_a_file_that_a_store_accepted_and_lost_is_an_error_that_says_so(s3: S3, tmp_path: Path) -> None:
    s3.disturb = lambda method, _path: "lose" if method == "PUT" else None

    with pytest.raises(BackupNotProven, match="is missing, although the store accepted it"):
        await back_up_from(pbx_with(tmp_path, 5), s3.folder)

    assert s3.files == {}


async def test_a_repeated_request_finds_its_own_file(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 3)
    lost: set[str] = set()

    def lose_the_first_answer(method: str, path: str) -> str | None:
        is_first = method in {"PUT", "DELETE"} and path not in lost
        lost.add(path)
        return "after" if is_first else None

    s3.disturb = lose_the_first_answer

    await back_up_from(pbx_with(tmp_path, 5), s3.folder)

    assert s3.names == [f"{NAME}.csv", f"{NAME}.manifest.json"]


@pytest.mark.parametrize("by", ["reset", "after"])
async def test_a_store_that_dies_while_files_are_written_has_whole_backups_only(
    s3: S3, tmp_path: Path, by: str
) -> None:
    app = pbx_with(tmp_path, 5)
    await back_up_from(app, s3.folder)
    before = s3.files

    for number in range(1, 5):
        s3.fail_from(number, by, {"PUT"})
        with pytest.raises(BackupNotProven, match=r"s3://.* cannot be used") as raised:
            await back_up_from(app, s3.folder, now=NIGHT + number * DAY)
        assert "secret-of-the-store" not in str(raised.value)

    s3.disturb = lambda _method, _path: None
    verified = verify(s3.folder, now=NIGHT)
    assert (verified.damaged, verified.newest) == ({}, {"clinic": NIGHT})
    assert before.items() <= s3.files.items()


@pytest.mark.campaign
@pytest.mark.parametrize("by", ["403", "reset", "half", "after"])
async def test_a_store_that_dies_at_any_request_has_whole_backups_only(s3: S3, tmp_path: Path, by: str) -> None:
    app = pbx_with(tmp_path, 5)
    await back_up_from(app, s3.folder)
    before, number, is_made = s3.files, 0, False

    while not is_made:
        number += 1
        s3.fail_from(number, by)
        with suppress(BackupNotProven):
            await back_up_from(app, s3.folder, now=NIGHT + number * DAY)
            is_made = True
        s3.disturb = lambda _method, _path: None
        assert verify(s3.folder, now=NIGHT).damaged == {}
        assert before.items() <= s3.files.items()
        s3.delete_all_but(before)  # or each of the next backups would send more requests

    assert number > 20


async def test_without_retention_only_the_newest_earlier_backup_is_read(s3: S3, tmp_path: Path) -> None:
    app, read = pbx_with(tmp_path, 5), list[str]()
    for night in range(4):
        await back_up_from(app, s3.folder, now=NIGHT + night * DAY)

    def note(method: str, path: str) -> None:
        if method == "GET" and path.endswith("0Z.csv"):
            read.append(path.rpartition("/")[2][-20:])

    s3.disturb = note
    await back_up_from(app, s3.folder, now=NIGHT + 4 * DAY)

    assert {file for file in read if "1127" not in file} == {"20261126T021500Z.csv"}
