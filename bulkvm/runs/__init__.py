"""Runs: their journals, the list of runs, and the outcome of every row."""

from bulkvm.runs.accounting import complete_outcomes, exit_code_of
from bulkvm.runs.journal import Journal
from bulkvm.runs.journal_reader import read_journal
from bulkvm.runs.run import ListedRun, PastRun, RunInfo, RunState, SheetRow
from bulkvm.runs.run_list import is_in_progress, list_journals, list_run, next_number, read_info, remove_journal

__all__ = [
    "Journal",
    "ListedRun",
    "PastRun",
    "RunInfo",
    "RunState",
    "SheetRow",
    "complete_outcomes",
    "exit_code_of",
    "is_in_progress",
    "list_journals",
    "list_run",
    "next_number",
    "read_info",
    "read_journal",
    "remove_journal",
]
