"""Delete the journals of runs, with the PINs and former values in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bulkvm.model.errors import FileError, UsageError
from bulkvm.paths import runs_folder
from bulkvm.planning import changed_anything
from bulkvm.runs import RunInfo, is_in_progress, list_journals, list_run, read_info, remove_journal
from bulkvm.runs.forgotten_plans import remember_plan
from bulkvm.runs.history import find_run, list_runs


@dataclass(frozen=True, slots=True)
class StoredJournal:
    """The journal of a run that has ended; `info` is None if it cannot be read."""

    file: Path
    info: RunInfo | None

    @property
    def sent_plan(self) -> str:
        """The file of the approved plan of which the run sent anything; blank if there is none."""
        is_sent = self.info and self.info.plan_id and changed_anything(list_run(self.file).counts)
        return self.info.plan_file if self.info and is_sent else ""

    @property
    def began(self) -> datetime:
        """When the run began; for a journal that cannot be read, when it was last written."""
        return self.info.began if self.info else datetime.fromtimestamp(self.file.stat().st_mtime, UTC)


def find_journal(run: str, *, exact_name: bool = False) -> StoredJournal:
    """Find the journal of a run, also one that cannot be read.

    Args:
        run: the name of a run, or `last`.
        exact_name: whether the beginning of a name is not enough.

    Raises:
        UsageError: there is no such run, or it is still in progress.
    """
    files = {file.stem: file for file in list_journals(runs_folder())}
    file = files.get(run) or find_run(run, list_runs(), exact_name=exact_name).file
    if is_in_progress(file):
        raise UsageError(f"The run {file.stem} is still in progress, so its journal was not deleted.")
    return _open(file)


def find_older_journals(age: timedelta) -> list[StoredJournal]:
    """Find the journals of all runs that began longer ago, except those of runs in progress."""
    before = datetime.now(UTC) - age
    journals = map(_open, list_journals(runs_folder()))
    return [journal for journal in journals if journal.began < before and not is_in_progress(journal.file)]


def forget_runs(journals: Iterable[StoredJournal]) -> None:
    """Delete journals. Their runs can no longer be undone, nor their plans be sent, and their results not re-created.

    Raises:
        FileError: the state folder cannot be written to.
    """
    for journal in journals:
        if journal.info and journal.sent_plan:
            remember_plan(journal.info)
        remove_journal(journal.file)


def _open(file: Path) -> StoredJournal:
    try:
        return StoredJournal(file, read_info(file))
    except FileError:
        return StoredJournal(file, None)
