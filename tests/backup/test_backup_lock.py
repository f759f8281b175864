"""Backups into one folder take turns: one that waits reports it, gives up in the end, and stops at once on a signal."""

import asyncio
import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from bulkvm.backup import verify
from bulkvm.model.errors import BackupNotProven
from bulkvm.simulator import SimulatorSettings, running
from tests.backup.backups import NIGHT, back_up_from, files_in, pbx_with
from tests.backup.programs import run_python

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows keeps its locks everywhere, and has no such signals")


@contextmanager
def another_one_at_work(folder: Path) -> Iterator[None]:
    (folder / ".bulkvm").mkdir(parents=True, mode=0o700)
    with FileLock(folder / ".bulkvm" / "lock"):
        yield


async def test_a_backup_that_waits_too_long_for_another_one_fails_and_names_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "nights"

    with (
        another_one_at_work(folder),
        caplog.at_level(logging.WARNING, "bulkvm"),
        pytest.raises(BackupNotProven, match=r"another backup in .* is still running.*--lock-timeout"),
    ):
        await back_up_from(pbx_with(tmp_path, 3), folder, lock_timeout=0.2)

    assert caplog.messages == [f"Waiting for another backup in {folder} to end, for up to 0 seconds."]
    assert files_in(folder) == {}


async def test_a_backup_that_waits_is_made_as_soon_as_the_other_one_ends(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    with another_one_at_work(folder):
        waiting = asyncio.create_task(back_up_from(pbx_with(tmp_path, 3), folder))
        await asyncio.wait([waiting], timeout=0.3)
        early = waiting.done()

    made = await waiting

    assert not early
    assert made.file in files_in(folder)


async def test_a_backup_that_is_cancelled_while_it_waits_is_not_made_later(tmp_path: Path) -> None:
    folder = tmp_path / "nights"
    with another_one_at_work(folder):
        waiting = asyncio.create_task(back_up_from(pbx_with(tmp_path, 3), folder))
        await asyncio.wait([waiting], timeout=0.3)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert files_in(folder) == {}


@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_a_backup_that_waits_for_another_one(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "nights"
    with running(pbx_with(tmp_path, 3)) as server, another_one_at_work(folder):
        environment = os.environ | {
            "BULKVM_URL": server.url,
            "BULKVM_TOKEN": SimulatorSettings().token,
            "BULKVM_CONFIG": str(tmp_path),
        }
        command = [sys.executable, "-m", "bulkvm", "backup", str(folder), "--quiet"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
            assert program.stderr
            printed = program.stderr.readline()
            program.send_signal(number)
            rest = program.stderr.read()
            code = program.wait(20)

    assert printed == f"Waiting for another backup in {folder} to end, for up to 10 minutes.\n"
    assert (code, rest.strip()) == (130, "Stopped.")
    assert files_in(folder) == {}


# Makes a backup on a disk that refuses each lock with an error of this number.
ON_A_DISK_WITHOUT_LOCKS = """
import asyncio, os, sys, warnings
from pathlib import Path
from tests.backup.backups import back_up_from, pbx_with

warnings.simplefilter("error")

def refuse(event, arguments):
    if event == "fcntl.flock":
        raise OSError(int(sys.argv[2]), "no locks here")

work = Path(sys.argv[1])
app = pbx_with(work, 30)
sys.addaudithook(refuse)

async def several():
    await asyncio.gather(*(back_up_from(app, work / "nights") for _ in range(3)))

asyncio.run(several())
"""


@posix_only
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS], ids=errno.errorcode.get)
def test_on_a_disk_without_locks_backups_are_made_with_a_plain_warning(tmp_path: Path, number: int) -> None:
    ended = run_python(ON_A_DISK_WITHOUT_LOCKS, tmp_path, str(number))

    folder = tmp_path / "nights" / ".bulkvm"
    printed = f"The file system of {folder} does not support locks: run only one program at a time there."
    assert (ended.returncode, ended.stderr.splitlines()) == (0, [printed])
    verified = verify(tmp_path / "nights", now=NIGHT + timedelta(days=1))
    assert (len(verified.intact), verified.damaged) == (3, {})
