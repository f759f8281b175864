"""From changes to outcomes: many at once, none twice."""

from bulkvm.upload.account import account_for
from bulkvm.upload.compare import plan_for, plan_undo_of
from bulkvm.upload.journal import (
    Journal,
    ListedRun,
    PastRun,
    RunFacts,
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
from bulkvm.upload.run import Ending, send

__all__ = [
    "Ending",
    "Journal",
    "ListedRun",
    "PastRun",
    "RunFacts",
    "RunState",
    "SheetRow",
    "account_for",
    "is_under_way",
    "list_journals",
    "list_run",
    "next_number",
    "plan_for",
    "plan_undo_of",
    "read_facts",
    "read_journal",
    "remove_journal",
    "send",
]
