"""Runs: their journals, the list of past runs, and the outcome of every row."""

from bulkvm.runs.accounting import complete_outcomes
from bulkvm.runs.journal import (
    Journal,
    ListedRun,
    PastRun,
    RunInfo,
    RunState,
    SheetRow,
    is_under_way,
    list_journals,
    list_run,
    next_number,
    read_facts,
    read_journal,
    remove_journal,
)

__all__ = [
    "Journal",
    "ListedRun",
    "PastRun",
    "RunInfo",
    "RunState",
    "SheetRow",
    "complete_outcomes",
    "is_under_way",
    "list_journals",
    "list_run",
    "next_number",
    "read_facts",
    "read_journal",
    "remove_journal",
]
