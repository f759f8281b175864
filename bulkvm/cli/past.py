"""Runs of the past, by name."""

from typing import TYPE_CHECKING

from bulkvm.cli.places import runs_folder
from bulkvm.errors import UsageError

if TYPE_CHECKING:
    from bulkvm.upload import PastRun

LAST = "last"


def find_run(name: str) -> "PastRun":
    """Read the journal of a run, named by the beginning of its name, or `last`.

    Raises:
        UsageError: there is none, or several begin so.
    """
    from bulkvm.upload import list_journals, read_journal

    journals = list_journals(runs_folder())
    found = journals[-1:] if name == LAST else [file for file in journals if file.stem.startswith(name)]
    if len(found) != 1:
        what = "several runs begin" if found else "no run begins"
        raise UsageError(f'There is no such run: {what} with "{name}". `bulkvm runs` lists them.')
    return read_journal(found[0])
