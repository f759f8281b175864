"""Shards as processes against one bucket. `pytest -m campaign` runs them."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bulkvm.backup import verify
from bulkvm.model.shard import Shard
from tests.files.pbxs import serve_sites
from tests.files.s3_server import S3

pytestmark = [pytest.mark.campaign, pytest.mark.skipif(sys.platform != "linux", reason="the hosts are 127.0.0.10 ...")]

SHARDS = 3


def start_shard(script: str, number: int, folder: Path) -> "subprocess.Popen[str]":
    """Start a shell script as a shard, in a process group of its own."""
    variables = {
        "BULKVM_CONFIG": str(folder / "config"),
        "BULKVM_STATE": str(folder / f"state-{number}"),
        "BULKVM_MAX_RPS": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NUMBER": str(number),
        "SLURM_ARRAY_TASK_ID": str(number),
    }
    return subprocess.Popen(
        ["sh", "-euc", script],
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def count_backups(s3: S3) -> Counter[str]:
    """The number of backups of each site or tenant."""
    return Counter(
        re.sub(r"-\d{8}T\d{6}Z(-\d+)?\.csv$", "", name)
        for name in s3.names
        if name.endswith(".csv") and ".bulkvm/" not in name
    )


def test_the_shards_of_a_slurm_array_back_up_each_site_once(s3: S3, tmp_path: Path) -> None:
    sample = (Path(__file__).parents[2] / "samples" / "bulkvm-backup-slurm.sh").read_text("utf-8")
    script = sample.replace("s3://bucket/backups", f"s3://{s3.bucket}/nights").replace("/20", f"/{SHARDS}")

    with serve_sites(tmp_path / "config", 9):
        running = [start_shard(script, number, tmp_path) for number in range(1, SHARDS + 1)]
        errors = [process.communicate()[1] for process in running]

    assert [process.returncode for process in running] == [0] * SHARDS
    assert count_backups(s3) == Counter(f"site-{n}" for n in range(9))
    assert sum(int(re.findall(r"(\d+) backed up, 0 failed", error)[0]) for error in errors) == 9


@pytest.mark.parametrize("at", ["/.bulkvm/", ".manifest.json", ".csv"])
def test_a_shard_that_is_killed_and_repeated_leaves_one_backup_of_each_tenant(s3: S3, tmp_path: Path, at: str) -> None:
    script = (
        "for site in 0 1 2 3 4 5; do "
        f"bulkvm backup s3://{s3.bucket}/nights --all-tenants --site site-$site --keep 1 --shard $NUMBER/{SHARDS}; done"
    )
    running: list[subprocess.Popen[str]] = []
    written: list[str] = []
    with serve_sites(tmp_path / "config", 6, tenants=2) as urls:
        by_shard = {
            n: [f"site-{i}" for i, url in enumerate(urls) if Shard(n, SHARDS).has(url)] for n in range(1, SHARDS + 1)
        }
        victim = max(by_shard, key=lambda number: len(by_shard[number]))

        def kill_in_the_middle(method: str, path: str) -> str | None:
            site = path.removeprefix(f"/{s3.bucket}/nights/").partition("/")[0]
            if method != "PUT" or site not in by_shard[victim] or at not in path:
                return None
            written.append(path)
            if len(written) == 3:
                os.killpg(running[victim - 1].pid, signal.SIGKILL)
                return "reset"
            return None

        s3.disturb = kill_in_the_middle
        running += [start_shard(script, number, tmp_path) for number in range(1, SHARDS + 1)]
        codes = [(process.communicate(), process.returncode)[1] for process in running]
        after_the_kill = count_backups(s3)
        s3.disturb = lambda _method, _path: None
        damaged = [verify(s3.folder / f"site-{n}").damaged for n in range(6)]
        repeated = start_shard(script, victim, tmp_path)
        repeated.communicate()

    every = Counter(f"site-{n}/{tenant}" for n in range(6) for tenant in tenants_of(after_the_kill))
    assert codes == [-signal.SIGKILL if number == victim else 0 for number in by_shard]
    assert damaged == [{}] * 6
    others = {name for name in every if name.partition("/")[0] not in by_shard[victim]}
    assert others <= set(after_the_kill) < set(every)
    assert repeated.returncode == 0
    assert count_backups(s3) == every


def tenants_of(backups: Counter[str]) -> set[str]:
    tenants = {name.partition("/")[2] for name in backups}
    assert len(tenants) == 2
    return tenants
