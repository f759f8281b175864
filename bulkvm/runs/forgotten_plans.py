"""The approved plans whose journals were deleted: without the journal, it is not known what such a plan sent."""

from pathlib import Path
from typing import Final

from bulkvm.files import writing
from bulkvm.files.locks import locked
from bulkvm.paths import runs_folder, writing_state
from bulkvm.runs.journal import LOCK_SUFFIX
from bulkvm.runs.run import RunInfo

_LOCK_TIMEOUT: Final = 60.0  # seconds


def remember_plan(run: RunInfo) -> None:
    """Record that the journal of a run of an approved plan is about to be deleted.

    Raises:
        FileError: the state folder cannot be written to.
    """
    file = _file()
    with writing_state(), locked(file.with_suffix(LOCK_SUFFIX), _LOCK_TIMEOUT):
        before = file.read_text("utf-8") if file.exists() else ""
        with writing(file, overwrite=True) as new:
            new.file.write(f"{before}{run.plan_id} {run.name}\n".encode())


def find_forgotten_run(plan_id: str) -> str | None:
    """Find the run that sent a plan and whose journal was deleted."""
    file = _file()
    lines = file.read_text("utf-8").splitlines() if file.exists() else ()
    return dict(line.split(" ", 1) for line in lines if " " in line).get(plan_id)


def _file() -> Path:
    return runs_folder() / "forgotten-plans.txt"
