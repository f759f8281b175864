"""The samples for schedulers run every shard once."""

import ast
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from bulkvm.cli.commands.backup import command
from bulkvm.cli.main import bulkvm
from bulkvm.model.shard import Shard

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


def run_sample(folder: Path, shell_command: list[str], **variables: str) -> list[str]:
    """Run a command of a sample, and return the arguments that bulkvm gets."""
    program = folder / "bulkvm"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o700)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", **variables}
    ended = subprocess.run(shell_command, env=environment, capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()


def read_kubernetes(folder: Path) -> Iterator[list[str]]:
    document = yaml.safe_load((SAMPLES / "bulkvm-backup-kubernetes.yaml").read_text("utf-8"))
    job = document["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert (job["completionMode"], job["template"]["spec"]["restartPolicy"]) == ("Indexed", "Never")
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in job["template"]["spec"]["volumes"]}
    for index in range(job["completions"]):
        yield run_sample(folder, [*container["command"], *container["args"]], JOB_COMPLETION_INDEX=str(index))


def read_slurm(folder: Path) -> Iterator[list[str]]:
    script = SAMPLES / "bulkvm-backup-slurm.sh"
    options = dict(re.findall(r"^#SBATCH --([a-z-]+)=(.+)$", script.read_text("utf-8"), re.MULTILINE))
    first, last = map(int, options["array"].split("-"))
    for task in range(first, last + 1):
        yield run_sample(folder, ["sh", str(script)], SLURM_ARRAY_TASK_ID=str(task))


def read_airflow(_folder: Path) -> Iterator[list[str]]:
    tree = ast.parse((SAMPLES / "bulkvm_backup_airflow.py").read_text("utf-8"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for number in range(1, values["SHARDS"] + 1):
        yield [*shlex.split(values["COMMAND"])[1:], f"{number}/{values['SHARDS']}"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sh")
@pytest.mark.parametrize("read", [read_kubernetes, read_slurm, read_airflow])
def test_a_scheduler_runs_each_of_twenty_shards_once(
    tmp_path: Path, read: Callable[[Path], Iterator[list[str]]]
) -> None:
    calls = list(read(tmp_path))

    parent = bulkvm.make_context("bulkvm", ["demo"], resilient_parsing=True)
    contexts = [command.make_context("backup", arguments, parent) for name, *arguments in calls if name == "backup"]
    assert [context.params["shard"] for context in contexts] == [Shard(number, 20) for number in range(1, 21)]
    assert {str(context.params["folder"]) for context in contexts} == {"s3://bucket/backups"}
    assert {(context.params["all_sites"], context.params["keep_daily"]) for context in contexts} == {(True, 30)}
