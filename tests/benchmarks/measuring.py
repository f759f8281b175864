"""How long something takes, on the clock and on the processor, and how much memory it needs.

Each job runs in a process of its own, so that none profits from another's warm caches. What is compared runs in turn
(A B A B), so that a machine that is busy for a while is so for both. They need Linux, which tells a process's peak.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

_CLIENT_CORE: Final = 0
_SERVER_CORE: Final = 1


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took: seconds on the clock and on the processor, MiB at its start and at most, and other counts."""

    seconds: float
    cpu: float
    start_mib: float = 0.0
    peak_mib: float = 0.0
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def more_mib(self) -> float:
        """The peak over what the program needed before it began."""
        return self.peak_mib - self.start_mib


Job = tuple[Callable[..., Took], Sequence[Any]]


@contextmanager
def stopwatch(**counts: float) -> Iterator[list[Took]]:
    """Measure a block; what it took stands in the list at its end. The block may add counts to `counts`."""
    took: list[Took] = []
    start_mib, began, cpu = _peak_mib(), time.perf_counter(), time.process_time()
    yield took
    took.append(Took(time.perf_counter() - began, time.process_time() - cpu, start_mib, _peak_mib(), counts))


def run_in_turn(jobs: Mapping[str, Job], rounds: int) -> dict[str, Took]:
    """Run each job so many times, in turn, each time in a new process; the median of each, by the job's name."""
    runs: dict[str, list[Took]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            runs[name].append(_run(job))
    return {name: _median(took) for name, took in runs.items()}


@contextmanager
def fast_pbx(latency: float, *, boxes: int = 0, per_minute: int = 0, knee: int = 0, tenants: int = 0) -> Iterator[int]:
    """Run a fast PBX on a core of its own, where there is one, and give its port."""
    options = {"--latency": latency, "--boxes": boxes, "--per-minute": per_minute, "--knee": knee, "--tenants": tenants}
    words = [str(word) for option in options.items() for word in option]
    command = [sys.executable, "-m", "tests.benchmarks.fast_pbx", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        _keep_to(_SERVER_CORE, process.pid)
        yield int(process.stdout.readline())
        process.stdin.close()


def _run(job: Job) -> Took:
    function, arguments = job
    asked = json.dumps([function.__module__, function.__name__, list(arguments)])
    command = [sys.executable, "-m", "tests.benchmarks.measuring", asked]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return Took(**json.loads(done.stdout.splitlines()[-1]))


def _median(runs: Sequence[Took]) -> Took:
    return Took(
        median(took.seconds for took in runs),
        median(took.cpu for took in runs),
        median(took.start_mib for took in runs),
        median(took.peak_mib for took in runs),
        {name: median(took.counts[name] for took in runs) for name in runs[0].counts},
    )


def _peak_mib() -> float:
    # getrusage would include the parent's peak.
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found
    return int(found[1]) / 1024


def _keep_to(core: int, process: int = 0) -> None:
    if (os.cpu_count() or 1) > core:
        os.sched_setaffinity(process, {core})


def _main() -> None:
    import importlib
    from dataclasses import asdict

    module, function, arguments = json.loads(sys.argv[1])
    _keep_to(_CLIENT_CORE)
    print(json.dumps(asdict(getattr(importlib.import_module(module), function)(*arguments))))


if __name__ == "__main__":
    _main()
