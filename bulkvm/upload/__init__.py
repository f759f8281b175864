"""From changes to outcomes: many at once, none twice."""

from bulkvm.upload.account import account_for
from bulkvm.upload.compare import plan_for, plan_undo_of
from bulkvm.upload.journal import Journal, PastRun, RunFacts, list_journals, read_journal
from bulkvm.upload.run import Ending, send

__all__ = [
    "Ending",
    "Journal",
    "PastRun",
    "RunFacts",
    "account_for",
    "list_journals",
    "plan_for",
    "plan_undo_of",
    "read_journal",
    "send",
]
